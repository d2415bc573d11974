import { afterEach, beforeEach, expect, it } from "vitest";
import { type Kept, keptOutputs } from "../../src/notebook/kept-transcripts";
import { keepUpToDate } from "../../src/second-way/keeping";
import { type Core, createCore } from "../../src/store/core";
import { createKeeper } from "../../src/store/keeper";
import { answer, chatState, question } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

/** Longer than any page waits. */
const LONG_MS = 15_000;
const KEPT: Kept = { "text/plain": "Chat team" };

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let core: Core;
let written: Kept[];

beforeEach(() => {
  [host, clock, life, written] = [new FakeHost(), new FakeClock(), new AbortController(), []];
  core = createCore(host, life.signal, clock, createKeeper(null), () => {});
  core.link.attach();
  keptOutputs().set("conduit-saved", async (ask) => {
    written.push(await ask());
  });
  keepUpToDate(core);
  keepUpToDate(core);
});
afterEach(() => {
  life.abort();
  keptOutputs().clear();
});

const asked = (): number => host.all("transcript").length;
const rest = async (): Promise<void> => {
  clock.advance(LONG_MS);
  await settled();
};

it("looks once the conversation has rested, and writes what the kernel says", async () => {
  host.push({ kind: "snapshot", n: 1, state: chatState({ messages: [question(1, "Hello")] }) });
  await settled();
  expect(asked()).toBe(0);
  await rest();
  expect(host.all("transcript")).toMatchObject([{ cssClass: "conduit-saved" }]);
  const [{ requestId } = { requestId: "" }] = host.all("transcript");
  host.push({ kind: "reply", requestId, ok: true, result: KEPT });
  await settled();
  expect(written).toEqual([KEPT]);
  await rest();
  expect(asked()).toBe(1);
  host.push({ kind: "ops", n: 2, ops: [{ op: "message", message: question(2, "Again") }] });
  await rest();
  expect(asked()).toBe(2);
});

it("waits for the answer that is on its way", async () => {
  const open = answer(2, "", { status: "streaming" });
  host.push({ kind: "snapshot", n: 1, state: chatState({ messages: [question(1, "Why?"), open] }) });
  await rest();
  expect(asked()).toBe(0);
  host.push({ kind: "ops", n: 2, ops: [{ op: "message", message: answer(2, "So.") }] });
  await rest();
  expect(asked()).toBe(1);
});

it("asks for nobody who may only read, and where no notebook keeps anything", async () => {
  host.push({ kind: "snapshot", n: 1, state: chatState({ readOnly: "No." }) });
  await rest();
  keptOutputs().clear();
  host.push({ kind: "snapshot", n: 2, state: chatState() });
  await rest();
  expect(asked()).toBe(0);
});
