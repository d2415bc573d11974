// Turns the Markdown tokens inside a line into Preact nodes.
import type { ComponentChildren } from "preact";
import type { DrawnToken } from "../../chunks/drawing/footnotes";
import { text } from "../../texts/texts";
import { decodeEntities } from "../lexing/entities";
import type { BlockToken, Tokens } from "../lexing/lexer";
import { plainText } from "../lexing/plain-text";
import { Formula } from "./formula";
import { Link } from "./link";
import { MessageImage } from "./message-image";
import { seamed, withoutMarks } from "./seams";

export function inline(tokens: BlockToken[] | undefined): ComponentChildren {
  return tokens?.map(inlineNode);
}

/** Shows a run of text, which may contain tokens of its own. */
export function textRun(token: Tokens.Text): ComponentChildren {
  return token.tokens ? inline(token.tokens) : seamed(decodeEntities(token.text));
}

export function inlineNode(token: BlockToken, key: number): ComponentChildren {
  switch (token.type) {
    case "text":
      return textRun(token as Tokens.Text);
    case "escape":
      return seamed((token as Tokens.Escape).text);
    case "strong":
      return <strong key={key}>{inline(token.tokens)}</strong>;
    case "em":
      return <em key={key}>{inline(token.tokens)}</em>;
    case "del":
      return <del key={key}>{inline(token.tokens)}</del>;
    case "codespan":
      return (
        <code key={key} dir="ltr">
          {seamed((token as Tokens.Codespan).text)}
        </code>
      );
    case "formula":
      return <Formula key={key} source={(token as Tokens.Generic).text} isBlock={false} />;
    case "br":
      return <br key={key} />;
    case "htmlTag": {
      const Tag = (token as Tokens.Generic).tag as "sub" | "sup" | "kbd";
      return <Tag key={key}>{inline(token.tokens)}</Tag>;
    }
    case "link":
      return link(token as Tokens.Link, key);
    case "image": {
      const { href, text } = token as Tokens.Image;
      return <MessageImage key={key} href={decodeEntities(href)} alt={decodeEntities(text)} />;
    }
    case "checkbox":
      return (
        <input
          key={key}
          type="checkbox"
          disabled
          checked={(token as Tokens.Checkbox).checked}
          aria-label={text("task.label")}
        />
      );
    case "drawn":
      return (token as DrawnToken).draw(key);
    default:
      return seamed(token.raw);
  }
}

function link(token: Tokens.Link, key: number): ComponentChildren {
  const words = plainText(token.tokens);
  const href = withoutMarks(token.autolink ? token.href : decodeEntities(token.href));
  const title = token.title ? decodeEntities(token.title) : null;
  const empty = !words.trim() && !token.tokens.some(({ type }) => type === "image");
  return (
    <Link key={key} href={href} words={withoutMarks(words)} title={title}>
      {empty ? href : inline(token.tokens)}
    </Link>
  );
}
