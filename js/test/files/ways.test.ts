// The two ways of a file's bytes, as the kernel and the hub hear and answer them.
import { signal } from "@preact/signals";
import { describe, expect, it, vi } from "vitest";
import { type FileWay, kernelWay, serverWay, wayOf } from "../../src/files/ways";
import type { Requester } from "../../src/host/host";
import type { Store } from "../../src/store/store";
import { attach } from "../../src/texts/en/attach";
import { addTexts } from "../../src/texts/texts";

addTexts(attach);

const FILE = { id: "f", name: "a.txt", mediaType: "text/plain", size: 3, sha256: "00" };
const CONTENT = new TextEncoder().encode("abc").buffer;

describe("through the kernel", () => {
  it("a file is told by its name and size; one without a name has one", async () => {
    const ask = vi.fn(async () => ({ path: "p" }));
    const way = kernelWay({ ask } as never);
    expect([await way.begin(new File(["abc"], "a.txt")), await way.begin(new File([], ""))]).toEqual([
      "p",
      "p",
    ]);
    expect(ask.mock.calls).toEqual([
      [{ kind: "fileBegin", name: "a.txt", size: 3 }],
      [{ kind: "fileBegin", name: "file", size: 0 }],
    ]);
  });

  it("what is read is a copy: the rest of the message is not kept for it", async () => {
    const message = new TextEncoder().encode("a long message").buffer;
    const way = kernelWay({ ask: async () => new DataView(message, 2, 4) } as never);
    const read = await way.read(FILE, 0);
    expect([new TextDecoder().decode(read), read.byteLength]).toEqual(["long", 4]);
    expect(read).not.toBe(message);
  });
});

describe("through the server", () => {
  const wayTo = (answer: () => Response): { way: FileWay; request: ReturnType<typeof vi.fn<Requester>> } => {
    const request = vi.fn<Requester>(async () => answer());
    return { way: serverWay(request, "a/b?c=d&é"), request };
  };
  const withOffset = (status: number, offset?: string): (() => Response) => {
    const headers: Record<string, string> = offset === undefined ? {} : { "Upload-Offset": offset };
    return () => new Response(status === 200 ? JSON.stringify(FILE) : null, { status, headers });
  };

  it("names of conversations and files are what they are, whatever they contain", async () => {
    const { way, request } = wayTo(() => Response.json({ id: "u" }, { status: 201 }));
    expect(await way.begin(new File(["abc"], "a&b=c #1 é.txt"))).toBe("files/uploads/u");
    const [path, options] = request.mock.calls[0] ?? [];
    const query = new URLSearchParams(path?.split("?").slice(1).join("?"));
    expect(Object.fromEntries(query)).toEqual({ conversationId: "a/b?c=d&é", name: "a&b=c #1 é.txt" });
    expect(options).toEqual({
      method: "POST",
      headers: { "Upload-Complete": "?0", "Upload-Length": "3" },
    });
  });

  it.each([
    ["has taken it", withOffset(204, "3"), { offset: 3 }],
    ["has all of it", withOffset(200, "3"), { offset: 3, file: FILE }],
    ["has all of it, and does not say how much", withOffset(200), { offset: -1, file: FILE }],
    ["has more or less than was thought", withOffset(409, "2"), { offset: 2 }],
    ["has forgotten it", withOffset(404), { offset: -1 }],
    ["has forgotten it, whatever it says of its offset", withOffset(404, "2"), { offset: -1 }],
    ["does not say how much it has", withOffset(409), { offset: -1 }],
    ["does not say how much it took", withOffset(204), { offset: -1 }],
  ] as [string, () => Response, object][])("a piece is put, and the hub %s", async (_, answer, reached) => {
    const { way, request } = wayTo(answer);
    expect(await way.piece("files/uploads/u", 0, CONTENT, true)).toEqual(reached);
    expect(request).toHaveBeenCalledWith("files/uploads/u", {
      method: "PATCH",
      headers: { "Upload-Offset": "0", "Upload-Complete": "?1" },
      body: CONTENT,
    });
  });

  it.each([
    [
      "the hub's own words",
      () => Response.json({ error: "file: too large" }, { status: 413 }),
      "file: too large",
    ],
    ["the Jupyter server's", () => Response.json({ message: "Forbidden" }, { status: 403 }), "Forbidden"],
    ["one line", () => Response.json({ error: "a\nb\u202ec" }, { status: 400 }), "a bc"],
    [
      "something, where a page answers",
      () => new Response("<html>", { status: 502 }),
      "the hub does not take it",
    ],
    [
      "something, where nothing is said",
      () => new Response(null, { status: 500 }),
      "the hub does not take it",
    ],
    ["something, where null is said", () => Response.json(null, { status: 500 }), "the hub does not take it"],
    [
      "something, where no text is said",
      () => Response.json({ error: null }, { status: 500 }),
      "the hub does not take it",
    ],
  ])("what is refused is told in %s", async (_, answer, words) => {
    const { way } = wayTo(answer);
    const asked = [way.begin(new File([], "a")), way.piece("p", 0, CONTENT, false), way.read(FILE, 0)];
    for (const each of await Promise.allSettled(asked))
      expect(each).toMatchObject({ status: "rejected", reason: { message: words } });
  });

  it.each([
    [3, 0, "bytes=0-2"],
    [3, 2, "bytes=2-2"],
    [5_000_000, 2_097_152, "bytes=2097152-4194303"],
  ])("of %d bytes from %d on, %s are asked for", async (size, start, range) => {
    const { way, request } = wayTo(() => new Response("x", { status: 206 }));
    await way.read({ ...FILE, size }, start);
    expect(request).toHaveBeenCalledWith("files/f", { headers: { Range: range } });
  });

  it("an answer that is not the part that was asked for is none", async () => {
    const { way } = wayTo(() => new Response("all of it", { status: 200 }));
    await expect(way.read(FILE, 0)).rejects.toThrow("the hub does not take it");
  });
});

describe("the way that is taken", () => {
  const asking = vi.fn(async () => ({ path: "kernel" }));
  const request: Requester = async () => Response.json({ id: "server" }, { status: 201 });
  const begin = async (store: Store): Promise<string> => (await wayOf(store)).begin(new File([], "a"));

  function storeOf({
    state = "live",
    id = "c" as string | null,
    host = {},
    second = null as unknown,
  } = {}): Store {
    return {
      ...{ ask: asking, host, connection: signal({ state }), second: signal(second) },
      chat: signal(id === null ? null : { conversationId: id }),
    } as never;
  }

  it.each([
    ["the host's, where it has one", storeOf({ host: { request } }), "files/uploads/server"],
    [
      "the second one to the hub",
      storeOf({ second: { reach: async () => request } }),
      "files/uploads/server",
    ],
    ["the kernel's where neither is there", storeOf({ second: { reach: async () => null } }), "kernel"],
    ["the kernel's before there is a second one", storeOf(), "kernel"],
    [
      "the kernel's while the hub is away: it keeps files",
      storeOf({ state: "reconnecting", host: { request } }),
      "kernel",
    ],
    ["the kernel's where no conversation is known", storeOf({ id: null, host: { request } }), "kernel"],
  ])("is %s", async (_, store, path) => {
    expect(await begin(store)).toBe(path);
  });

  it("stays the same as long as nothing changes, and is another for another conversation", async () => {
    const store = storeOf({ host: { request } });
    const first = await wayOf(store);
    expect(await wayOf(store)).toBe(first);
    Object(store.connection).value = { state: "reconnecting" };
    expect(await wayOf(store)).not.toBe(first);
    Object(store.connection).value = { state: "live" };
    const again = await wayOf(store);
    Object(store.chat).value = { conversationId: "d" };
    expect(await wayOf(store)).not.toBe(again);
  });
});
