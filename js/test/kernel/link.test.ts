import { beforeEach, expect, it } from "vitest";
import { createKernelLink, type KernelLink } from "../../src/kernel/link";
import type { ChatState, KernelMessage, Reply } from "../../src/kernel/messages";
import { chatState } from "../support/chat";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

const SNAPSHOT: KernelMessage = { kind: "snapshot", n: 1, state: chatState() };

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let heard: KernelMessage[];
let overdue: string | null;
let link: KernelLink;

beforeEach(() => {
  [host, clock, life, heard, overdue] = [new FakeHost(), new FakeClock(), new AbortController(), [], null];
  link = createKernelLink<ChatState>({
    host,
    clock,
    lifetime: life.signal,
    position: () => 7,
    heard: (message) => heard.push(message),
    overdue: () => overdue,
  });
});

it("says hello with its position for the first view, and goodbye after the last", () => {
  const views = [link.attach(), link.attach()];
  expect(host.all("hello").map(({ n }) => n)).toEqual([7, 7]);
  views[0]?.end();
  expect(host.all("bye")).toHaveLength(0);
  views[1]?.end();
  expect(host.all("bye")).toHaveLength(1);
});

it("answers for its views when the kernel asks for anybody, and only then", () => {
  host.push({ kind: "anybody" });
  expect(host.all("here")).toHaveLength(0);
  link.attach();
  host.push({ kind: "anybody" });
  expect(host.all("here")).toHaveLength(1);
});

it("passes on what the kernel says and nothing else", () => {
  host.push(SNAPSHOT);
  for (const noise of [null, "text", 7, {}, { kind: 7 }]) host.emit("message", noise);
  expect(heard).toEqual([SNAPSHOT]);
});

it("is silent when nothing comes, asks ever more slowly, and recovers by the first word", () => {
  link.attach();
  clock.advance(4_100);
  expect(link.health.value).toBe("silent");
  clock.advance(60_000);
  const asked = host.all("hello").length;
  expect(asked).toBeGreaterThan(2);
  expect(asked).toBeLessThan(8);
  host.push(SNAPSHOT);
  expect(link.health.value).toBe("answering");
});

it("is blocked when something comes, but not what was asked for", () => {
  link.attach();
  clock.advance(1_000);
  expect(link.unheard.value).toBe(true);
  host.push({ kind: "ops", n: 1, ops: [] });
  clock.advance(3_500);
  expect(link.health.value).toBe("blocked");
});

it("asks nobody without a view, whatever the host reports", () => {
  host.emit("link");
  clock.advance(60_000);
  expect(host.all("hello")).toHaveLength(0);
  expect(clock.pending).toBe(0);
});

it.each([
  ["gone", "gone"],
  ["restarted", "restarted"],
] as const)("believes a host that says the kernel is %s", (status, health) => {
  link.attach();
  host.status = status;
  host.emit("link");
  expect(link.health.value).toBe(health);
  const replies: Reply[] = [];
  overdue = "run the cell again";
  link.request({ kind: "stop", messageId: "a" }, (reply) => replies.push(reply));
  expect(replies).toMatchObject([{ ok: false, error: { message: "run the cell again" } }]);
});

it("takes a page without network for the reason of the silence", () => {
  host.online = false;
  host.emit("link");
  link.attach();
  clock.advance(1_600);
  expect(link.health.value).toBe("offline");
});

it("settles a request by its own reply, once", () => {
  const replies: Reply[] = [];
  link.request({ kind: "history", beforeSeq: 3 }, (reply) => replies.push(reply), "mine");
  host.push({ kind: "reply", requestId: "another page's", ok: true });
  host.push({ kind: "reply", requestId: "mine", ok: true });
  host.push({ kind: "reply", requestId: "mine", ok: true });
  expect(replies).toHaveLength(1);
});

it("refuses an overdue request in words, or waits on where there are none", () => {
  const replies: Reply[] = [];
  link.request({ kind: "stop", messageId: "a" }, (reply) => replies.push(reply));
  clock.advance(31_000);
  expect(replies).toEqual([]);
  overdue = "No answer.";
  clock.advance(31_000);
  expect(replies).toMatchObject([{ ok: false, error: { message: "No answer." } }]);
});

it("knows a closed comm by the error it throws", () => {
  host.broken = true;
  expect(link.tell({ kind: "retry" })).toBe(false);
  expect(link.health.value).toBe("silent");
});

it("asks for a try at the hub only where the kernel hears it, and for the state in any case", () => {
  link.attach();
  host.push(SNAPSHOT);
  link.retry();
  expect(host.all("retry")).toHaveLength(1);
  clock.advance(5_000);
  link.retry();
  expect(host.all("retry")).toHaveLength(1);
  expect(host.all("hello").length).toBeGreaterThan(2);
});

it("leaves nothing waiting at its end", () => {
  link.attach();
  link.request({ kind: "stop", messageId: "a" }, () => {});
  life.abort();
  expect(clock.pending).toBe(0);
  expect(host.listeners).toBe(0);
});
