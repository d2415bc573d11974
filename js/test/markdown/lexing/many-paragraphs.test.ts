import { expect, it, vi } from "vitest";
import { lex } from "../../../src/markdown/lexing/lexer";

it("does not look through the rest of the text for the end of a formula at each paragraph", () => {
  const text = Array.from({ length: 50 }, (_, number) => `Paragraph **${number}**.`).join("\n\n");
  const search = vi.spyOn(String.prototype, "lastIndexOf");
  try {
    const paragraphs = lex(text).filter(({ type }) => type === "paragraph");
    expect(paragraphs).toHaveLength(50);
    expect(search.mock.calls.filter(([mark]) => mark === "$$" || mark === "\\]")).toEqual([]);
  } finally {
    search.mockRestore();
  }
});
