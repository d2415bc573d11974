// A person's text as it was typed. Only unmistakable marks are drawn: fenced code, `code` and addresses.
import type { ComponentChildren, VNode } from "preact";
import { untilPunctuation } from "./lexing/cjk";
import { CodeBlock } from "./rendering/code-block";
import { Link } from "./rendering/link";

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const CODE_OR_ADDRESS = /(?<!`)`[^`\n]+`(?!`)|(?<![a-z0-9])(?:https?:\/\/|www\.)[^\s<>"`]{1,2000}/gi;

export type TypedPart = { kind: "text"; text: string } | { kind: "code"; text: string; language: string };

/** Splits the text at its fenced code. A fence that is never closed is text. */
function typedParts(text: string): TypedPart[] {
  const lines = text.replace(/\r\n?/g, "\n").trimEnd().split("\n");
  const ends = closingFences(lines);
  const parts: TypedPart[] = [];
  let plain: string[] = [];
  const flush = (): void => {
    if (plain.length > 0) parts.push({ kind: "text", text: plain.join("\n") });
    plain = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const end = ends.get(index);
    if (end === undefined) {
      plain.push(line);
      continue;
    }
    flush();
    const language = FENCE.exec(line)?.[2]?.trim() ?? "";
    parts.push({ kind: "code", text: lines.slice(index + 1, end).join("\n"), language });
    index = end;
  }
  flush();
  return parts;
}

/** The line of each fence that opens a block of code, with the line of the one that closes it. */
function closingFences(lines: readonly string[]): Map<number, number> {
  const found = new Map<number, number>();
  let open: { index: number; marks: string } | null = null;
  for (const [index, line] of lines.entries()) {
    const [, marks, info] = FENCE.exec(line) ?? [];
    if (!marks) continue;
    if (!open) open = { index, marks };
    else if (marks.startsWith(open.marks) && !info?.trim()) {
      found.set(open.index, index);
      open = null;
    }
  }
  return found;
}

export function Typed({ text }: { text: string }): VNode {
  return (
    <div class="markdown">
      {typedParts(text).map((part, index) =>
        part.kind === "code" ? (
          <CodeBlock key={index} text={part.text} language={part.language} />
        ) : (
          <div key={index} class="typed" dir="auto">
            {line(part.text)}
          </div>
        ),
      )}
    </div>
  );
}

function line(text: string): ComponentChildren[] {
  const nodes: ComponentChildren[] = [];
  let from = 0;
  for (const match of text.matchAll(CODE_OR_ADDRESS)) {
    const isCode = match[0].startsWith("`");
    const found = isCode ? match[0] : addressAlone(match[0]);
    nodes.push(text.slice(from, match.index), isCode ? code(found) : address(found));
    from = match.index + found.length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

/** Inline code keeps its marks, because backticks also run a command in a shell. */
function code(text: string): VNode {
  return <code dir="ltr">{text}</code>;
}

function address(text: string): VNode {
  const href = /^www\./i.test(text) ? `http://${text}` : text;
  return (
    <Link href={href} words={text}>
      {text}
    </Link>
  );
}

/** Returns the address without the punctuation of its sentence and without a bracket that opened before it. */
function addressAlone(found: string): string {
  const text = untilPunctuation(found);
  let unopened = text.split(")").length - text.split("(").length;
  let end = text.length;
  for (; end > 0; end -= 1) {
    const last = text.charAt(end - 1);
    if (last === ")" && unopened > 0) unopened -= 1;
    else if (!"?!.,:;*_'~]}".includes(last)) break;
  }
  return text.slice(0, end);
}
