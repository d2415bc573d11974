// Turns Markdown blocks into Preact nodes. Nothing is parsed as HTML: raw HTML is shown as text.
import type { ComponentChildren, VNode } from "preact";
import type { DrawnToken } from "../../chunks/drawing/footnotes";
import { hasClosingFence } from "../lexing/growing";
import type { BlockToken, Tokens } from "../lexing/lexer";
import { plainText } from "../lexing/plain-text";
import { AsWritten } from "./as-written";
import { CodeBlock } from "./code-block";
import { Formula } from "./formula";
import { inline, inlineNode, textRun } from "./inline";
import { Link } from "./link";
import { withoutMarks } from "./seams";

/**
 * A block by itself takes its direction from its own first letter. One inside a list or a quote leaves that to it (an
 * element with a direction of its own would not count there); the stylesheet lets its lines still run their own way.
 */
type Direction = "auto" | "outer";

function own(dir: Direction): "auto" | undefined {
  return dir === "auto" ? dir : undefined;
}

/** Returns a block as a node, or null when there is nothing to show. */
export function renderBlock(token: BlockToken, key: number | string, dir: Direction = "auto"): VNode | null {
  switch (token.type) {
    case "space":
      return null;
    case "heading":
      return heading(token as Tokens.Heading, key, dir);
    case "paragraph":
      return (
        <p key={key} dir={own(dir)}>
          {inline(token.tokens)}
        </p>
      );
    case "code": {
      const { text, lang, raw } = token as Tokens.Code;
      const isWhole = hasClosingFence(raw);
      return <CodeBlock key={key} text={withoutMarks(text)} language={lang ?? ""} isWhole={isWhole} />;
    }
    case "blockquote":
      return (
        <blockquote key={key} dir={own(dir)}>
          {token.tokens?.map((child, index) => renderBlock(child, index, "outer"))}
        </blockquote>
      );
    case "list":
      return list(token as Tokens.List, key);
    case "table":
      return table(token as Tokens.Table, key);
    case "hr":
      return <hr key={key} />;
    case "formulaBlock": {
      const { text, isOpen } = token as Tokens.Generic;
      return <Formula key={key} source={text} isBlock isOpen={isOpen === true} />;
    }
    case "def":
      return definition(token as Tokens.Def, key, dir);
    case "text":
      return (
        <p key={key} dir={own(dir)}>
          {textRun(token as Tokens.Text)}
        </p>
      );
    case "drawn":
      return (token as DrawnToken).draw(key);
    default:
      return <AsWritten key={key} text={token.raw} />;
  }
}

/** Whether a block has marks only, and so would show nothing: then it is shown as it was written. */
export function isBlank(token: BlockToken): boolean {
  if (token.type === "heading") return !plainText(token.tokens).trim();
  if (token.type === "code") return !(token as Tokens.Code).text.trim();
  if (token.type === "blockquote") return (token.tokens ?? []).every(({ type }) => type === "space");
  return false;
}

/** A message's headings are ranked below the notebook's. */
function heading(token: Tokens.Heading, key: number | string, dir: Direction): VNode {
  const Level = `h${Math.min(token.depth + 2, 6)}` as "h3" | "h4" | "h5" | "h6";
  return (
    <Level key={key} dir={own(dir)}>
      {inline(token.tokens)}
    </Level>
  );
}

/** Links use it elsewhere; as a line of its own it is a list of sources. */
function definition({ raw, href }: Tokens.Def, key: number | string, dir: Direction): VNode {
  const line = raw.trim();
  const at = line.indexOf(href);
  if (at < 0) return <AsWritten key={key} text={line} />;
  return (
    <p key={key} dir={own(dir)}>
      {line.slice(0, at)}
      <Link href={href} words={href}>
        {href}
      </Link>
      {line.slice(at + href.length)}
    </p>
  );
}

function list(token: Tokens.List, key: number | string): VNode {
  const values = token.ordered ? jumps(token) : [];
  // A number is part of the key: taken from an item that stays, it would be set to 0 and shown.
  const items = token.items.map((item, index) => (
    <li key={`${index} ${values[index]}`} class={item.task ? "task" : undefined} value={values[index]}>
      {item.tokens.map((child, place) => listChild(child, place, item.loose))}
    </li>
  ));
  if (!token.ordered) {
    return (
      <ul key={key} dir="auto">
        {items}
      </ul>
    );
  }
  return (
    <ol key={key} dir="auto" start={typeof token.start === "number" ? token.start : 1}>
      {items}
    </ol>
  );
}

/**
 * The numbers of the items that do not follow from the one before: "question 3" must stay what was written as 3.
 * A list that repeats one number leaves the counting to whoever shows it.
 */
function jumps({ items }: Tokens.List): (number | undefined)[] {
  const numbers = items.map(({ raw }) => Number.parseInt(raw, 10));
  if (numbers.every((number) => number === numbers[0])) return [];
  return numbers.map((number, index) => {
    const follows = index === 0 || number === (numbers[index - 1] ?? 0) + 1;
    return follows || Number.isNaN(number) ? undefined : number;
  });
}

/** In a tight list the text of an item has no paragraph of its own. */
function listChild(token: BlockToken, key: number, loose: boolean): ComponentChildren {
  if (token.type === "checkbox") return inlineNode(token, key);
  if (token.type !== "text") return renderBlock(token, key, "outer");
  const content = textRun(token as Tokens.Text);
  return loose ? <p key={key}>{content}</p> : content;
}

/** The columns run in the direction of the header. */
function table(token: Tokens.Table, key: number | string): VNode {
  const cell = (content: Tokens.TableCell, index: number, Tag: "th" | "td"): VNode => (
    <Tag key={index} style={content.align ? { textAlign: content.align } : undefined}>
      {inline(content.tokens)}
    </Tag>
  );
  return (
    <div key={key} class="table">
      <table dir="auto">
        <thead>
          <tr>{token.header.map((content, index) => cell(content, index, "th"))}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>{row.map((content, column) => cell(content, column, "td"))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
