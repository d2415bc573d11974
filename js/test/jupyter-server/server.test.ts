// @vitest-environment happy-dom
// What goes to the Jupyter server, and what of its frames is read.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { jupyterServer, NoChatError, type ServerSettings } from "../../src/jupyter-server/server";
import { readFrame } from "../../src/jupyter-server/wire";

const SETTINGS: ServerSettings = {
  ...{ baseUrl: "http://hub/user/ada/", wsUrl: "ws://hub/user/ada/", token: "", appendToken: false },
};
const { signal } = new AbortController();

let asked: [url: string, init: RequestInit][];
let answers: () => Promise<Response>;

beforeEach(() => {
  asked = [];
  answers = async () => Response.json({ userId: "ada" });
  vi.stubGlobal("fetch", (url: URL, init: RequestInit) => {
    asked.push([String(url), init]);
    return answers();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a request", () => {
  it.each([
    ["a token", { token: "secret" }, "token secret"],
    ["none", { token: "" }, undefined],
  ])("goes beneath the server's own address, with %s", async (_, change, expected) => {
    const { request } = jupyterServer({ ...SETTINGS, ...change });
    await request("files?name=a", { method: "POST", headers: { "Upload-Length": "3" } });
    const [url, { headers, method, redirect, credentials }] = asked[0] ?? expect.fail("nothing was asked");
    expect(url).toBe("http://hub/user/ada/conduit/files?name=a");
    expect([method, redirect, credentials]).toEqual(["POST", "error", "same-origin"]);
    expect(headers).toMatchObject({ "Upload-Length": "3" });
    expect((headers as Record<string, string>).Authorization).toBe(expected);
    expect(url).not.toContain("secret");
  });
});

describe("who one is", () => {
  it.each([
    [404, "absent"],
    [401, "denied"],
    [403, "denied"],
    [500, "unreachable"],
    [502, "unreachable"],
  ])("is not said with %d: %s", async (status, why) => {
    answers = async () => new Response("", { status });
    const failed = await jupyterServer(SETTINGS)
      .me(signal)
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NoChatError);
    expect(failed).toMatchObject({ why });
  });

  it("is not said where a login page comes in its place, nor where nobody answers", async () => {
    answers = async () => Object.defineProperty(new Response("<html>"), "redirected", { value: true });
    await expect(jupyterServer(SETTINGS).me(signal)).rejects.toMatchObject({ why: "denied" });
    answers = () => Promise.reject(new TypeError("no network"));
    await expect(jupyterServer(SETTINGS).me(signal)).rejects.toMatchObject({ why: "unreachable" });
  });
});

describe("the way of a view", () => {
  it.each([
    ["team", { token: "secret", appendToken: false }, null],
    ["a b&c=ü", { token: "secret", appendToken: true }, "secret"],
    ["", { token: "", appendToken: true }, null],
  ])(
    "names its conversation %j, and the token only where pages and server are apart",
    (id, change, token) => {
      const urls: URL[] = [];
      vi.stubGlobal(
        "WebSocket",
        class {
          binaryType = "blob";
          constructor(url: URL) {
            urls.push(url);
          }
        },
      );
      expect(jupyterServer({ ...SETTINGS, ...change }).view(id).binaryType).toBe("arraybuffer");
      expect(urls[0]?.pathname).toBe("/user/ada/conduit/view");
      expect(urls[0]?.searchParams.get("conversation")).toBe(id);
      expect(urls[0]?.searchParams.get("token")).toBe(token);
    },
  );
});

describe("a frame", () => {
  const binary = (...parts: [length: number, bytes: Uint8Array][]): ArrayBuffer => {
    const frame = new Uint8Array(parts.reduce((sum, [, bytes]) => sum + 4 + bytes.length, 0));
    let at = 0;
    for (const [length, bytes] of parts) {
      new DataView(frame.buffer).setUint32(at, length);
      frame.set(bytes, at + 4);
      at += 4 + bytes.length;
    }
    return frame.buffer;
  };
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

  it("is read with its parts, also where they are empty", () => {
    const head = json({ kind: "reply" });
    const frame = binary([head.length, head], [0, new Uint8Array()], [2, new Uint8Array([7, 8])]);
    const { message, buffers } = readFrame(frame) ?? expect.fail("nothing was read");
    expect(message).toEqual({ kind: "reply" });
    expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 2]);
    expect(buffers[1]?.getUint8(1)).toBe(8);
  });

  it.each([
    ["no JSON", "{"],
    ["empty", ""],
    ["a blob", new Blob(["{}"])],
    ["empty, and binary", new ArrayBuffer(0)],
    ["shorter than a length", new ArrayBuffer(3)],
    ["cut in a part", binary([9, json({})])],
    ["of a length beyond all", binary([0xffffffff, json({})])],
    ["no JSON in its first part", binary([2, new Uint8Array([0xff, 0xfe])])],
  ])("is left alone where it is %s", (_, data) => {
    expect(readFrame(data)).toBeNull();
  });
});
