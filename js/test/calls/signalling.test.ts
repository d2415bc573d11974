// How a chat's view takes part in a call, as its kernel hears it.
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import { type CallPlace, kernelPlace } from "../../src/calls/signalling";
import { stillOf } from "../../src/calls/still";
import type { CallMedia, CallSignal } from "../../src/contract";
import type { Store } from "../../src/store/store";
import { FakeHost } from "../support/fake-host";

const MEDIA: CallMedia = { audio: true, video: false, screen: false };
const OFFER = { type: "offer", sdp: "v=0" } as unknown as CallSignal["signal"];

let host: FakeHost;
let asked: object[];
let place: CallPlace;
beforeEach(() => {
  [host, asked] = [new FakeHost(), []];
  const store = { host, ask: async (request: object) => void asked.push(request) };
  const parts = { call: signal(null), connection: signal(null), place: signal("team") };
  place = kernelPlace(store as unknown as Store, parts);
});

describe("a view in a call", () => {
  it("says under one name what it does, and another the next time", async () => {
    const one = place.signalling();
    await one.join(MEDIA);
    await one.update(MEDIA);
    await one.signal("other", OFFER);
    const { peerId } = one;
    expect(asked).toEqual([
      { kind: "call", peerId, action: "join", media: MEDIA },
      { kind: "call", peerId, action: "update", media: MEDIA },
      { kind: "call", peerId, action: "signal", toPeerId: "other", signal: OFFER },
    ]);
    expect(place.signalling().peerId).not.toBe(peerId);
  });

  it("says that it lives and that it leaves without waiting for a reply", () => {
    const one = place.signalling();
    one.alive();
    one.leave();
    const { peerId } = one;
    expect([asked, host.sent]).toEqual([
      [],
      [
        { kind: "call", peerId, action: "alive" },
        { kind: "call", peerId, action: "leave", requestId: expect.any(String) },
      ],
    ]);
  });

  it("goes without a word where the kernel is gone", () => {
    host.broken = true;
    const one = place.signalling();
    expect(() => {
      one.alive();
      one.leave();
    }).not.toThrow();
  });

  it("asks for the hub's own page", async () => {
    await place.page?.();
    expect(asked).toEqual([{ kind: "call", action: "page" }]);
  });
});

it("hears signals and nothing else, as long as it lives", () => {
  const heard: unknown[] = [];
  const life = new AbortController();
  place.onSignal((told) => heard.push(told), life.signal);
  const told = { kind: "signal", fromPeerId: "a", toPeerId: "b", signal: OFFER };
  for (const message of [null, undefined, 7, "signal", [], {}, { kind: "ops" }, told])
    host.emit("message", message);
  expect(heard).toEqual([told]);
  life.abort();
  host.emit("message", told);
  expect([heard.length, host.listeners]).toEqual([1, 0]);
});

describe("a still", () => {
  const NOW = new Date("2026-03-04T05:06:07.890Z");

  /** A video whose picture has so many bytes as a PNG. */
  function video(bytes: number | null): HTMLVideoElement {
    const canvas = {
      ...{ width: 0, height: 0, getContext: () => null },
      toBlob(done: (blob: object | null) => void, type: string) {
        done(bytes === null ? null : new Blob([new Uint8Array(type === "image/png" ? bytes : 3)], { type }));
      },
    };
    Object.assign(globalThis, { document: { createElement: () => canvas } });
    return { videoWidth: 640, videoHeight: 360 } as HTMLVideoElement;
  }

  it.each([
    [10, "screen-2026-03-04-050607.png", "image/png", 10],
    [4 * 1024 * 1024, "screen-2026-03-04-050607.png", "image/png", 4 * 1024 * 1024],
    [4 * 1024 * 1024 + 1, "screen-2026-03-04-050607.jpg", "image/jpeg", 3],
  ])("of %d bytes is %s", async (bytes, name, type, size) => {
    const file = await stillOf(video(bytes), "screen", NOW);
    expect([file.name, file.type, file.size]).toEqual([name, type, size]);
    Reflect.deleteProperty(globalThis, "document");
  });

  it("of a video that shows nothing yet is none", async () => {
    await expect(stillOf(video(null), "screen", NOW)).rejects.toThrow("There is no picture.");
    Reflect.deleteProperty(globalThis, "document");
  });
});
