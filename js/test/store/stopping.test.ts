import { beforeEach, expect, it } from "vitest";
import { createKernelLink } from "../../src/kernel/link";
import type { Reply } from "../../src/kernel/messages";
import { createStopping, type Stopping } from "../../src/store/stopping";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

let host: FakeHost;
let clock: FakeClock;
let stopping: Stopping;
let told: Reply[];

beforeEach(() => {
  [host, clock, told] = [new FakeHost(), new FakeClock(), []];
  const link = createKernelLink({
    host,
    clock,
    lifetime: new AbortController().signal,
    position: () => 0,
    heard: () => {},
    overdue: () => null,
  });
  stopping = createStopping(clock, link, (reply) => told.push(reply));
});

it("asks once, however often somebody presses", () => {
  stopping.stop("a");
  stopping.stop("a");
  expect(host.all("stop")).toHaveLength(1);
  expect(stopping.id.value).toBe("a");
});

it("is overdue after a second, and no more once it was answered", () => {
  stopping.stop("a");
  expect(stopping.overdue.value).toBeNull();
  clock.advance(1_100);
  expect(stopping.overdue.value).toBe("a");
  const [request] = host.all("stop");
  host.push({ kind: "reply", requestId: request?.requestId ?? "", ok: true });
  expect([stopping.id.value, stopping.overdue.value]).toEqual([null, null]);
  expect(told).toHaveLength(1);
});

it("begins its second anew for another answer", () => {
  stopping.stop("a");
  clock.advance(900);
  stopping.stop("b");
  clock.advance(900);
  expect(stopping.overdue.value).toBeNull();
  clock.advance(200);
  expect(stopping.overdue.value).toBe("b");
});
