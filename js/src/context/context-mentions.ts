// What a text names of the kernel with "@": as conduit_widget/context/mentions.py reads it (tests/vectors).

const MOST = 50;
const CODE = /^(`{3,}|~{3,})[\s\S]*?(?:^\1|$(?![\s\S]))|`[^`\n]*`/gm;
const MENTION =
  /(?<![\p{L}\p{N}_])@(file:(?:"[^"\n]{1,180}"|[^\s"]{1,180})|(?:In|Out)\[\d{1,6}\]|[\p{L}_][\p{L}\p{M}\p{N}_]{0,99})/gu;
export const FILE = "file:";

/** The names after "@", each once; code in the text names nothing. */
export function contextNames(text: string): string[] {
  const found = new Set<string>();
  for (const [, name = ""] of text.replace(CODE, " ").matchAll(MENTION)) {
    const plain = name.startsWith(FILE) ? fileName(name) : name;
    if (plain !== FILE) found.add(plain);
    if (found.size === MOST) break;
  }
  return [...found];
}

/** "app" of "@app.route", "types" of "@types/node": a part of something that is not ours. */
const PART = /^(?:[./\\-][\p{L}\p{N}_]|\()/u;
const LINE_BEGINS = /(?:^|\n)[ \t]*$/;
/** What follows a decorator. */
const CODE_FOLLOWS = /^[ \t]*\n\s*(?:$|@|def\s|class\s|async\s)/;

/** Of those the ones that somebody has written on after; what reads like code outside a fence is left out. */
export function settledNames(text: string): string[] {
  const plain = text.replace(CODE, " ");
  const found = [...plain.matchAll(MENTION)].filter((match) => {
    const rest = plain.slice(match.index + match[0].length);
    const isDecorator = LINE_BEGINS.test(plain.slice(0, match.index)) && CODE_FOLLOWS.test(rest);
    return rest !== "" && !PART.test(rest) && !isDecorator;
  });
  return contextNames(found.map(([name]) => name).join(" "));
}

function fileName(name: string): string {
  const path = name.slice(FILE.length);
  return FILE + (path.startsWith('"') ? path.replaceAll('"', "") : path.replace(/[.,;:!?)\]}']+$/, ""));
}

/** How a name stands in a text: a path with blanks in quotes. */
export function asWritten(name: string): string {
  return name.startsWith(FILE) && /\s/.test(name) ? `@${FILE}"${name.slice(FILE.length)}"` : `@${name}`;
}
