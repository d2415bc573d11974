import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("gives lines across the transcript a name of their own: code has lines, too", () => {
  const folder = new URL("../src/styles/", import.meta.url);
  const owners = readdirSync(folder).filter((name) =>
    /^\.line\b/m.test(readFileSync(new URL(name, folder), "utf8")),
  );
  expect(owners.filter((name) => name === "transcript.css")).toEqual([]);
});

it("gives what went to the model a name of its own: files are attached, too", () => {
  const folder = new URL("../src/styles/", import.meta.url);
  const owners = readdirSync(folder).filter((name) =>
    /^\.attached\b/m.test(readFileSync(new URL(name, folder), "utf8")),
  );
  expect(owners).toEqual(["files.css"]);
});
