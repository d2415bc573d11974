import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const FOLDER = new URL("../src/styles/", import.meta.url);

/** The style sheets, by their paths in the folder, that a pattern is found in. */
function stylesWith(pattern: RegExp): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".css") && pattern.test(readFileSync(new URL(name, FOLDER), "utf8")))
    .map((name) => name.replaceAll("\\", "/"));
}

it("gives lines across the transcript a name of their own: code has lines, too", () => {
  const owners = stylesWith(/^\.line\b/m);
  expect(owners.filter((name) => name === "transcript/transcript.css")).toEqual([]);
});

it("gives what went to the model a name of its own: files are attached, too", () => {
  const owners = stylesWith(/^\.attached\b/m);
  expect(owners).toEqual(["files.css"]);
});

it("gives the list of models a name of its own: providers have models, too", () => {
  const owners = stylesWith(/\.models\b/);
  expect(owners).toEqual(["writing/writing.css"]);
});
