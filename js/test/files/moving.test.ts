// What of a file goes up and comes down, piece after piece.
import { signal } from "@preact/signals";
import { describe, expect, it, vi } from "vitest";
import { browserClock } from "../../src/clock";
import { type Attaching, attachingOf, createQueue } from "../../src/files/attaching";
import { fetchFile } from "../../src/files/fetching";
import type { Requester } from "../../src/host/host";
import type { Store } from "../../src/store/store";
import { attach } from "../../src/texts/en/attach";
import { addTexts } from "../../src/texts/texts";
import { settled } from "../support/fake-clock";
import { until } from "../support/until";

addTexts(attach);

const FILE = { id: "f", name: "a.png", mediaType: "image/png", size: 3, sha256: "00" };

/** A chat whose kernel answers as told, and perhaps a server. */
function storeOf(
  ask: (request: { kind: string }) => Promise<unknown>,
  request?: Requester,
  state = "live",
): Store {
  const chat = signal({ conversationId: "c" });
  const connection = signal({ state });
  const composing = { carried: signal(null) };
  return { ask, host: { request }, chat, connection, clock: browserClock, composing } as never;
}

it("a file that is shorter than the hub said is not waited for", async () => {
  const store = storeOf(async () => new DataView(new ArrayBuffer(0)));
  await expect(fetchFile(store, { ...FILE, sha256: "11" })).rejects.toThrow("a.png came damaged");
});

describe("a file on its way up", () => {
  const added = (store: Store): Attaching => {
    const attaching = attachingOf(store);
    attaching.add([new File(["abc"], "a.txt")]);
    return attaching;
  };

  it("is given up where the hub takes nothing of it", async () => {
    const ask = vi.fn(async ({ kind }: { kind: string }) =>
      kind === "fileBegin" ? { path: "p" } : { offset: 0 },
    );
    const [item] = added(storeOf(ask)).items.value;
    await until(() => expect(item?.state.value).toBe("failed"));
    expect(item?.error.value).toBe("the hub does not take it");
    expect(ask.mock.calls.length).toBeLessThan(10);
  });

  it("is forgotten on the hub also when it was cancelled before it had begun there", async () => {
    let begin = (_: object): void => {};
    const ask = vi.fn(({ kind }: { kind: string }) =>
      kind === "fileBegin"
        ? new Promise((resolve) => {
            begin = resolve;
          })
        : Promise.resolve({ offset: 1 }),
    );
    const attaching = added(storeOf(ask));
    await settled();
    for (const item of attaching.items.value) attaching.remove(item);
    begin({ path: "p" });
    await until(() => expect(ask).toHaveBeenLastCalledWith({ kind: "fileForget", path: "p" }));
  });
});

it("a queue lets so many run at once, each in its turn", async () => {
  const queue = createQueue(2);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = (number: number) => async (): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    order.push(number);
    running -= 1;
    if (number === 1) throw new Error("one fails");
    return number;
  };
  const all = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => queue(work(number))));
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(all.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, true, true]);
});

describe("through the page's server", () => {
  const kernel = vi.fn(async () => Promise.reject(new Error("the kernel was asked")));
  const CONTENT = new Uint8Array(5 * 1024 * 1024).map((_, index) => index % 251);

  type Given = Record<string, string>;

  function slice({ Range: range }: Given): Response {
    const [start = 0, stop = 0] = (range?.match(/\d+/g) ?? []).map(Number);
    return new Response(CONTENT.slice(start, stop + 1), { status: 206 });
  }

  /** A hub that has taken so much of one upload, and loses the answer to every second piece. */
  function hub(): { request: Requester; asked: string[]; taken: Uint8Array[] } {
    const asked: string[] = [];
    const taken: Uint8Array[] = [];
    const put = (given: Given, piece: Uint8Array): Response => {
      const size = taken.reduce((sum, { length }) => sum + length, 0);
      if (Number(given["Upload-Offset"]) !== size)
        return Response.json({}, { status: 409, headers: { "Upload-Offset": String(size) } });
      taken.push(piece);
      if (taken.length % 2 === 1) throw new TypeError("the answer was lost");
      if (given["Upload-Complete"] === "?1") return Response.json(FILE);
      const reached = { "Upload-Offset": String(size + piece.length) };
      return new Response(null, { status: 204, headers: reached });
    };
    const request: Requester = async (path, { method = "GET", headers, body }) => {
      const given = headers as Given;
      asked.push(`${method} ${path.split("?")[0]} ${given["Upload-Offset"] ?? given.Range ?? ""}`.trim());
      if (method === "POST") return Response.json({ id: "u", offset: 0 }, { status: 201 });
      return method === "GET" ? slice(given) : put(given, new Uint8Array(body as ArrayBuffer));
    };
    return { request, asked, taken };
  }

  it("a file goes up past the kernel, on from where the hub has it", async () => {
    const { request, asked, taken } = hub();
    const attaching = attachingOf(storeOf(kernel, request));
    attaching.add([new File([CONTENT], "large.bin")]);
    const [item] = attaching.items.value;
    await until(() => expect(item?.state.value).toBe("done"));
    expect(Buffer.compare(Buffer.concat(taken), CONTENT)).toBe(0);
    expect(asked[0]).toBe("POST files");
    expect(asked.filter((each) => each === "PATCH files/uploads/u 2097152")).toHaveLength(1);
  });

  it("a file comes down by ranges", async () => {
    const { request, asked } = hub();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", CONTENT));
    const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const file = { ...FILE, size: CONTENT.length, sha256 };
    const progress = vi.fn();
    expect((await fetchFile(storeOf(kernel, request), file, progress)).size).toBe(CONTENT.length);
    expect(asked).toEqual([
      "GET files/f bytes=0-2097151",
      "GET files/f bytes=2097152-4194303",
      "GET files/f bytes=4194304-5242879",
    ]);
    expect(progress).toHaveBeenLastCalledWith(CONTENT.length);
  });

  it("a file waits in Python while the hub is away, which the server's way cannot", async () => {
    const asked: string[] = [];
    const python = async ({ kind }: { kind: string }): Promise<unknown> => {
      asked.push(kind);
      return kind === "fileBegin" ? { path: "waiting/1" } : { offset: 3, file: FILE };
    };
    const away: Requester = async () => Promise.reject(new TypeError("nobody answers"));
    const attaching = attachingOf(storeOf(python, away, "reconnecting"));
    attaching.add([new File(["abc"], "a.txt")]);
    const [item] = attaching.items.value;
    await until(() => expect(item?.state.value).toBe("done"));
    expect(asked).toEqual(["fileBegin", "filePiece"]);
  });

  it("a file begins anew in Python where the hub goes in the middle", async () => {
    const python = async ({ kind }: { kind: string }): Promise<unknown> =>
      kind === "fileBegin" ? { path: "waiting/1" } : { offset: 3, file: FILE };
    const request: Requester = async (_, { method }) => {
      if (method === "POST") return Response.json({ id: "u" }, { status: 201 });
      Object(store.connection).value = { state: "reconnecting" };
      throw new TypeError("nobody answers");
    };
    const store = storeOf(python, request);
    vi.useFakeTimers();
    const attaching = attachingOf(store);
    attaching.add([new File(["abc"], "a.txt")]);
    const [item] = attaching.items.value;
    for (let second = 0; second < 10; second += 1) await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    expect(item?.state.value).toBe("done");
    expect(item?.path).toBe("waiting/1");
  });

  it("what the hub says against a file is told in its words", async () => {
    const request: Requester = async () =>
      Response.json({ error: "file: has 9 bytes; the limit is 8" }, { status: 413 });
    const attaching = attachingOf(storeOf(kernel, request));
    attaching.add([new File(["123456789"], "a.txt")]);
    const [item] = attaching.items.value;
    await until(() => expect(item?.state.value).toBe("failed"));
    expect(item?.error.value).toBe("file: has 9 bytes; the limit is 8");
  });
});
