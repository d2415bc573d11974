// What short messages of text leave unsaid: which message they belong to, and where they go on. Pure.
import { codePoints } from "../code-points";
import type { SentOp, Tokens } from "../kernel/messages";

type TokenOp = Extract<SentOp, { op: "token" }>;

export interface TokenLines {
  /** The line that was written last. */
  readonly last: number;
  /** By number: the op that would go on with no text. */
  readonly lines: Readonly<Record<number, TokenOp>>;
}

export const NO_LINES: TokenLines = { last: -1, lines: {} };

/** Notes where the text of an op ends. */
export function noted(known: TokenLines, op: SentOp): TokenLines {
  if (op.op !== "token" || op.line === undefined) return known;
  const offset = op.offset + codePoints(op.text);
  return { last: op.line, lines: { ...known.lines, [op.line]: { ...op, offset, text: "", metrics: null } } };
}

/** Returns a short message as ops; null where it goes on what is not known here. */
export function opsOf({ parts }: Tokens, { last, lines }: TokenLines): SentOp[] | null {
  let line = lines[last];
  const ops: SentOp[] = [];
  for (const part of parts) {
    if (typeof part === "number") line = lines[part];
    else if (line) ops.push({ ...line, text: part });
    else return null;
  }
  return ops;
}
