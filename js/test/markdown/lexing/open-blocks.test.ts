import { expect, it } from "vitest";
import { lex } from "../../../src/markdown/lexing/lexer";
import { OpenBlocks } from "../../../src/markdown/lexing/open-blocks";
import { quickestOf } from "../../support/quickest";

const TEXT = `# Title

A paragraph with **bold**, \`code\` and [a link](https://example.com).
Second line.

- one
- two
  - nested

  still two

1. first

\`\`\`python
def f():
    return "# no heading"

\`\`\`

| a | b |
|---|---|
| 1 | 2 |

> quoted
> more

    indented code

    goes on

$$
x = \\frac{1}{2}
$$

End.`;

/** What a token shows, without positions. */
function shape(tokens: readonly { type: string; raw: string }[]): string[] {
  return tokens.filter(({ type }) => type !== "space").map(({ type, raw }) => `${type}: ${raw.trim()}`);
}

it("ends with the same blocks as the whole text, however it was cut", () => {
  for (const step of [1, 7, 64]) {
    const blocks = new OpenBlocks();
    let open: { type: string; raw: string }[] = [];
    for (let end = step; end < TEXT.length + step; end += step) open = blocks.update(TEXT.slice(0, end));
    expect(shape([...blocks.closed, ...open])).toEqual(shape(lex(TEXT)));
  }
});

it("never touches a closed block again", () => {
  const blocks = new OpenBlocks();
  blocks.update(TEXT.slice(0, 200));
  const before = [...blocks.closed];
  blocks.update(TEXT);
  expect(before.length).toBeGreaterThan(2);
  for (const [index, token] of before.entries()) expect(blocks.closed[index]).toBe(token);
});

it("lexes only the open end", () => {
  const text = "A paragraph of some words.\n\n".repeat(2_000);
  const quickest = quickestOf(3, () => {
    const blocks = new OpenBlocks();
    blocks.update(text);
    const started = performance.now();
    for (let extra = 0; extra < 200; extra += 1) blocks.update(`${text}${"word ".repeat(extra)}`);
    return performance.now() - started;
  });
  expect(quickest).toBeLessThan(1_000);
});

it("completes marks that are still open", () => {
  const [paragraph] = new OpenBlocks().update("So **bol");
  expect(JSON.stringify(paragraph)).toContain('"strong"');
  const [code] = new OpenBlocks().update("```js\nconst a = `x");
  expect(code).toMatchObject({ type: "code", text: "const a = `x" });
});

it("takes Windows line ends", () => {
  const blocks = new OpenBlocks();
  for (let end = 1; end <= 20; end += 1) blocks.update("One\r\n\r\nTwo\r\n\r\nThree".slice(0, end));
  expect(shape(blocks.closed)).toEqual(["paragraph: One", "paragraph: Two"]);
});
