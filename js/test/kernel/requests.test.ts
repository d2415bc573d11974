import { beforeEach, describe, expect, it } from "vitest";
import { kernelMessage, type Reply } from "../../src/kernel/messages";
import { createRequests, type Requests } from "../../src/kernel/requests";
import { FakeClock } from "../support/fake-clock";

let clock: FakeClock;
let requests: Requests;
let said: string[];
beforeEach(() => {
  [clock, said] = [new FakeClock(), []];
  requests = createRequests(clock);
});

/** Waits for `id`; writes down what becomes of it. `why` is asked when it is overdue. */
function expectReply(id: string, why: () => string | null = () => null): void {
  requests.expect(id, {
    settle: (reply) => said.push(`${id}: ${reply.ok ? "done" : reply.error.message}`),
    slow: () => said.push(`${id}: slow`),
    overdue: why,
  });
}

const done = (requestId: string): Reply => ({ kind: "reply", requestId, ok: true });

describe("a request", () => {
  it("that is answered within a second was never slow", () => {
    expectReply("a");
    clock.advance(999);
    requests.settle(done("a"));
    clock.advance(100_000);
    expect(said).toEqual(["a: done"]);
    expect(clock.pending).toBe(0);
  });

  it("is slow once, and refused after thirty seconds in the words there are then", () => {
    let why: string | null = null;
    expectReply("a", () => why);
    clock.advance(29_000);
    why = "The kernel is gone.";
    clock.advance(1_000);
    expect(said).toEqual(["a: slow", "a: The kernel is gone."]);
    requests.settle(done("a"));
    expect(said, "what comes later is for nobody").toHaveLength(2);
  });

  it("waits as long as it is right to wait, and is asked about every half minute", () => {
    let times = 0;
    expectReply("a", () => {
      times += 1;
      return times < 4 ? null : "Enough.";
    });
    clock.advance(600_000);
    expect(times).toBe(4);
    expect(said.at(-1)).toBe("a: Enough.");
    expect(clock.pending).toBe(0);
  });

  it("is settled in whatever order replies come, each by its own", () => {
    for (const id of ["a", "b", "c"]) expectReply(id);
    for (const id of ["c", "a", "b", "a", "nobody", "__proto__"]) requests.settle(done(id));
    expect(said).toEqual(["c: done", "a: done", "b: done"]);
  });

  it("may ask for another one while it is settled", () => {
    requests.expect("a", {
      settle: () => expectReply("b"),
      slow: () => {},
      overdue: () => null,
    });
    requests.settle(done("a"));
    requests.settle(done("b"));
    expect(said).toEqual(["b: done"]);
  });

  it("that is refused here has the reason given, and no second one", () => {
    expectReply("a");
    requests.refuse("a", "Nobody is there.");
    requests.refuse("a", "Again.");
    requests.refuse("never asked", "x");
    expect(said).toEqual(["a: Nobody is there."]);
  });

  it("is forgotten without a word when all are, ten thousand of them", () => {
    for (let at = 0; at < 10_000; at += 1) expectReply(`r${at}`, () => "late");
    requests.clear();
    expect(clock.pending).toBe(0);
    requests.settle(done("r7"));
    clock.advance(60_000);
    expect(said).toEqual([]);
  });
});

describe("what the host delivers", () => {
  it.each<[string, unknown, unknown]>([
    ["a message of ours", { kind: "ops", n: 1, ops: [] }, { kind: "ops", n: 1, ops: [] }],
    ["a kind that is not known yet", { kind: "later" }, { kind: "later" }],
    ["text in its short form", [4, "a", 1, "b"], { kind: "tokens", digit: 4, parts: ["a", 1, "b"] }],
    ["an empty list", [], { kind: "tokens", digit: undefined, parts: [] }],
    ["nothing", undefined, null],
    ["null", null, null],
    ["a text", "ops", null],
    ["a number", 7, null],
    ["a message of another's", { method: "update", state: {} }, null],
    ["a kind that is no text", { kind: ["ops"] }, null],
  ])("is read where it is %s", (_what, delivered, expected) => {
    expect(kernelMessage(delivered)).toEqual(expected);
  });
});
