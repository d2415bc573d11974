// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatState } from "../../src/kernel/messages";
import { createStore, type Store } from "../../src/store/store";
import { chat } from "../../src/widgets/chat";
import { ADA, answer, BO, chatState, person, question, token } from "../support/chat";
import { chunksFromSource } from "../support/chunks";
import { idle } from "../support/effects";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";
import { until } from "../support/until";

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let store: Store;
let el: HTMLElement;
let n = 1;

beforeEach(() => {
  host = new FakeHost();
  clock = new FakeClock();
  life = new AbortController();
  store = { ...createStore(host, life.signal, clock), chunks: chunksFromSource() };
  el = document.createElement("div");
  document.body.append(el);
  chat.show(el, store, host, life.signal);
});

afterEach(() => {
  life.abort();
  el.remove();
});

async function painted(): Promise<void> {
  await clock.paint();
  await idle();
}

async function live(change: Partial<ChatState> = {}): Promise<void> {
  n = 1;
  host.push({ kind: "snapshot", n, state: chatState(change) });
  await painted();
}

function root(): ShadowRoot {
  const shadow = el.firstElementChild?.shadowRoot;
  if (!shadow) throw new Error("not mounted");
  return shadow;
}

function find<E extends HTMLElement = HTMLElement>(selector: string): E {
  const found = root().querySelector<E>(selector);
  if (!found) throw new Error(`nothing matches ${selector}`);
  return found;
}

function text(selector: string): string {
  return root().querySelector(selector)?.textContent ?? "";
}

function type(value: string): HTMLTextAreaElement {
  const area = find<HTMLTextAreaElement>("textarea");
  area.value = value;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  return area;
}

function press(target: HTMLElement, key: string, options: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", {
    key,
    bubbles: true,
    cancelable: true,
    composed: true,
    ...options,
  });
  target.dispatchEvent(event);
  return event;
}

it("keeps the notebook's shortcuts away from its own keys", () => {
  expect(el.firstElementChild?.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
});

it("lets no edit out to JupyterLab, which would cancel line breaks and undo", () => {
  let heard = 0;
  el.firstElementChild?.addEventListener("beforeinput", () => {
    heard += 1;
  });
  for (const inputType of ["insertLineBreak", "historyUndo"]) {
    find("textarea").dispatchEvent(
      new InputEvent("beforeinput", { inputType, bubbles: true, composed: true }),
    );
  }
  expect(heard).toBe(0);
});

describe("the composer", () => {
  beforeEach(() => live());

  it("sends with Enter, shows the message at once and empties itself", async () => {
    const area = type("Hello *you*");
    expect(press(area, "Enter").defaultPrevented).toBe(true);
    await painted();
    expect(host.all("send")).toMatchObject([{ text: "Hello *you*" }]);
    expect(find<HTMLTextAreaElement>("textarea").value).toBe("");
    expect(text(".outgoing .typed"), "as it was typed").toBe("Hello *you*");
  });

  it("breaks the line with Shift+Enter and leaves Enter to an input method", async () => {
    const area = type("ni");
    expect(press(area, "Enter", { shiftKey: true }).defaultPrevented).toBe(false);
    press(area, "Enter", { isComposing: true });
    press(area, "Enter", { keyCode: 229 });
    expect(host.all("send")).toEqual([]);
  });

  it("sends nothing when there is nothing but space", () => {
    press(type("  \n "), "Enter");
    expect(host.all("send")).toEqual([]);
    expect(find<HTMLButtonElement>("button.send").disabled).toBe(true);
  });

  it("keeps a message that is too long and names the limit in bytes", async () => {
    press(type("é".repeat(40_000)), "Enter");
    await painted();
    expect(host.all("send")).toEqual([]);
    expect(text(".notice")).toContain("80,000 bytes; the limit is 32,768");
    expect(find<HTMLTextAreaElement>("textarea").value).toHaveLength(40_000);
  });

  it("says that somebody types, and that they stopped on sending", async () => {
    press(type("H"), "Enter");
    await painted();
    expect(host.all("typing").map(({ isTyping }) => isTyping)).toEqual([true, false]);
  });

  it("offers Retry, under the same id, for a message that failed", async () => {
    press(type("Hi"), "Enter");
    const [first] = host.all("send");
    host.push({
      kind: "reply",
      requestId: first?.requestId ?? "",
      ok: false,
      error: { message: "You are offline." },
    });
    await painted();
    expect(text(".outgoing .problem")).toContain("Not sent. You are offline.");
    find<HTMLButtonElement>(".outgoing .plain").click();
    expect(host.all("send")[1]?.id).toBe(first?.id);
  });
});

describe("an answer", () => {
  const open = answer(2, "", { status: "streaming", model: "SmolLM2" });

  it("is shown as it is written and has its numbers under it in the end", async () => {
    await live({ messages: [question(1, "Q"), open] });
    expect(text(".answer .sr-only")).toBe("Thinking…");
    host.push({ kind: "ops", n: 2, ops: [token("a2", 0, "One **two**")] });
    for (let frame = 0; frame < 30; frame += 1) await clock.paint();
    expect(text(".answer .body")).toBe("One two");
    expect(find(".answer").getAttribute("aria-busy")).toBe("true");
    const metrics = { timeToFirstToken: 410, tokensPerSecond: 63, completionTokens: 3 };
    const final = answer(2, "One **two** three", { model: "SmolLM2", finishReason: "stop", ...metrics });
    host.push({
      kind: "ops",
      n: 3,
      ops: [
        { op: "streamEnd", id: "a2" },
        { op: "message", message: final },
      ],
    });
    await painted();
    expect(text(".answer .body")).toBe("One two three");
    expect(text(".answer .metrics span")).toBe("TTFT 0.41 s · 63 tok/s · 3 tokens");
    expect(text(".answer .name")).toBe("SmolLM2");
    expect(root().querySelector(".answer.open")).toBeNull();
  });

  it("shows no count while it is written until there is a rate", async () => {
    await live({ messages: [question(1, "Q"), open] });
    const first = { timeToFirstToken: 410, completionTokens: 1 };
    host.push({ kind: "ops", n: 2, ops: [token("a2", 0, "One", first)] });
    await painted();
    expect(root().querySelector(".answer .metrics")).toBeNull();
    const later = { ...first, tokensPerSecond: 63, completionTokens: 40 };
    host.push({ kind: "ops", n: 3, ops: [token("a2", 3, " two", later)] });
    await painted();
    expect(text(".answer .metrics")).toBe("TTFT 0.41 s · 63 tok/s · 40 tokens");
  });

  it("is stopped by the button and by Escape", async () => {
    await live({ messages: [open] });
    find("button.stop").click();
    await painted();
    expect(host.all("stop")).toMatchObject([{ messageId: "a2" }]);
    expect(text("button.stop")).toBe("Stopping…");
    host.push({ kind: "reply", requestId: host.all("stop")[0]?.requestId ?? "", ok: true });
    await painted();
    press(find("textarea"), "Escape");
    expect(host.all("stop")).toHaveLength(2);
    host.push({
      kind: "ops",
      n: 2,
      ops: [{ op: "message", message: answer(2, "", { status: "cancelled" }) }],
    });
    await painted();
    expect(root().querySelector("button.stop")).toBeNull();
    expect(text(".answer .waiting")).toBe("Stopped before the first word.");
    press(find("textarea"), "Escape");
    expect(host.all("stop")).toHaveLength(2);
  });

  it("waits visibly behind another", async () => {
    await live({ messages: [open, answer(4, "", { status: "queued" })] });
    expect(text("article:last-of-type")).toContain("Waiting for the current answer…");
    find("button.stop").click();
    expect(host.all("stop"), "Stop means the one being written").toMatchObject([{ messageId: "a2" }]);
  });

  it("is read aloud by sentence from one polite region, its body is not live", async () => {
    await live({ messages: [open] });
    host.push({ kind: "ops", n: 2, ops: [token("a2", 0, "First sentence. Sec")] });
    await painted();
    expect(text("[aria-live=polite]")).toBe("First sentence.");
    expect(find(".answer .body").getAttribute("aria-live")).toBe("off");
    expect(find("[role=log]").getAttribute("aria-live")).toBe("off");
  });
});

it("tells own messages from others' and names these", async () => {
  await live({ messages: [question(1, "From Bo"), question(2, "From Ada", ADA)] });
  expect(text(".message:not(.own)")).toContain("Bo");
  expect(text(".message.own .bubble")).toBe("From Ada");
  expect(find(".message:not(.own) .avatar").textContent).toBe("B");
  expect(root().querySelector(".message.own .avatar")).toBeNull();
});

it("shows at most five people and counts the others", async () => {
  const crowd = ["Cy", "Di", "Ed", "Fay", "Gus"].map((name) => person(name, name));
  await live({ participants: [ADA, BO, ...crowd] });
  const items = [...root().querySelectorAll<HTMLElement>(".presence .person")];
  expect(items).toHaveLength(5);
  expect(items[0]?.title).toBe("Ada (you)");
  expect(items[4]?.textContent).toBe("+3");
  expect(items[4]?.title).toBe("Ed\nFay\nGus");
});

it("names the provider, its model and state, and warns of the small model", async () => {
  await live({ provider: { provider: "local", model: "SmolLM2", state: "healthy", reason: "" } });
  expect(text(".provider .parts")).toBe("localSmolLM2ready");
  expect(text(".provider")).toContain("small model, often wrong");
  host.push({
    kind: "ops",
    n: 2,
    ops: [
      { op: "provider", provider: { provider: "local", model: "gpt", state: "down", reason: "No route." } },
    ],
  });
  await painted();
  expect(text(".provider")).toBe("localgptnot reachableNo route.");
});

describe("the connection", () => {
  const connection = (
    state: "reconnecting" | "offline" | "live" | "removed",
    retryAt: number | null,
    message = "Lost.",
  ) => ({
    op: "connection" as const,
    connection: { state, attempt: 1, retryAt, message },
  });
  const push = async (...ops: ReturnType<typeof connection>[]): Promise<void> => {
    n += 1;
    host.push({ kind: "ops", n, ops });
    await painted();
  };

  it("is said to be made until the first snapshot, then live", async () => {
    expect(text(".badge")).toBe("Connecting…");
    await live();
    expect(text(".badge")).toBe("Live");
    expect(root().querySelector(".banner")).toBeNull();
  });

  it("counts down, shows the banner after a second, and tries at once when asked", async () => {
    await live();
    await push(connection("reconnecting", clock.now() + 8_000));
    expect(text(".badge")).toBe("Reconnecting in 8 s");
    clock.advance(900);
    await painted();
    expect(root().querySelector(".banner"), "short drops pass unnoticed").toBeNull();
    clock.advance(1_100);
    await painted();
    expect(text(".badge")).toBe("Reconnecting in 6 s");
    expect(text(".banner")).toContain("Lost.");
    expect(root().querySelector(".banner button"), "one button is enough").toBeNull();
    find<HTMLButtonElement>("button.now").click();
    expect(host.all("retry")).toHaveLength(1);
    await push(connection("live", null));
    expect(root().querySelector(".banner")).toBeNull();
  });

  it("never counts below zero, nor from a clock that is far off", async () => {
    await live();
    await push(connection("reconnecting", clock.now() - 5_000));
    expect(text(".badge")).toBe("Reconnecting…");
    await push(connection("reconnecting", clock.now() + 7_200_000));
    expect(text(".badge")).toBe("Reconnecting…");
  });

  it("says offline and why", async () => {
    await live();
    await push(connection("offline", null, "The hub refused the token."));
    clock.advance(1_100);
    await painted();
    expect(text(".badge")).toBe("Offline");
    expect(text(".banner")).toContain("The hub refused the token.");
  });

  it("says that one was removed, takes no more text, and does again once one is back", async () => {
    await live();
    type("Half a sentence");
    await push(connection("removed", null, "You were removed from this conversation."));
    clock.advance(1_100);
    await painted();
    expect(text(".badge")).toBe("Removed");
    expect(text(".banner [role=status]")).toBe("You were removed from this conversation.");
    expect(find<HTMLTextAreaElement>("textarea").disabled).toBe(true);
    expect(find<HTMLButtonElement>("button.send").disabled).toBe(true);
    find<HTMLButtonElement>(".banner button").click();
    expect(host.all("retry")).toHaveLength(1);
    await push(connection("live", null));
    expect(find<HTMLTextAreaElement>("textarea").disabled).toBe(false);
    expect(find<HTMLTextAreaElement>("textarea").value).toBe("Half a sentence");
  });

  it("says so when the kernel is gone", async () => {
    await live();
    host.broken = true;
    store.send("Hi");
    await painted();
    clock.advance(1_100);
    await painted();
    expect(text(".badge")).toBe("Kernel not answering");
    expect(text(".banner")).toContain("run the cell again");
  });
});

it("offers earlier messages where there are some", async () => {
  await live({ messages: [question(5, "Hi")], hasMore: true });
  find<HTMLButtonElement>(".earlier").click();
  await painted();
  expect(host.all("history")).toMatchObject([{ beforeSeq: 5 }]);
  expect(text(".earlier")).toBe("Loading…");
  host.push({ kind: "ops", n: 2, ops: [{ op: "history", messages: [question(1, "Old")], hasMore: false }] });
  await painted();
  expect(root().querySelector(".earlier")).toBeNull();
  expect(root().querySelectorAll("article")).toHaveLength(2);
});

describe("a long conversation", () => {
  const messages = Array.from({ length: 1_000 }, (_, index) => question(index + 1, `m${index + 1}`));
  const drawn = (): string[] =>
    [...root().querySelectorAll("article .bubble")].map((each) => each.textContent ?? "");
  const grown = (count: number): Promise<void> =>
    until(async () => {
      await idle();
      expect(drawn()).toHaveLength(count);
    });

  it("is drawn from its end: little at first, the usual window when there is time, a page more when asked", async () => {
    host.push({ kind: "snapshot", n: 1, state: chatState({ messages }) });
    await clock.paint();
    expect(drawn()).toHaveLength(16);
    expect(drawn().at(-1)).toBe("m1000");
    await grown(200);
    find<HTMLButtonElement>(".earlier").click();
    await until(async () => {
      await idle();
      expect(drawn().length).toBeGreaterThanOrEqual(400);
    });
    expect(drawn().at(-1)).toBe("m1000");
    expect(host.all("history")).toEqual([]);
  });

  it("is drawn around a message that somebody looks for, and from its end again with one press", async () => {
    await live({ messages });
    await grown(200);
    store.show("q100");
    await clock.paint();
    await idle();
    expect(root().activeElement?.textContent).toContain("m100");
    expect(drawn().length).toBeLessThan(60);
    expect(drawn()).not.toContain("m1000");
    await painted();
    find<HTMLButtonElement>(".pill").click();
    await painted();
    expect(drawn().at(-1)).toBe("m1000");
    expect(drawn()).not.toContain("m100");
    await grown(200);
  });
});

it("greets an empty conversation", async () => {
  expect(text(".empty")).toBe("Opening the conversation…");
  await live();
  expect(text(".empty")).toContain("Everybody who opens “team” sees the same, live");
});

it("takes its height from Python", async () => {
  host.traits.height = 600;
  host.emit("height");
  await painted();
  expect(find("section").style.height).toBe("600px");
});

it("shares the draft and the state between the views of one model", async () => {
  const second = document.createElement("div");
  chat.show(second, store, host, life.signal);
  await live({ messages: [question(1, "Hi")] });
  type("half a thou");
  await painted();
  const other = second.firstElementChild?.shadowRoot;
  expect(other?.querySelector("textarea")?.value).toBe("half a thou");
  expect(other?.querySelectorAll("article")).toHaveLength(1);
});
