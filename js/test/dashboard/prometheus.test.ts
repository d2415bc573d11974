import { describe, expect, it } from "vitest";
import { bucketsBetween, NotMetricsError, parse, quantile } from "../../src/dashboard/prometheus";

const INF = Number.POSITIVE_INFINITY;

describe("parse", () => {
  it("reads names, labels with escapes, values in every notation, timestamps", () => {
    const scrape = parse(
      [
        "# HELP a help",
        "# TYPE a counter",
        "",
        'a{hub="/hubs/chat",kind="x"} 1.5e+03',
        'a{hub="/hubs/chat",kind="y",} 2 1700000000000',
        String.raw`b{text="quote \" back\\slash \n } , = end"} 7`,
        "plain 3\r",
        "up +Inf",
        "down -Inf",
      ].join("\n"),
      1,
    );
    expect(scrape.sum("a")).toBe(1502);
    expect(scrape.by("a", "kind")).toEqual(
      new Map([
        ["x", 1500],
        ["y", 2],
      ]),
    );
    expect(scrape.by("a", "kind", { kind: "y" })).toEqual(new Map([["y", 2]]));
    expect([...scrape.by("b", "text").keys()]).toEqual(['quote " back\\slash \n } , = end']);
    expect([scrape.sum("plain"), scrape.sum("up"), scrape.sum("down")]).toEqual([3, INF, -INF]);
  });

  it("tells missing from zero, and takes NaN for missing", () => {
    const scrape = parse('zero 0\nnan NaN\nsome{a="1"} NaN\nsome{a="2"} 4', 1);
    expect(scrape.sum("zero")).toBe(0);
    expect(scrape.sum("nan")).toBeNull();
    expect(scrape.sum("some")).toBe(4);
    expect(scrape.sum("nowhere")).toBeNull();
    expect(scrape.by("nowhere", "a").size).toBe(0);
    expect(scrape.buckets("nowhere")).toEqual([]);
  });

  it("does not mistake a label for something an object has anyway", () => {
    const scrape = parse('a{__proto__="x"} 1\na 2', 1);
    expect(scrape.by("a", "__proto__")).toEqual(
      new Map([
        ["x", 1],
        ["", 2],
      ]),
    );
    expect(scrape.by("a", "constructor")).toEqual(new Map([["", 3]]));
  });

  it.each([
    "<!doctype html>",
    '{"error": "no"}',
    "name",
    "name value",
    'name{a="b" 1',
    "name{a=b} 1",
    'name{a="b" c="d"} 1',
    "name 1 2 3",
  ])("refuses %s", (line) => {
    expect(() => parse(`fine 1\n${line}`, 1)).toThrow(NotMetricsError);
  });
});

describe("histograms", () => {
  it("are summed over their other labels, the lowest bound first", () => {
    const scrape = parse(
      [
        'h_bucket{hub="a",le="+Inf"} 4',
        'h_bucket{hub="a",le="10.0"} 3',
        'h_bucket{hub="a",le="0.5"} 1',
        'h_bucket{hub="b",le="0.5"} 1',
        'h_bucket{hub="b",le="10.0"} 1',
        'h_bucket{hub="b",le="+Inf"} 1',
      ].join("\n"),
      1,
    );
    expect(scrape.buckets("h")).toEqual([
      [0.5, 2],
      [10, 4],
      [INF, 5],
    ]);
  });

  it("give quantiles on a straight line within the bucket", () => {
    const buckets = [
      [1, 10],
      [2, 20],
      [INF, 20],
    ] as const;
    expect(quantile(0.5, buckets)).toBe(1);
    expect(quantile(0.25, buckets)).toBe(0.5);
    expect(quantile(0.95, buckets)).toBeCloseTo(1.9);
  });

  it("give none without observations, and infinity above the largest bound", () => {
    expect(quantile(0.5, [])).toBeNull();
    expect(
      quantile(0.5, [
        [1, 0],
        [INF, 0],
      ]),
    ).toBeNull();
    expect(
      quantile(0.99, [
        [1, 9],
        [INF, 10],
      ]),
    ).toBe(INF);
  });

  it("skip empty buckets", () => {
    const buckets = [
      [1, 0],
      [2, 0],
      [4, 8],
      [INF, 8],
    ] as const;
    expect(quantile(0.5, buckets)).toBe(3);
  });

  it("tell what came between two readings, also of buckets that are new", () => {
    const before = [[1, 5]] as const;
    const after = [
      [1, 7],
      [2, 9],
    ] as const;
    expect(bucketsBetween(before, after)).toEqual([
      [1, 2],
      [2, 9],
    ]);
    expect(bucketsBetween([], after)).toEqual(after);
  });
});

it("a fallen counter is seen, a fallen gauge is not", () => {
  const before = parse('x_total{a="1",b="2"} 5\ng 9\nh_bucket{le="1"} 3\nh_count 3', 1);
  expect(parse('x_total{b="2",a="1"} 5\ng 1\nh_bucket{le="1"} 3\nh_count 4', 2).fellSince(before)).toBe(
    false,
  );
  expect(parse('x_total{a="1",b="2"} 4\nh_bucket{le="1"} 3\nh_count 3', 2).fellSince(before)).toBe(true);
  expect(parse('x_total{a="1",b="2"} 5\nh_bucket{le="1"} 2\nh_count 3', 2).fellSince(before)).toBe(true);
  expect(parse("g 9", 2).fellSince(before)).toBe(true);
});
