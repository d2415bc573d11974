// @vitest-environment happy-dom
import { expect, it } from "vitest";
import entries from "../entries.json";

const WIDGETS = import.meta.glob("../src/widgets/*.tsx", { eager: true, import: "default" });

it("lists every widget that is written, under the name Python asks for", () => {
  const listed = Object.values(entries).flatMap(({ files }) => Object.entries(files));
  for (const source of Object.keys(WIDGETS)) {
    const name = source.replace(/^.*\/(.+)\.tsx$/, "$1");
    expect(listed).toContainEqual([`${name}.js`, `src/widgets/${name}.tsx`]);
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
