// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import type { Requester } from "../../../src/host/host";
import { ownBar, ownConversation } from "../../../src/lab/panel/own-conversation";
import { speakLanguage } from "../../../src/lab/texts";
import type { Store } from "../../../src/store/store";
import { text } from "../../../src/texts/texts";
import { settled } from "../../support/fake-clock";
import { until } from "../../support/until";

const told = (status: number, body: string): { request: Requester } => ({
  request: async () => new Response(body, { status }),
});

describe("a notebook's own conversation", () => {
  it("is what the server says, by the notebook's path", async () => {
    const asked: string[] = [];
    const request: Requester = async (path) => {
      asked.push(path);
      return new Response('{"conversation":"a b-1"}');
    };
    expect(await ownConversation({ request }, "deep/a b.ipynb")).toBe("a b-1");
    expect(asked).toEqual(["api/notebook?path=deep%2Fa%20b.ipynb"]);
  });

  it("is none where there is no notebook, and where the server does not say", async () => {
    expect(await ownConversation(told(200, '{"conversation":"x"}'), "")).toBe("");
    expect(await ownConversation(told(404, "no"), "a.ipynb")).toBe("");
    expect(await ownConversation(told(200, "<html>"), "a.ipynb")).toBe("");
    expect(await ownConversation(told(200, '{"conversation":7}'), "a.ipynb")).toBe("");
    const request = (): Promise<Response> => Promise.reject(new TypeError("no network"));
    expect(await ownConversation({ request }, "a.ipynb")).toBe("");
  });
});

describe("the bar that leads to it", () => {
  const here = signal("main");
  const chat = signal<{ serverAway?: boolean } | null>(null);
  let asked: string[];
  let path: string;
  let life: AbortController;
  let listening: Set<() => void>;
  let arrivals: number;
  /** What the server answers: a conversation, a status, or nothing. */
  let server: Map<string, Promise<Response> | string | number | null>;
  /** What becomes of going there. */
  let opens: (conversationId: string) => Promise<void>;
  let bar: HTMLElement;

  const button = (): HTMLButtonElement => bar.querySelector("button") as HTMLButtonElement;
  const problem = (): string | null | undefined => bar.querySelector("[role=alert]")?.textContent;
  const isOffered = (): boolean => !button().hidden && button().style.display !== "none";

  const request: Requester = async (query) => {
    const said = server.get(decodeURIComponent(query.split("path=")[1] ?? "")) ?? null;
    if (said === null) throw new TypeError("no network");
    if (typeof said === "number") return new Response("{}", { status: said });
    return typeof said === "string" ? new Response(JSON.stringify({ conversation: said })) : said;
  };
  const seen = (another: string): void => {
    path = another;
    for (const listener of [...listening]) listener();
  };

  beforeEach(() => {
    speakLanguage("en");
    [here.value, chat.value, path, arrivals] = ["main", {}, "x/a.ipynb", 0];
    [asked, life, listening] = [[], new AbortController(), new Set()];
    server = new Map([
      ["x/a.ipynb", "a-1"],
      ["b.ipynb", "b-1"],
    ]);
    opens = async (conversationId) => {
      here.value = conversationId;
    };
    const store = {
      ...{ select: { conversationId: here }, chat },
      ask: ({ conversationId }: { conversationId: string }) => {
        asked.push(conversationId);
        return opens(conversationId);
      },
    } as unknown as Store;
    const onChange = (listener: () => void, signal: AbortSignal): void => {
      listening.add(listener);
      signal.addEventListener("abort", () => listening.delete(listener));
    };
    const arrived = (): void => {
      arrivals += 1;
    };
    const notebook = { path: () => path, onChange };
    bar = ownBar(store, { server: { request }, notebook, text, arrived, lifetime: life.signal });
  });
  const offered = (): Promise<void> => until(() => expect(isOffered()).toBe(true));

  it("names the notebook in sight, goes there, and is gone then", async () => {
    await offered();
    expect(button().textContent).toBe("Go to the chat of a.ipynb");
    button().click();
    await until(() => expect(arrivals).toBe(1));
    expect(asked).toEqual(["a-1"]);
    expect(isOffered()).toBe(false);
    seen("b.ipynb");
    await offered();
    expect(button().textContent).toBe("Go to the chat of b.ipynb");
    seen("");
    await until(() => expect(isOffered()).toBe(false));
  });

  it("says why it cannot go there, aloud, and still says where it leads", async () => {
    await offered();
    opens = () => Promise.reject(new Error("You are no member of this conversation."));
    button().click();
    await until(() => expect(problem()).toBe("You are no member of this conversation."));
    expect(button().textContent).toBe("Go to the chat of a.ipynb");
    expect([isOffered(), arrivals]).toEqual([true, 0]);
  });

  it.each([
    ["it is tried again", () => button().click()],
    ["the panel shows another conversation", () => (here.value = "other")],
    ["another notebook comes into sight", () => seen("b.ipynb")],
  ])("says no more what went wrong once %s", async (_, happens) => {
    await offered();
    opens = () => Promise.reject("no words");
    button().click();
    await until(() => expect(problem()).toBe("no words"));
    opens = () => new Promise(() => {});
    happens();
    expect(problem()).toBe("");
  });

  it("goes once, however often it is pressed meanwhile", async () => {
    await offered();
    let open = (): void => {};
    opens = () =>
      new Promise((resolve) => {
        open = resolve;
      });
    for (let press = 0; press < 3; press += 1) button().click();
    await until(() => expect(asked).toEqual(["a-1"]));
    button().click();
    open();
    await until(() => expect(arrivals).toBe(1));
    expect(asked).toEqual(["a-1"]);
  });

  it("goes nowhere where the notebook has changed before the server answered", async () => {
    await offered();
    let answer = (_: Response): void => {};
    server.set(
      "x/a.ipynb",
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    button().click();
    seen("b.ipynb");
    answer(new Response('{"conversation":"a-1"}'));
    await until(() => expect(button().textContent).toBe("Go to the chat of b.ipynb"));
    await until(() => expect(isOffered()).toBe(true));
    expect(asked).toEqual([]);
  });

  it("takes the answer for the notebook in sight, though an earlier one comes later", async () => {
    await offered();
    let answer = (_: Response): void => {};
    server.set(
      "late.ipynb",
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    seen("late.ipynb");
    seen("b.ipynb");
    await until(() => expect(button().textContent).toBe("Go to the chat of b.ipynb"));
    answer(new Response('{"conversation":"late-1"}'));
    button().click();
    await until(() => expect(arrivals).toBe(1));
    expect(asked).toEqual(["b-1"]);
  });

  it.each([
    ["does not answer", null],
    ["is about to stop", 503],
  ])("leads on to what was seen while the server %s", async (_, said) => {
    await offered();
    server.set("x/a.ipynb", said);
    button().click();
    await until(() => expect(arrivals).toBe(1));
    expect(asked).toEqual(["a-1"]);
  });

  it.each([
    ["has none of its own now", ""],
    ["is not known there any more", 404],
  ])("is gone where the notebook %s", async (_, said) => {
    await offered();
    server.set("x/a.ipynb", said);
    button().click();
    await until(() => expect(isOffered()).toBe(false));
    expect([asked, problem()]).toEqual([[], ""]);
  });

  it("asks again when the server is back for a notebook that came into sight meanwhile", async () => {
    await offered();
    chat.value = { serverAway: true };
    server.set("b.ipynb", null);
    seen("b.ipynb");
    await until(() => expect(isOffered()).toBe(false));
    server.set("b.ipynb", "b-2");
    chat.value = { serverAway: true };
    expect(isOffered()).toBe(false);
    chat.value = { serverAway: false };
    await offered();
    button().click();
    await until(() => expect(asked).toEqual(["b-2"]));
  });

  it.each([
    ["bidi\u202etxt.ipynb", "Go to the chat of biditxt.ipynb"],
    ["<img src=x>.ipynb", "Go to the chat of <img src=x>.ipynb"],
    ["a/b/c d.ipynb", "Go to the chat of c d.ipynb"],
  ])("names %j as a name may be shown", async (name, words) => {
    server.set(name, "n");
    seen(name);
    await until(() => expect(button().textContent).toBe(words));
    expect(bar.querySelector("img")).toBeNull();
  });

  it("leaves nothing behind when the panel is disposed of, also in the middle of a question", async () => {
    await offered();
    let open = (): void => {};
    opens = () =>
      new Promise((resolve) => {
        open = resolve;
      });
    button().click();
    await until(() => expect(asked).toEqual(["a-1"]));
    life.abort();
    open();
    expect(listening.size).toBe(0);
    const words = button().textContent;
    here.value = "other";
    chat.value = {};
    await settled();
    expect([button().textContent, arrivals]).toEqual([words, 0]);
  });
});
