// What short messages of text leave unsaid: which message they belong to, and where they go on. Pure.
import { codePoints } from "./code-points";
import type { Op } from "./contract";
import type { SentOp, Tokens } from "./kernel-messages";

type TokenOp = Extract<Op, { op: "token" }>;

export interface TokenLines {
  /** The line that was written last. */
  readonly last: number | null;
  /** By number: the op that would go on with no text. */
  readonly lines: Readonly<Record<number, TokenOp>>;
}

export const NO_LINES: TokenLines = { last: null, lines: {} };

/** Notes where the text of an op ends. */
export function noted({ last, lines }: TokenLines, op: SentOp): TokenLines {
  if (op.op !== "token" || op.line === undefined) return { last, lines };
  const { id, kind } = op;
  const offset = op.offset + codePoints(op.text);
  const line: TokenOp = { op: "token", id, offset, text: "", ...(kind && { kind }) };
  return { last: op.line, lines: { ...lines, [op.line]: line } };
}

/** Returns a short message as ops; null where it goes on what is not known here. */
export function opsOf({ parts }: Tokens, { last, lines }: TokenLines): SentOp[] | null {
  let line = last;
  const ops: SentOp[] = [];
  for (const part of parts) {
    if (typeof part === "number") {
      line = part;
      continue;
    }
    const known = line === null ? undefined : lines[line];
    if (line === null || !known) return null;
    ops.push({ ...known, text: part, line });
  }
  return ops;
}
