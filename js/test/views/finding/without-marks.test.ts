import { describe, expect, it } from "vitest";
import { marksIn } from "../../../src/views/finding/without-marks";

function plain(line: string, ranges: number[][] = []): string {
  const isMark = marksIn(line, ranges);
  return line.replace(/[\s\S]/g, (unit, at: number) => (isMark[at] ? "" : unit));
}

describe("the marks of Markdown in a line", () => {
  it.each([
    ["**Bold** and *slanted* and _so_ and ~~gone~~", "Bold and slanted and so and gone"],
    ["cut off **here", "cut off here"],
    ["here** it ends", "here it ends"],
    ["**bold *in* it**", "bold in it"],
    ["# Heading", "Heading"],
    ["- an item", "an item"],
    ["> said", "said"],
    ["use `a*b*c` and ``x`y``", "use a*b*c and x`y"],
    ["see [the *page*](https://example.org/a) now", "see the page now"],
    ["![a picture](x.png)", "a picture"],
    ["```python print(1) ```", "python print(1) "],
    ["“**größer**” 𝒙 **𝒚**", "“größer” 𝒙 𝒚"],
  ])("%s", (line, expected) => {
    expect(plain(line)).toBe(expected);
  });

  it.each([
    "2 * 3 * 4",
    "2 ** 3",
    "a*b*c",
    "snake_case_name and other_name",
    "C# and F#",
    "[INFO]: started",
    "array[0](x y)",
    "a | b",
    "1 - 2",
    "\\*not slanted\\*",
    "",
  ])("leaves %j as it is", (line) => {
    expect(plain(line)).toBe(line);
  });

  it("hides nothing of what was found", () => {
    expect(plain("**bold**", [[0, 2]])).toBe("**bold");
    expect(plain("see [page](https://example.org)", [[11, 16]])).toBe("see page](https://example.org)");
    expect(plain("`code`", [[0, 6]])).toBe("`code`");
  });
});
