import { expect, it } from "vitest";
import { asCell, codeOf } from "../../../src/views/actions/copied";

const ANSWER = [
  "Load it:",
  "",
  "```python",
  "import pandas",
  "",
  "if x:",
  "    print('```')",
  "```",
  "",
  "",
  "Then **look**:",
  "~~~",
  "frame.head()",
  "~~~",
  "Done.",
].join("\n");

it("copies the code alone, its blocks apart", () => {
  expect(codeOf(ANSWER)).toBe("import pandas\n\nif x:\n    print('```')\n\nframe.head()");
  expect(codeOf("no `code` here")).toBe("");
});

it("copies a message as a cell that runs", () => {
  expect(asCell(ANSWER)).toBe(
    [
      "# Load it:",
      "",
      "import pandas",
      "",
      "if x:",
      "    print('```')",
      "",
      "# Then **look**:",
      "frame.head()",
      "# Done.",
    ].join("\n"),
  );
});

it("takes code in a list without the list's indentation, and code that is not closed to its end", () => {
  expect(codeOf("1. So:\n   ```py\n   a = 1\n     b\n   ```\n2. Next")).toBe("a = 1\n  b");
  expect(codeOf("```\nopen\nend")).toBe("open\nend");
});

it("is not ended by a fence of another kind or length, nor by one with a word", () => {
  expect(codeOf("````\n```\nx\n~~~\n````\nout")).toBe("```\nx\n~~~");
  expect(codeOf("```\na\n```js\nb\n```\nout")).toBe("a\n```js\nb");
});
