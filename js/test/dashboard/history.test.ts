import { describe, expect, it } from "vitest";
import { History } from "../../src/dashboard/history";

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
