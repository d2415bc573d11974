import { describe, expect, it } from "vitest";
import { all, compare, isHub, successor, together } from "../../src/dashboard/figures";
import { parse, type Scrape } from "../../src/dashboard/prometheus";

const PREFIX = "conduit_signalr_";

interface Hub {
  started?: number;
  in?: number;
  out?: number;
  refused?: number;
  timeouts?: number;
  fast?: number;
  slow?: number;
  beyond?: number;
  cpu?: number;
  more?: string;
}

function scrape(at: number, hub: Hub = {}): Scrape {
  const { fast = 0, slow = 0, beyond = 0 } = hub;
  const latency = `${PREFIX}delivery_latency_seconds`;
  return parse(
    [
      `process_start_time_seconds ${hub.started ?? 1000}`,
      `process_cpu_seconds_total ${hub.cpu ?? 0}`,
      "process_resident_memory_bytes 5e7",
      `${PREFIX}connections_active{hub="/hubs/chat"} 3`,
      `${PREFIX}connections_active{hub="/hubs/status"} 2`,
      ...(hub.in === undefined ? [] : [`${PREFIX}messages_total{method="A",direction="in"} ${hub.in}`]),
      ...(hub.out === undefined ? [] : [`${PREFIX}messages_total{method="B",direction="out"} ${hub.out}`]),
      `${PREFIX}errors_total{hub="/hubs/chat",kind="refused"} ${hub.refused ?? 0}`,
      `${PREFIX}errors_total{hub="/hubs/status",kind="refused"} 1`,
      `${PREFIX}errors_total{hub="/hubs/chat",kind="timeout"} ${hub.timeouts ?? 0}`,
      `${latency}_bucket{le="0.001"} ${fast}`,
      `${latency}_bucket{le="0.1"} ${fast + slow}`,
      `${latency}_bucket{le="+Inf"} ${fast + slow + beyond}`,
      hub.more ?? "",
    ].join("\n"),
    at,
  );
}

describe("compare", () => {
  it("knows gauges and totals at the first reading, and nothing of now", () => {
    const figures = compare(null, scrape(1, { in: 5, out: 7, fast: 10 }));
    expect(all(figures.connections)).toBe(5);
    expect(figures.received).toEqual({ total: 5, now: null });
    expect(figures.memoryBytes).toBe(5e7);
    expect(figures.cpu).toBeNull();
    expect(figures.delivery).toMatchObject({ p50: null, p99: null, top: 0.1 });
    expect(figures.delivery.ever.p50).toBeCloseTo(0.0005);
    expect(together(figures.errors)).toEqual({ total: 1, now: null });
  });

  it("gives rates a second and counts between two readings", () => {
    const before = scrape(10, { in: 100, out: 1000, refused: 2, cpu: 1, fast: 1000 });
    const figures = compare(
      before,
      scrape(14, { in: 120, out: 1400, refused: 5, timeouts: 1, cpu: 3, fast: 1000, slow: 100 }),
    );
    expect(figures.received).toEqual({ total: 120, now: 5 });
    expect(figures.sent.now).toBe(100);
    expect(figures.cpu).toBe(0.5);
    expect(figures.errors.get("refused")).toEqual({ total: 6, now: 3 });
    expect(together(figures.errors)).toEqual({ total: 7, now: 4 });
    expect(figures.delivery.p50).toBeCloseTo(0.0505);
    expect(figures.delivery.p99).toBeCloseTo(0.09901);
  });

  it("has no quantiles where nothing came, and infinite ones above the scale", () => {
    const before = scrape(1, { fast: 5 });
    expect(compare(before, scrape(3, { fast: 5 })).delivery.p50).toBeNull();
    expect(compare(before, scrape(3, { fast: 5, beyond: 1 })).delivery.p50).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts a series from zero when it appears", () => {
    const figures = compare(scrape(1), scrape(3, { in: 8 }));
    expect(figures.received.now).toBe(4);
    expect(figures.sent).toEqual({ total: 0, now: 0 });
  });

  it("knows nothing of now after a restart, by start time or by a counter that fell", () => {
    const before = scrape(1, { in: 100, started: 1000 });
    const restarted = compare(before, scrape(3, { in: 120, started: 2000 }));
    expect(restarted.received).toEqual({ total: 120, now: null });
    const fell = compare(before, scrape(3, { in: 99 }));
    expect(fell.received).toEqual({ total: 99, now: null });
    expect(fell.cpu).toBeNull();
    expect(compare(before, scrape(3, {})).received.now).toBeNull();
  });

  it("divides by no time that did not pass", () => {
    expect(compare(scrape(3, { in: 1 }), scrape(3, { in: 2 })).received.now).toBeNull();
    expect(compare(scrape(3, { in: 1 }), scrape(2, { in: 2 })).received.now).toBeNull();
  });

  it("leaves out what this hub does not have", () => {
    const figures = compare(null, parse(`${PREFIX}reconnections_total 2`, 1));
    expect(figures.generations).toBeNull();
    expect(figures.cpu).toBeNull();
    expect(figures.memoryBytes).toBeNull();
    expect(figures.startedAt).toBeNull();
    expect(all(figures.connections)).toBeNull();
    expect(all(figures.queuedBytes)).toBeNull();
    expect(figures.reconnections.total).toBe(2);
    expect(together(figures.recoveries)).toEqual({ total: 0, now: null });
  });

  it("takes NaN for missing", () => {
    const figures = compare(null, scrape(1, { more: "conduit_chat_generations_active NaN" }));
    expect(figures.generations).toBeNull();
  });
});

it("tells a restart from another process beside the first", () => {
  const before = scrape(1, { started: 1000, in: 5 });
  expect(successor(before, scrape(3, { started: 1000, in: 5 }))).toBe("same");
  expect(successor(before, scrape(3, { started: 2000 }))).toBe("restarted");
  expect(successor(before, scrape(3, { started: 900, in: 50 }))).toBe("another");
  expect(successor(before, scrape(3, { started: 1000, in: 4 }))).toBe("restarted");
});

it("knows a hub's metrics from others", () => {
  expect(isHub(scrape(1))).toBe(true);
  expect(isHub(parse("python_gc_objects_total 3", 1))).toBe(false);
});
