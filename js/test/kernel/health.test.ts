// What is believed of a kernel, step by step.
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import type { KernelStatus } from "../../src/host/host";
import { createKernelLink, isLost, type KernelLink, type SecondWay } from "../../src/kernel/link";
import type { ChatState, KernelMessage, Reply } from "../../src/kernel/messages";
import { chatState } from "../support/chat";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

const SNAPSHOT: KernelMessage = { kind: "snapshot", n: 1, state: chatState() };

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let heard: string[];
let link: KernelLink;
beforeEach(() => {
  [host, clock, life, heard] = [new FakeHost(), new FakeClock(), new AbortController(), []];
  link = createKernelLink<ChatState>({
    ...{ host, clock, lifetime: life.signal, position: () => 0 },
    heard: ({ kind }) => heard.push(kind),
    overdue: () => "No answer.",
  });
});

function becomes(status: KernelStatus, online = true): void {
  host.status = status;
  host.online = online;
  host.emit("link");
}

describe("a kernel", () => {
  it.each<[KernelStatus, boolean, number, string]>([
    ["unknown", true, 4_100, "silent"],
    ["idle", true, 4_100, "silent"],
    ["busy", true, 4_100, "blocked"],
    ["unreachable", true, 1_600, "unreachable"],
    ["unreachable", false, 1_600, "offline"],
    ["busy", false, 1_600, "offline"],
  ])("that is %s (network: %s) and says nothing for %i ms is %s", (status, online, ms, health) => {
    becomes(status, online);
    link.attach();
    clock.advance(ms - 200);
    expect(link.health.value).toBe("answering");
    clock.advance(200);
    expect(link.health.value).toBe(health);
    host.push(SNAPSHOT);
    expect(link.health.value).toBe("answering");
  });

  it.each<[KernelStatus, boolean]>([
    ["gone", true],
    ["restarted", true],
    ["unreachable", false],
    ["busy", false],
  ])("that is %s is lost: %s; and asked for nothing then", (status, lost) => {
    link.attach();
    becomes(status);
    expect(isLost(link.health.value)).toBe(lost);
    const before = host.sent.length;
    link.ask();
    link.check();
    expect(host.sent.length > before).toBe(false);
    clock.advance(3_600_000);
    expect(host.all("hello").length > 3, "who is away is asked now and then").toBe(!lost);
  });

  it("that was gone and speaks is there, whatever the host believes", () => {
    link.attach();
    becomes("gone");
    host.push({ kind: "ops", n: 1, ops: [] });
    expect(link.health.value).toBe("answering");
    becomes("restarted");
    becomes("idle");
    expect(isLost(link.health.value)).toBe(false);
  });

  it("is not asked again by its own work: busy and idle take turns at each question", () => {
    link.attach();
    host.push(SNAPSHOT);
    becomes("idle");
    const before = host.all("hello").length;
    for (let round = 0; round < 100; round += 1) becomes(round % 2 ? "idle" : "busy");
    expect(host.all("hello")).toHaveLength(before);
    becomes("unreachable");
    becomes("idle");
    expect(host.all("hello").length).toBeGreaterThan(before);
  });

  it("that writes an answer has not heard a question by that", () => {
    link.attach();
    host.push(SNAPSHOT);
    clock.advance(20_000);
    link.check();
    for (let tick = 0; tick < 50; tick += 1) {
      host.emit("message", [tick % 10, "word "]);
      clock.advance(100);
    }
    expect([link.unheard.value, link.health.value]).toEqual([true, "blocked"]);
    host.push({ kind: "reply", requestId: "x", ok: true });
    expect([link.unheard.value, link.health.value]).toEqual([false, "answering"]);
  });

  it("is asked once while a question is on its way, and not at all when it spoke just now", () => {
    link.attach();
    host.push(SNAPSHOT);
    for (let times = 0; times < 5; times += 1) link.check();
    expect(host.all("ping")).toHaveLength(0);
    clock.advance(15_000);
    for (let times = 0; times < 5; times += 1) link.check();
    expect(host.all("ping")).toHaveLength(1);
  });

  it("is looked for when a view comes into sight, not when it leaves it", () => {
    const view = link.attach();
    host.push(SNAPSHOT);
    clock.advance(16_000);
    view.seen(false);
    expect([host.all("ping").length, link.inSight.value]).toEqual([0, false]);
    view.seen(true);
    expect([host.all("ping").length, link.inSight.value]).toEqual([1, true]);
  });

  it("whose comm is closed refuses at once, in words", () => {
    host.broken = true;
    const replies: Reply[] = [];
    link.request({ kind: "stop", messageId: "a" }, (reply) => replies.push(reply));
    expect(replies).toMatchObject([{ ok: false, error: { message: "No answer." } }]);
    expect(clock.pending).toBe(0);
  });
});

describe("a second way", () => {
  const way = (change: Partial<SecondWay> = {}): SecondWay => ({
    ...{ take: () => false, carries: signal(false), refusal: signal(null), words: signal("") },
    ...{ reach: () => Promise.resolve(null), withholds: () => false },
    ...change,
  });

  it("takes what it takes, and the kernel has the rest", () => {
    const taken: string[] = [];
    link.second.value = way({
      take: ({ kind }) => kind === "stop" && taken.push(kind) > 0,
    });
    link.request({ kind: "stop", messageId: "a" }, () => {});
    link.tell({ kind: "typing", isTyping: true });
    expect([taken, host.sent.map(({ kind }) => kind)]).toEqual([["stop"], ["typing"]]);
  });

  it("that carries what people do waits for no kernel", () => {
    const carries = signal(false);
    link.second.value = way({ carries });
    link.attach();
    becomes("gone");
    expect(link.health.value).toBe("gone");
    carries.value = true;
    expect(link.health.value).toBe("answering");
  });

  it("that breaks is a closed comm, and not an error of the page", () => {
    link.second.value = way({
      take: () => {
        throw new Error("closed");
      },
    });
    expect(link.tell({ kind: "retry" })).toBe(false);
    expect(link.health.value).toBe("silent");
  });

  it("keeps back what is another person's", () => {
    link.second.value = way({ withholds: (message) => (message as KernelMessage).kind === "ops" });
    host.push({ kind: "ops", n: 1, ops: [] });
    host.push(SNAPSHOT);
    link.receive({ kind: "ops", n: 1, ops: [] });
    expect(heard).toEqual(["snapshot", "ops"]);
  });

  it("brings replies with what is attached to them", () => {
    const replies: Reply[] = [];
    link.request({ kind: "stop", messageId: "a" }, (reply) => replies.push(reply), "r");
    const bytes = new DataView(new ArrayBuffer(2));
    link.replied({ kind: "reply", requestId: "r", ok: true }, [bytes]);
    expect(replies).toEqual([{ kind: "reply", requestId: "r", ok: true, buffers: [bytes] }]);
  });
});
