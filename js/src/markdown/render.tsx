// Markdown tokens to Preact nodes. Nothing is ever parsed as HTML: raw HTML is shown as the text it is.
import type { ComponentChildren, VNode } from "preact";
import { CodeBlock } from "./code-block";
import { decodeEntities } from "./entities";
import type { BlockToken, Tokens } from "./lexer";
import { safeLink } from "./links";
import { MessageImage } from "./message-image";

/** One block as a node, or null where it shows nothing. */
export function renderBlock(token: BlockToken, key: number | string): VNode | null {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return heading(token as Tokens.Heading, key);
    case "paragraph":
      return <p key={key}>{inline(token.tokens)}</p>;
    case "code": {
      const { text, lang } = token as Tokens.Code;
      return <CodeBlock key={key} text={text} language={lang ?? ""} />;
    }
    case "blockquote":
      return <blockquote key={key}>{blocks(token.tokens)}</blockquote>;
    case "list":
      return list(token as Tokens.List, key);
    case "table":
      return table(token as Tokens.Table, key);
    case "hr":
      return <hr key={key} />;
    case "formulaBlock":
      return (
        <pre key={key} class="formula">
          {(token as Tokens.Generic).text}
        </pre>
      );
    case "html":
      return (
        <p key={key} class="raw">
          {token.raw.trimEnd()}
        </p>
      );
    default:
      return <p key={key}>{token.type === "text" ? textBlock(token as Tokens.Text) : token.raw}</p>;
  }
}

function blocks(tokens: BlockToken[] | undefined): ComponentChildren {
  return tokens?.map((token, index) => renderBlock(token, index));
}

/** A message's headings sit below those of the notebook. */
function heading(token: Tokens.Heading, key: number | string): VNode {
  const Level = `h${Math.min(token.depth + 2, 6)}` as "h3" | "h4" | "h5" | "h6";
  return <Level key={key}>{inline(token.tokens)}</Level>;
}

function list(token: Tokens.List, key: number | string): VNode {
  const items = token.items.map((item, index) => (
    <li key={index} class={item.task ? "task" : undefined}>
      {item.tokens.map((child, place) => listChild(child, place, item.loose))}
    </li>
  ));
  if (!token.ordered) return <ul key={key}>{items}</ul>;
  return (
    <ol key={key} start={typeof token.start === "number" ? token.start : 1}>
      {items}
    </ol>
  );
}

/** In a tight list the text of an item stands without a paragraph. */
function listChild(token: BlockToken, key: number, loose: boolean): ComponentChildren {
  if (token.type === "checkbox") return inlineNode(token, key);
  if (token.type !== "text") return renderBlock(token, key);
  const content = textBlock(token as Tokens.Text);
  return loose ? <p key={key}>{content}</p> : content;
}

function textBlock(token: Tokens.Text): ComponentChildren {
  return token.tokens ? inline(token.tokens) : decodeEntities(token.text);
}

function table(token: Tokens.Table, key: number | string): VNode {
  const cell = (content: Tokens.TableCell, index: number, Tag: "th" | "td"): VNode => (
    <Tag key={index} style={content.align ? { textAlign: content.align } : undefined}>
      {inline(content.tokens)}
    </Tag>
  );
  return (
    <div key={key} class="table">
      <table>
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

function inline(tokens: BlockToken[] | undefined): ComponentChildren {
  return tokens?.map(inlineNode);
}

function inlineNode(token: BlockToken, key: number): ComponentChildren {
  switch (token.type) {
    case "text":
      return textBlock(token as Tokens.Text);
    case "escape":
      return (token as Tokens.Escape).text;
    case "strong":
      return <strong key={key}>{inline(token.tokens)}</strong>;
    case "em":
      return <em key={key}>{inline(token.tokens)}</em>;
    case "del":
      return <del key={key}>{inline(token.tokens)}</del>;
    case "codespan":
      return <code key={key}>{(token as Tokens.Codespan).text}</code>;
    case "formula":
      return (
        <code key={key} class="formula">
          {(token as Tokens.Generic).text}
        </code>
      );
    case "br":
      return <br key={key} />;
    case "link":
      return link(token as Tokens.Link, key);
    case "image": {
      const { href, text } = token as Tokens.Image;
      return <MessageImage key={key} href={href} alt={decodeEntities(text)} />;
    }
    case "checkbox":
      return (
        <input
          key={key}
          type="checkbox"
          disabled
          checked={(token as Tokens.Checkbox).checked}
          aria-label="Task"
        />
      );
    default:
      return token.raw;
  }
}

function link(token: Tokens.Link, key: number): ComponentChildren {
  const href = safeLink(decodeEntities(token.href));
  if (!href) return <span key={key}>{inline(token.tokens)}</span>;
  return (
    <a
      key={key}
      href={href}
      title={token.title ?? undefined}
      target="_blank"
      rel="noopener noreferrer nofollow"
    >
      {inline(token.tokens)}
    </a>
  );
}
