// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import type { Requester } from "../../src/host/host";
import { ownButton, ownConversation } from "../../src/lab/panel/own-conversation";
import { speakLanguage } from "../../src/lab/texts";
import type { Store } from "../../src/store/store";
import { text } from "../../src/texts/texts";
import { until } from "../support/until";

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

describe("the button to it", () => {
  const here = signal("main");
  const asked: unknown[] = [];
  let path = "";
  let changed = (): void => {};
  let refusal: string | null = null;
  let arrivals = 0;

  const button = (): HTMLElement => {
    const store = {
      select: { conversationId: here },
      ask: async (request: { conversationId: string }) => {
        asked.push(request);
        if (refusal) throw new Error(refusal);
        here.value = request.conversationId;
      },
    } as unknown as Store;
    const request: Requester = async (query) =>
      new Response(JSON.stringify({ conversation: query.endsWith("b.ipynb") ? "b-1" : "a-1" }));
    const notebook = {
      path: () => path,
      onChange: (listener: () => void) => {
        changed = listener;
      },
    };
    const arrived = (): void => {
      arrivals += 1;
    };
    return ownButton(store, { server: { request }, notebook, text, arrived });
  };

  beforeEach(() => {
    speakLanguage("en");
    [here.value, path, refusal, arrivals] = ["main", "x/a.ipynb", null, 0];
    asked.length = 0;
  });

  it("names the notebook in sight, goes there, and is gone then", async () => {
    const it = button();
    expect(it.hidden).toBe(true);
    await until(() => expect(it.hidden).toBe(false));
    expect(it.textContent).toBe("Go to the chat of a.ipynb");
    it.click();
    await until(() => expect(arrivals).toBe(1));
    expect(asked).toEqual([{ kind: "conversation", action: "open", conversationId: "a-1" }]);
    expect(it.hidden).toBe(true);
    path = "b.ipynb";
    changed();
    await until(() => expect(it.textContent).toBe("Go to the chat of b.ipynb"));
    expect(it.hidden).toBe(false);
    path = "";
    changed();
    await until(() => expect(it.hidden).toBe(true));
  });

  it("says why it cannot go there", async () => {
    const it = button();
    refusal = "You are no member of this conversation.";
    await until(() => expect(it.hidden).toBe(false));
    it.click();
    await until(() => expect(it.textContent).toBe(refusal));
    expect(arrivals).toBe(0);
  });
});
