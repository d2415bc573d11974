import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { asWritten, contextNames } from "../../src/context/context-mentions";

const VECTORS: { text: string; names: string[] }[] = JSON.parse(
  readFileSync(new URL("../../../tests/vectors/context_mentions.json", import.meta.url), "utf8"),
);

describe("what a text names of the kernel", () => {
  it.each(VECTORS)("$text", ({ text, names }) => {
    expect(contextNames(text)).toEqual(names);
  });

  it("is written so that it is read again", () => {
    for (const name of ["df", "In[3]", "file:a.csv", "file:my data.csv"])
      expect(contextNames(`See ${asWritten(name)} `)).toEqual([name]);
  });
});
