// @vitest-environment happy-dom
// The chat in the status bar, what it tells of it, and what is remembered of its panel.
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type News, watchNews } from "../../src/lab/panel/news";
import { remembered } from "../../src/lab/remembered";
import { statusItem } from "../../src/lab/status-item";
import { speakLanguage } from "../../src/lab/texts";
import type { Store } from "../../src/store/store";
import { text } from "../../src/texts/texts";
import { FakeClock, settled } from "../support/fake-clock";

speakLanguage("en");

const NEWS: News = { state: "live", provider: "local", unread: 0 };

describe("the item", () => {
  class Widget {
    id = "";
    node = document.createElement("div");
    addClass(name: string): void {
      this.node.classList.add(name);
    }
  }
  let tell: (news: News) => void;
  let revealed: number;
  let title: { caption: string; className: string };
  let button: HTMLButtonElement;

  beforeEach(() => {
    [revealed, title] = [0, { caption: "", className: "" }];
    const panel = {
      reveal: () => {
        revealed += 1;
      },
      onNews: (listener: typeof tell) => {
        tell = listener;
      },
      widget: { title },
    };
    const item = statusItem({ Widget } as never, panel as never);
    button = item.node.querySelector("button") as HTMLButtonElement;
  });

  it("names the chat before anything is known, and opens it", () => {
    expect([button.textContent, button.title]).toEqual([text("lab.chat"), text("lab.caption")]);
    expect(button.querySelector("[role=img]")).toBeNull();
    button.click();
    expect(revealed).toBe(1);
  });

  it.each(["live", "connecting", "offline"] as const)("says that it is %s, not by colour alone", (state) => {
    tell({ ...NEWS, state });
    const dot = button.querySelector("[role=img]");
    expect(dot?.getAttribute("aria-label")).toBe(text(`lab.${state}`));
    expect(button.title).toContain(text(`lab.${state}`));
    tell(NEWS);
    expect(button.querySelectorAll("[role=img]")).toHaveLength(1);
  });

  it.each([
    ["", 0, text("lab.chat"), ""],
    ["local", 0, `${text("lab.chat")} · local`, ""],
    ["<b>x</b>", 0, `${text("lab.chat")} · <b>x</b>`, ""],
    ["", 3, `${text("lab.chat")} · ${text("lab.unread", { count: 3 })}`, "conduit-unread"],
  ])("says who answers (%j) and what is unread (%d)", (provider, unread, words, className) => {
    tell({ ...NEWS, provider, unread });
    expect([button.textContent, title.className, button.querySelector("b")]).toEqual([
      words,
      className,
      null,
    ]);
    expect(title.caption.includes("3")).toBe(unread === 3);
  });
});

describe("the news", () => {
  const parts = (): object => ({
    connection: signal<object | null>(null),
    kernel: signal("answering"),
    select: { provider: signal<object | null>(null), readMarks: signal(0), messages: signal(0) },
  });
  let store: {
    connection: { value: object | null };
    kernel: { value: string };
    select: { provider: { value: object | null }; readMarks: { value: number }; messages: { value: number } };
    ask: ReturnType<typeof vi.fn>;
  };
  let clock: FakeClock;
  let told: News[];
  beforeEach(() => {
    [clock, told] = [new FakeClock(), []];
    store = { ...(parts() as typeof store), ask: vi.fn(async () => [{ unread: 2 }, { unread: 1 }]) };
    watchNews(store as unknown as Store, clock, new AbortController().signal, (news) => told.push(news));
  });
  const live = async (): Promise<void> => {
    store.connection.value = { state: "live" };
    clock.advance(2_000);
    await settled();
  };

  it.each([
    [null, "answering", "connecting"],
    ["connecting", "answering", "connecting"],
    ["reconnecting", "answering", "connecting"],
    ["live", "answering", "live"],
    ["live", "silent", "offline"],
    ["live", "gone", "offline"],
    ["removed", "answering", "offline"],
    ["failed", "answering", "offline"],
  ])("of a connection that is %s and a kernel that is %s are: %s", (state, kernel, words) => {
    store.kernel.value = kernel;
    store.connection.value = state === null ? null : { state };
    expect(told.at(-1)?.state).toBe(words);
  });

  it("name who answers, as a name may be shown", () => {
    store.select.provider.value = { provider: "lo\u202ecal\n" };
    expect(told.at(-1)?.provider).toBe("local");
    store.select.provider.value = null;
    expect(told.at(-1)?.provider).toBe("");
  });

  it("count what is unread in all conversations, now and then", async () => {
    await live();
    expect(told.at(-1)).toEqual({ state: "live", provider: "", unread: 3 });
    store.ask.mockResolvedValue([]);
    clock.advance(30_000);
    await settled();
    expect(told.at(-1)?.unread).toBe(0);
  });

  it("count soon after something came, and once however much comes", async () => {
    await live();
    const before = store.ask.mock.calls.length;
    for (let message = 1; message <= 50; message += 1) store.select.messages.value = message;
    store.select.readMarks.value = 1;
    clock.advance(2_000);
    await settled();
    expect(store.ask.mock.calls.length).toBe(before + 1);
  });

  it("ask nobody who is not there, and keep what was counted where that fails", async () => {
    clock.advance(60_000);
    await settled();
    expect(store.ask).not.toHaveBeenCalled();
    await live();
    store.ask.mockRejectedValue(new Error("an older hub"));
    clock.advance(30_000);
    await settled();
    store.kernel.value = "silent";
    expect(told.at(-1)).toEqual({ state: "offline", provider: "", unread: 3 });
    expect(clock.pending).toBe(1);
  });
});

describe("what is remembered", () => {
  it("is the conversation and whether the panel was open, a server each", () => {
    const here = remembered("https://a/");
    expect([here.conversation(), here.isOpen()]).toEqual(["", false]);
    here.keepConversation("team");
    here.keepOpen(true);
    const again = remembered("https://a/");
    expect([again.conversation(), again.isOpen()]).toEqual(["team", true]);
    const elsewhere = remembered("https://b/");
    expect([elsewhere.conversation(), elsewhere.isOpen()]).toEqual(["", false]);
    again.keepOpen(false);
    expect(remembered("https://a/").isOpen()).toBe(false);
  });

  it("is nothing where storage is denied, and nothing fails", () => {
    vi.stubGlobal("localStorage", {
      getItem: () => {
        throw new Error("denied");
      },
      setItem: () => {
        throw new Error("denied");
      },
      clear() {},
    });
    const here = remembered("https://a/");
    expect(() => here.keepConversation("team")).not.toThrow();
    expect([here.conversation(), here.isOpen()]).toEqual(["", false]);
    vi.unstubAllGlobals();
  });
});
