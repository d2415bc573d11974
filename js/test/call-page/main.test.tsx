// @vitest-environment happy-dom
// The hub's own page of a call, from its ticket to its end.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { settled } from "../support/fake-clock";
import { until } from "../support/until";

const END = "\u001e";
const SEAT = { key: "seat_x", conversationId: "team", userId: "ann", userName: "Ann" };
const KEPT = "conduit-call:seat";

class HubSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly address: URL) {
    sockets.push(this);
  }

  send(data: string): void {
    for (const text of data.split(END)) if (text) this.#hear(JSON.parse(text));
  }

  says(record: object): void {
    this.onmessage?.({ data: JSON.stringify(record) + END });
  }

  close(): void {
    this.closed = true;
  }

  #hear({
    protocol,
    target,
    invocationId,
  }: {
    protocol?: string;
    target?: string;
    invocationId?: string;
  }): void {
    if (protocol) this.says({});
    else if (target === "JoinConversation")
      this.says({ type: 3, invocationId, ...(refusal ? { error: refusal } : { result: { call: null } }) });
  }
}

let sockets: HubSocket[];
let asked: { url: string; body: string; method: string | undefined }[];
let answer: () => Response;
let refusal: string | null;
let closings: number;

beforeEach(() => {
  [sockets, asked, refusal, closings] = [[], [], null, 0];
  answer = () => Response.json(SEAT);
  sessionStorage.clear();
  document.body.innerHTML = '<div id="call"></div>';
  vi.stubGlobal("WebSocket", HubSocket);
  vi.stubGlobal("close", () => {
    closings += 1;
  });
  vi.stubGlobal("fetch", async (url: URL, { body, method }: RequestInit) => {
    asked.push({ url: String(url), body: String(body), method });
    return answer();
  });
  vi.resetModules();
});
afterEach(() => vi.unstubAllGlobals());

async function open(ticket: string, language = "en-GB"): Promise<void> {
  Object.defineProperty(navigator, "language", { value: language, configurable: true });
  location.href = `https://site.example/chat/call.html${ticket && `#${ticket}`}`;
  await import("../../src/call-page/main");
  for (let turn = 0; turn < 10; turn += 1) await settled();
}

const root = (): ShadowRoot => document.getElementById("call")?.shadowRoot as ShadowRoot;
const words = (): string => root().querySelector(".over")?.textContent ?? "";

/** Comes in, and waits until the lobby stands there. */
async function comeIn(): Promise<HubSocket> {
  await until(() => expect(sockets).toHaveLength(1));
  const [socket] = sockets as [HubSocket];
  socket.onopen?.();
  await settled();
  return socket;
}

describe("a ticket", () => {
  it("is given back for a seat, at the hub that the page is from, and stays in no address", async () => {
    await open("ticket-1");
    await until(() => expect(root().querySelector(".lobby")).not.toBeNull());
    expect(asked).toEqual([
      { url: "https://site.example/chat/call/seat", body: '{"ticket":"ticket-1"}', method: "POST" },
    ]);
    expect(location.href).toBe("https://site.example/chat/call.html");
    const { address } = await comeIn();
    expect(String(address)).toBe("wss://site.example/chat/hubs/chat?access_token=seat_x");
  });

  it("that is used up is told of in the hub's words, and no seat is kept", async () => {
    answer = () => Response.json({ error: "The ticket was used already." }, { status: 403 });
    await open("ticket-1");
    await until(() => expect(words()).toBe("The ticket was used already."));
    expect([sessionStorage.getItem(KEPT), sockets.length]).toEqual([null, 0]);
    expect(root().querySelector(".over")?.getAttribute("role")).toBe("status");
  });

  it("is missing where the page was opened by itself", async () => {
    await open("");
    await until(() => expect(words()).toBe("This page has no ticket: open the call from the chat."));
    expect(asked).toEqual([]);
  });
});

it("loaded again the page takes its seat again, without a ticket", async () => {
  sessionStorage.setItem(KEPT, JSON.stringify(SEAT));
  await open("");
  await until(() => expect(root().querySelector(".lobby")).not.toBeNull());
  expect(asked).toEqual([]);
  await comeIn();
});

it("a hub that lets one in no more ends it, and the seat is forgotten", async () => {
  refusal = "You are not in this conversation.";
  await open("ticket-1");
  expect(sessionStorage.getItem(KEPT)).not.toBeNull();
  const socket = await comeIn();
  await until(() => expect(words()).toBe("You are not in this conversation."));
  expect([sessionStorage.getItem(KEPT), socket.closed, closings]).toEqual([null, true, 0]);
});

it.each([
  ["en-GB", "en", "Start a call"],
  ["de-CH", "de-CH", "Anruf beginnen"],
  ["fr", "en", "Start a call"],
])("the page speaks as the browser does: %s", async (language, lang, label) => {
  await open("ticket-1", language);
  await until(() => expect(root().querySelector(".lobby")).not.toBeNull());
  expect([document.documentElement.lang, root().querySelector("[data-first]")?.textContent]).toEqual([
    lang,
    label,
  ]);
  expect(document.title).not.toBe("");
});
