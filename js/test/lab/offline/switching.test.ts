// @vitest-environment happy-dom
// What waits in the browser, and the conversation that it is for.
import { until } from "../../support/until";
import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import type { Store } from "../../../src/store/store";
import { chatState } from "../../support/chat";
import { panelPages } from "../../support/panel-pages";

const panel = panelPages();
const { page, last, connects, goes, returns, waiting, asked, takes } = panel;

/** The server is asked for another conversation; returns what says that it has heard it. */
const opens = async (store: Store, conversationId: string): Promise<(isThere: boolean) => void> => {
  const opened = store.ask({ kind: "conversation", action: "open", conversationId }).catch(() => {});
  const { requestId } = Object(asked("conversation").at(-1));
  return (ok) => {
    last().says({
      kind: "reply",
      requestId,
      ok,
      ...(!ok && { error: { message: "No such conversation." } }),
    });
    void opened;
  };
};
/** Lets everything happen that waits for nobody. */
const rested = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setTimeout(done));
};

/** Two messages wait; while the first is sent, another conversation is asked for. Returns how the server answers that. */
async function leavesInBetween(store: Store): Promise<(ok: boolean) => void> {
  await connects();
  await goes();
  store.send("One");
  store.send("Two");
  await waiting(store, ["One", "Two"]);
  await returns();
  await until(() => expect(asked("send")).toHaveLength(1));
  const answered = await opens(store, "plans");
  await takes(1);
  await rested();
  return answered;
}

it("sends nothing of a conversation once the server was asked for another one", async () => {
  const store = page();
  const answered = await leavesInBetween(store);
  expect(asked("send")).toHaveLength(1);
  answered(true);
  last().says({ kind: "snapshot", n: 2, state: chatState({ conversationId: "plans" }) });
  await rested();
  expect(asked("send")).toHaveLength(1);

  (await opens(store, "team"))(true);
  last().says({ kind: "snapshot", n: 3, state: chatState() });
  expect(await takes(2)).toBe("Two");
});

it("goes on sending where the server stays in the conversation", async () => {
  const store = page();
  const answered = await leavesInBetween(store);
  answered(false);
  expect(await takes(2)).toBe("Two");
});

it("sends nothing of a person as somebody else who has signed in meanwhile", async () => {
  const store = page();
  await connects();
  await goes();
  store.send("Of Ada");
  await waiting(store, ["Of Ada"]);
  const before = last();
  while (last() === before) panel.clock.advance(500);
  last().opens();
  store.send("Of whom?");
  await rested();
  expect(asked("send")).toEqual([]);
  last().says({
    ...{ kind: "snapshot", n: 1 },
    state: chatState({ self: { userId: "bo", userName: "Bo" } }),
  });
  await rested();
  expect(asked("send")).toEqual([]);
});

it("keeps what was on its way for the conversation that it was said in", async () => {
  const store = page();
  await connects();
  store.send("For the team");
  await until(() => expect(asked("send")).toHaveLength(1));
  (await opens(store, "plans"))(true);
  last().says({ kind: "snapshot", n: 2, state: chatState({ conversationId: "plans" }) });
  await panel.clock.paint();
  await goes();
  await returns({ conversationId: "plans" });
  const plans = last();
  await until(() => expect(last().conversation, "a view of its own").toBe("team"));
  await connects();
  expect(await takes(1)).toBe("For the team");
  expect(plans.sent.filter(({ kind }) => kind === "send")).toEqual([]);
});

it("sends what waits in conversations that nobody opens, too", async () => {
  const store = page("plans");
  await connects({ conversationId: "plans" });
  await goes();
  store.send("In the plans");
  await waiting(store, ["In the plans"]);
  panel.leave();

  page("team");
  await connects();
  await until(() => expect(last().conversation).toBe("plans"));
  await connects({ conversationId: "plans" });
  expect(asked("hello")).toHaveLength(1);
  expect(await takes(1)).toBe("In the plans");
  await until(() => expect(last().closed).toBe(true));
  page("team");
  await connects();
  await rested();
  expect(last().conversation, "nothing waits any more").toBe("team");
});

it("sends nothing in other conversations as somebody else", async () => {
  const store = page("plans");
  await connects({ conversationId: "plans" });
  await goes();
  store.send("Of Ada");
  await waiting(store, ["Of Ada"]);
  panel.leave();

  page("team");
  await connects();
  await until(() => expect(last().conversation).toBe("plans"));
  await connects({ conversationId: "plans", self: { userId: "bo", userName: "Bo" } });
  await rested();
  expect(asked("send")).toEqual([]);
  expect(last().closed).toBe(true);
});
