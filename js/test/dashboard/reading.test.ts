import { describe, expect, it, vi } from "vitest";
import { canBeKey, readFigures } from "../../src/dashboard/reading";

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
