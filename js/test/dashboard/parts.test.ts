import { describe, expect, it, vi } from "vitest";
import type { Figures } from "../../src/dashboard/figures";
import { duration, show, text } from "../../src/dashboard/format";
import { History } from "../../src/dashboard/history";
import { PANELS } from "../../src/dashboard/panels";
import { canBeKey, type Reading, readFigures } from "../../src/dashboard/reading";
import { INTERVAL_MS, Watch } from "../../src/dashboard/watch";
import { FakeClock } from "../support/fake-clock";

describe("numbers for people", () => {
  it.each([
    [null, "count", "–"],
    [0, "rate", "0/s"],
    [12.34, "rate", "12.3/s"],
    [0.01, "rate", "< 0.1/s"],
    [1234, "count", "1,234"],
    [99_960, "count", "100 k"],
    [12_345_678, "rate", "12.3 M/s"],
    [0.00025, "seconds", "0.25 ms"],
    [0.9994, "seconds", "999 ms"],
    [1.234, "seconds", "1.23 s"],
    [0, "bytes", "0 B"],
    [1536, "bytes", "1.5 KiB"],
    [57_500_000, "bytes", "54.8 MiB"],
    [5e9, "bytes", "4.66 GiB"],
    [0.0149, "share", "1.5 %"],
    [Number.NaN, "share", "–"],
  ] as const)("%d %s is %s", (value, unit, shown) => {
    expect(text(value, unit)).toBe(shown);
  });

  it("says above what an infinite value lies", () => {
    expect(show(Number.POSITIVE_INFINITY, "seconds", 10)).toEqual({ digits: "> 10", unit: "s" });
  });

  it("shows durations by their two largest units", () => {
    expect([-1, 59, 60, 3599, 3600, 90_000].map(duration)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "59 min",
      "1 h 0 min",
      "1 d 1 h",
    ]);
  });
});

describe("history", () => {
  it("keeps only its span, and never more than its capacity", () => {
    const history = new History(1, 10, 5);
    for (let time = 0; time < 100; time += 4) history.push(time, [time]);
    expect(history.times).toEqual([88, 92, 96]);
    expect(history.columns).toEqual([[88, 92, 96]]);
    for (let time = 100; time < 103; time += 0.25) history.push(time, [time]);
    expect(history.times).toHaveLength(5);
    expect(history.columns[0]).toHaveLength(5);
  });

  it("keeps gaps and restarts, and forgets both in time", () => {
    const history = new History(2, 10, 100);
    history.push(1, [1, 2]);
    history.push(2);
    history.restart(3);
    history.push(3, [3, null]);
    expect(history.columns).toEqual([
      [1, null, 3],
      [2, null, null],
    ]);
    expect(history.sumSince(0, 0)).toBe(4);
    expect(history.sumSince(0, 2)).toBe(3);
    expect(history.sumSince(1, 2)).toBeNull();
    history.push(14, [5, 5]);
    expect(history.restarts).toEqual([]);
    expect(history.times).toEqual([14]);
  });

  it("begins anew when the clock is set back", () => {
    const history = new History(1, 10, 100);
    history.push(50, [1]);
    history.push(20, [2]);
    expect(history.times).toEqual([20]);
    expect(history.columns).toEqual([[2]]);
  });
});

describe("reading", () => {
  const hub = { reading: "ab-1", startedAt: 1, uptimeSeconds: 2, gauges: {}, counters: {}, timings: {} };
  const answer = (body: unknown, status = 200) =>
    vi.fn(async () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));

  it("sends the key in the Authorization header and nowhere else", async () => {
    const fetcher = answer(hub);
    expect(await readFigures(fetcher, "figures", "", "condt_x")).toEqual({ kind: "figures", figures: hub });
    const [url, init] = fetcher.mock.calls[0] as unknown as [string, RequestInit];
    expect(url).toBe("figures");
    expect(init.headers).toEqual({ authorization: "Bearer condt_x" });
    expect(init.redirect).toBe("error");
    await readFigures(fetcher, "figures", "", "");
    expect((fetcher.mock.calls[1] as unknown as [string, RequestInit])[1].headers).toEqual({});
  });

  it("asks for what is new since the reading before", async () => {
    const fetcher = answer(hub);
    await readFigures(fetcher, "figures", "a&b", "");
    expect(fetcher).toHaveBeenCalledWith("figures?since=a%26b", expect.anything());
  });

  it.each([
    [answer("", 401), { kind: "key", status: 401 }],
    [answer("", 403), { kind: "key", status: 403 }],
    [answer("", 502), { kind: "unreachable", why: "HTTP 502 instead of its figures" }],
    [answer("", 404), { kind: "unreachable", why: "HTTP 404 instead of its figures" }],
    [answer("<html>"), { kind: "unreachable", why: "what answered are no hub's figures" }],
    [answer("null"), { kind: "unreachable", why: "what answered are no hub's figures" }],
    [answer({ ...hub, timings: 3 }), { kind: "unreachable", why: "what answered are no hub's figures" }],
    [vi.fn(async () => Promise.reject(new TypeError())), { kind: "unreachable", why: "no connection" }],
    [
      vi.fn(async () => Promise.reject(new DOMException("", "TimeoutError"))),
      { kind: "unreachable", why: "no answer within 5 s" },
    ],
  ])("never throws (%#)", async (fetcher, expected) => {
    expect(await readFigures(fetcher, "figures", "", "")).toEqual(expected);
  });

  it("knows what no header can carry", () => {
    expect(["condt_abc", "eyJ.a-b_c.d"].every(canBeKey)).toBe(true);
    expect(["", "a b", "a\nb", "schlüssel", "x".repeat(9000)].some(canBeKey)).toBe(false);
  });
});

describe("panels", () => {
  const nothing: Figures = {
    ...{ reading: "ab-1", startedAt: 1, uptimeSeconds: 2 },
    ...{ gauges: {}, counters: {}, timings: {} },
  };
  const change = (total: number, fresh: number | null) => ({ total, new: fresh, perSecond: fresh });
  const values = (id: string, figures: Figures) => {
    const panel = PANELS.find((each) => each.id === id);
    return [panel?.series.map(({ value }) => value(figures)), panel?.note?.(figures)];
  };

  it("shows gaps where the hub says nothing", () => {
    for (const panel of PANELS) {
      expect(panel.series.map(({ value }) => value(nothing))).toEqual(panel.series.map(() => null));
      expect(typeof panel.note?.(nothing)).toBe("string");
    }
  });

  it("shows what the hub computed, the largest names first", () => {
    const figures: Figures = {
      ...nothing,
      gauges: { connections: { all: 3, by: { "/a": 1, "/b": 2 } }, openFiles: { all: 20, by: {} } },
      counters: {
        errors: { all: change(7, 4), by: { refused: change(2, 1), timeout: change(5, 3) } },
        generated: { all: change(2, null), by: { "": change(2, null) } },
      },
      timings: {
        delivery: {
          now: { p50: 0.5, p95: "above", p99: "above" },
          ever: { p50: 0.5, p95: 0.5, p99: "above" },
          top: 10,
        },
      },
    };
    expect(values("connections", figures)).toEqual([[3], "/b 2 · /a 1"]);
    expect(values("errors", figures)).toEqual([[4], "timeout 5 · refused 2"]);
    expect(values("generations", figures)).toEqual([[null], "finished 2"]);
    expect(values("memory", figures)).toEqual([[null], "20 open files"]);
    const above = Number.POSITIVE_INFINITY;
    expect(values("delivery", figures)).toEqual([
      [0.5, above, above],
      "since the start 500 ms, 500 ms, > 10 s",
    ]);
  });
});

describe("watch", () => {
  function watching(answers: Reading["kind"][], takesMs = 0) {
    const clock = new FakeClock();
    const seen: string[] = [];
    const page = { visible: true };
    const watch = new Watch({
      clock,
      visible: () => page.visible,
      read: async () => {
        const kind = answers.shift() ?? "unreachable";
        await null;
        clock.time += takesMs;
        return (kind === "key" ? { kind, status: 401 } : { kind, why: "" }) as Reading;
      },
      onReading: ({ kind }) => seen.push(kind),
      onPause: () => seen.push("pause"),
    });
    const pass = async (ms: number) => {
      clock.advance(ms);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    };
    return { watch, clock, seen, page, pass };
  }

  it("goes on when the hub does not answer", async () => {
    const { watch, seen, pass } = watching(["figures", "unreachable", "figures"]);
    watch.begin();
    await pass(0);
    await pass(INTERVAL_MS);
    await pass(INTERVAL_MS);
    expect(seen).toEqual(["figures", "unreachable", "figures"]);
  });

  it("leaves the hub a second after a slow answer", async () => {
    const { watch, seen, pass } = watching(["figures", "figures"], 1.5 * INTERVAL_MS);
    watch.begin();
    await pass(0);
    await pass(INTERVAL_MS / 2 - 1);
    expect(seen).toHaveLength(1);
    await pass(1);
    expect(seen).toHaveLength(2);
  });

  it("asks for nothing while hidden, and at once when shown again", async () => {
    const { watch, clock, seen, page, pass } = watching(["figures", "figures"]);
    watch.begin();
    await pass(0);
    page.visible = false;
    watch.visibilityChanged();
    expect(clock.pending).toBe(0);
    await pass(10 * INTERVAL_MS);
    page.visible = true;
    watch.visibilityChanged();
    await pass(0);
    expect(seen).toEqual(["figures", "pause", "figures"]);
  });

  it("waits for a key, however often the page is shown", async () => {
    const { watch, clock, seen, pass } = watching(["key", "figures"]);
    watch.begin();
    await pass(0);
    watch.visibilityChanged();
    expect(clock.pending).toBe(0);
    watch.begin();
    await pass(0);
    expect(seen).toEqual(["key", "figures"]);
  });
});
