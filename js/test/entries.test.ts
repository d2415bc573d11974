// @vitest-environment happy-dom
import { expect, it } from "vitest";
import entries from "../entries.json";

const WIDGETS = import.meta.glob("../src/widgets/*.tsx", { eager: true, import: "default" });
const CHUNKS = import.meta.glob("../src/chunks/*.{ts,tsx}");

it("lists every widget that is written, under the name Python asks for", () => {
  const listed = Object.values(entries).flatMap(({ files }) => Object.entries(files));
  for (const source of Object.keys(WIDGETS)) {
    const name = source.replace(/^.*\/(.+)\.tsx$/, "$1");
    expect(listed).toContainEqual([`${name}.js`, `src/widgets/${name}.tsx`]);
  }
});

it("lists every lazy chunk that is written, under the name the view asks for", () => {
  const listed = Object.entries(entries).map(([name, { files }]) => [name, files]);
  for (const source of Object.keys(CHUNKS)) {
    const [, name, ending] = /^.*\/(.+)\.(tsx?)$/.exec(source) ?? [];
    expect(listed).toContainEqual([name, { [`${name}.chunk.gz`]: `src/chunks/${name}.${ending}` }]);
  }
});

it("gives each widget the shape anywidget asks for", () => {
  expect(Object.keys(WIDGETS).length).toBeGreaterThan(0);
  for (const module of Object.values(WIDGETS))
    expect((module as () => object)()).toEqual({
      initialize: expect.any(Function),
      render: expect.any(Function),
    });
});
