// @vitest-environment happy-dom
// The panel from its first try to its end: one chat, whatever is pressed meanwhile.
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Host } from "../../../src/host/host";
import { openPanel, type Panel, type PanelOptions } from "../../../src/lab/panel/panel";
import { remembered } from "../../../src/lab/remembered";
import { speakLanguage } from "../../../src/lab/texts";
import { createStore, type Store } from "../../../src/store/store";
import { text } from "../../../src/texts/texts";
import { answer, chatState, question } from "../../support/chat";
import { FakeClock, settled } from "../../support/fake-clock";
import { FakeHost } from "../../support/fake-host";
import { FakeSocket } from "../../support/fake-socket";
import { until } from "../../support/until";

const STATIC = `${pathToFileURL("test/support/lab").href}/`;
const ME = { userId: "ada", userName: "Ada", canWrite: true, keepsSeen: true, static: STATIC };

interface Opened {
  host: Host;
  store: Store;
  kernel: FakeHost;
  lifetime: AbortSignal;
}

let life: AbortController;
let clock: FakeClock;
let chats: Opened[];
let shows: () => void;
/** What the server answers to "who am I"; null: nothing. */
let me: (() => Promise<Response>) | null;
let asked: number;
let el: HTMLElement;
let sockets: FakeSocket[];

beforeEach(() => {
  speakLanguage("en");
  [life, clock, chats, asked, sockets] = [new AbortController(), new FakeClock(), [], 0, []];
  shows = () => {};
  me = async () => Response.json(ME);
  el = document.createElement("div");
  document.body.append(el);
  vi.stubGlobal("fetch", async (url: URL) => {
    if (!String(url).endsWith("api/me")) return Response.json({});
    asked += 1;
    if (!me) throw new TypeError("no network");
    return me();
  });
  vi.stubGlobal(
    "WebSocket",
    class extends FakeSocket {
      constructor(url: URL) {
        super(url.searchParams.get("conversation") ?? "");
        sockets.push(this);
      }
    },
  );
  vi.stubGlobal("givenChat", {
    open(host: Host, lifetime: AbortSignal): Store {
      const kernel = new FakeHost();
      const store = createStore(kernel, lifetime, clock);
      store.attach();
      chats.push({ host, store, kernel, lifetime });
      return store;
    },
    show(place: HTMLElement): void {
      shows();
      const view = document.createElement("div");
      view.className = "conduit-view";
      const inner = document.createElement("div");
      inner.attachShadow({ mode: "open" }).innerHTML = "<textarea></textarea>";
      view.append(inner);
      place.append(view);
    },
  });
});
afterEach(() => {
  life.abort();
  el.remove();
  vi.unstubAllGlobals();
  localStorage.clear();
});

const opened = (change: Partial<PanelOptions> = {}): Panel => {
  const server = { baseUrl: "http://here/", wsUrl: "ws://here/", token: "", appendToken: false };
  return openPanel(
    el,
    {
      ...{ server, memory: remembered(server.baseUrl), notebook: { path: () => "", onChange: () => {} } },
      ...{
        settings: null,
        language: "en",
        text,
        wantsMentions: () => false,
        reveal: () => {},
        tell: () => {},
      },
      ...{ lifetime: life.signal, ...change },
    },
    clock,
  );
};
const words = (): string | null | undefined => el.querySelector("[role=status]")?.textContent;
const button = (): HTMLButtonElement => el.querySelector("button.jp-mod-accept") as HTMLButtonElement;
const isShown = (): Promise<void> => until(() => expect(el.querySelector(".conduit-view")).not.toBeNull());
const says = (part: string): Promise<void> => until(() => expect(words()).toContain(part));
const only = (): Opened => {
  expect(chats.filter(({ lifetime }) => !lifetime.aborted)).toHaveLength(1);
  return chats.at(-1) as Opened;
};

describe("the first try", () => {
  it("says that it is under way, until the chat is there", async () => {
    let answerIt = (_: Response): void => {};
    me = () =>
      new Promise((resolve) => {
        answerIt = resolve;
      });
    opened();
    expect(words()).toBe(text("lab.loading"));
    answerIt(Response.json(ME));
    await isShown();
    expect(words()).toBeUndefined();
    only();
  });

  it("is made again by itself every five seconds while nobody answers", async () => {
    me = null;
    opened();
    await says("does not answer");
    clock.advance(4_900);
    expect(asked).toBe(1);
    clock.advance(100);
    expect(asked).toBe(2);
    me = async () => Response.json(ME);
    await until(() => expect(clock.pending).toBe(1));
    clock.advance(5_000);
    await isShown();
    only();
  });

  it("leaves the button, and who is at it, where they are: what is said already is not said again", async () => {
    me = null;
    opened();
    await says("does not answer");
    const [first, line] = [button(), el.querySelector("[role=status]")?.firstChild];
    first.focus();
    clock.advance(5_000);
    await until(() => expect(clock.pending).toBe(1));
    expect(el.querySelector("[role=status]")?.firstChild).toBe(line);
    expect([button(), document.activeElement]).toEqual([first, first]);
    first.click();
    expect(words()).toBe(text("lab.loading"));
    await says("does not answer");
    expect(document.activeElement).toBe(first);
  });

  it("opens one chat, however often and whenever it is asked for", async () => {
    me = null;
    opened();
    await says("does not answer");
    me = async () => Response.json(ME);
    for (let press = 0; press < 5; press += 1) button().click();
    clock.advance(5_000);
    await isShown();
    clock.advance(60_000);
    expect(chats).toHaveLength(1);
    expect(el.querySelectorAll(".conduit-view")).toHaveLength(1);
  });

  it.each([
    ["does not send the chat’s browser part", { ...ME, static: `${STATIC}none/` }],
    ["could not be opened", null],
  ])("says that it %s, and goes on when asked", async (part, given) => {
    me = async () => Response.json(given);
    opened();
    await says(part);
    expect(clock.pending, "not by itself").toBe(0);
    me = async () => Response.json(ME);
    button().click();
    await isShown();
    only();
  });

  it("leaves nothing of a chat that could not be shown", async () => {
    shows = () => {
      throw new Error("no canvas");
    };
    const tell = vi.fn();
    opened({ tell });
    await says("no canvas");
    expect(chats.map(({ lifetime }) => lifetime.aborted)).toEqual([true]);
    expect(el.querySelector(".conduit-view")).toBeNull();
    shows = () => {};
    button().click();
    await isShown();
    only();
    expect(sockets).toHaveLength(2);
  });
});

describe("the conversation that it opens", () => {
  const settings = (conversation: unknown): PanelOptions["settings"] =>
    ({ composite: { conversation } }) as unknown as PanelOptions["settings"];

  it.each([
    ["the one where the person left off", "left", "set", "left"],
    ["the one of the settings", "", "set", "set"],
    ["the main one", "", "", "main"],
    ["the main one, where nothing is set", "", undefined, "main"],
  ])("is %s", async (_, left, set, expected) => {
    remembered("http://here/").keepConversation(left);
    opened({ settings: settings(set) });
    await isShown();
    expect(sockets.map(({ conversation }) => conversation)).toEqual([expected]);
  });

  it("is remembered when it is another one, and no more after the end", async () => {
    opened();
    await isShown();
    const { kernel } = only();
    kernel.push({ kind: "snapshot", n: 1, state: chatState({ conversationId: "team" }) });
    await until(async () => {
      await clock.paint();
      expect(remembered("http://here/").conversation()).toBe("team");
    });
    life.abort();
    kernel.push({ kind: "snapshot", n: 2, state: chatState({ conversationId: "late" }) });
    await clock.paint();
    expect(remembered("http://here/").conversation()).toBe("team");
  });
});

describe("what the page asks of it", () => {
  it("is done once the chat is there, in order, below what is written already", async () => {
    me = null;
    const panel = opened();
    panel.write("About this cell");
    panel.write("And that one");
    expect(panel.newestCode()).toBeNull();
    await says("does not answer");
    me = async () => Response.json(ME);
    button().click();
    await isShown();
    const { store } = only();
    expect(store.draft.value).toBe("About this cell\n\nAnd that one");
    store.draft.value = "Mine \n\n";
    panel.write("More");
    expect(store.draft.value).toBe("Mine\n\nMore");
  });

  it("puts the focus at the end of what is written", async () => {
    const panel = opened();
    await isShown();
    const field = el.querySelector(".conduit-view > div")?.shadowRoot?.querySelector("textarea");
    if (!field) return expect.fail("no composer");
    field.value = "abc";
    panel.focus();
    expect(field.getRootNode()).toBe(el.querySelector(".conduit-view > div")?.shadowRoot);
    expect([field.selectionStart, field.selectionEnd]).toEqual([3, 3]);
  });

  it("gives the newest code of the conversation", async () => {
    const panel = opened();
    await isShown();
    const messages = [question(1, "```\nold\n```"), answer(2, "Try:\n```python\nnew()\n```\nor not.")];
    only().kernel.push({ kind: "snapshot", n: 1, state: chatState({ messages }) });
    await until(async () => {
      await clock.paint();
      expect(panel.newestCode()).toBe("new()");
    });
  });
});

describe("the end of the panel", () => {
  it("ends everything that it holds", async () => {
    const tell = vi.fn();
    opened({ tell });
    await isShown();
    const { lifetime, kernel } = only();
    kernel.push({ kind: "snapshot", n: 1, state: chatState() });
    await clock.paint();
    expect(tell).toHaveBeenCalled();
    life.abort();
    expect(lifetime.aborted).toBe(true);
    const before = tell.mock.calls.length;
    kernel.push({ kind: "snapshot", n: 2, state: chatState({ readMarks: { ada: 3 } }) });
    clock.advance(120_000);
    expect([tell.mock.calls.length, kernel.listeners, clock.pending]).toEqual([before, 0, 0]);
  });

  it.each([
    ["comes in the middle of the first question", () => new Promise<Response>(() => {})],
    ["comes before the answer", async () => Response.json(ME)],
  ])("opens nothing where it %s", async (_, answers) => {
    me = answers;
    opened();
    life.abort();
    await import(`${STATIC}chat.js`); // by then the panel has it, too
    await settled();
    expect([chats, clock.pending]).toEqual([[], 0]);
  });

  it("tries no more where nobody answered", async () => {
    me = null;
    opened();
    await says("does not answer");
    life.abort();
    clock.advance(60_000);
    expect(asked).toBe(1);
  });
});
