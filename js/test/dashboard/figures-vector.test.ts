import { expect, it } from "vitest";
import vector from "../../../tests/vectors/figures.json";
import { all, type Change, compare, type Latency } from "../../src/dashboard/figures";
import { parse } from "../../src/dashboard/prometheus";

const read = ({ at, lines }: { at: number; lines: string[] }) => parse(lines.join("\n"), at);
const several = (changes: ReadonlyMap<string, Change>) => Object.fromEntries(changes);
const latency = ({ p50, p95, ever }: Latency) => ({
  now: { p50, p95 },
  ever: { p50: ever.p50, p95: ever.p95 },
});

function flat(value: unknown, name = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[name, value]];
  return Object.entries(value).flatMap(([key, each]) => flat(each, `${name}.${key}`));
}

it("computes the same figures as `conduit-widget top`", () => {
  const figures = compare(read(vector.before), read(vector.after));
  const { received, sent, reconnections, generations, memoryBytes, cpu } = figures;
  const shown = {
    ...{ received, sent, reconnections, generations, memoryBytes, cpu },
    connections: Object.fromEntries(figures.connections),
    delivery: latency(figures.delivery),
    method: latency(figures.method),
    firstChunk: latency(figures.firstChunk),
    queuedBytes: all(figures.queuedBytes),
    recoveries: several(figures.recoveries),
    errors: several(figures.errors),
    closes: several(figures.closes),
  };
  const wanted = new Map(flat(vector.figures));
  const found = new Map(flat(shown));
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, value] of wanted) {
    if (typeof value === "number") expect(found.get(name), name).toBeCloseTo(value, 9);
    else expect(found.get(name), name).toBe(value);
  }
});
