import { type Signal, signal } from "@preact/signals";
import type { Quality, Remote } from "../../src/calls/carrier";
import { createDevices } from "../../src/calls/devices";
import type { Point } from "../../src/calls/pointing";
import type { CallSession } from "../../src/calls/session";
import { SILENCE, type SpeakerState } from "../../src/calls/speaker";
import { createSettings } from "../../src/composing/browser-storage";
import type { CallPeer } from "../../src/contract";

/** Somebody in a call, who sends what is named. */
export function peer(peerId: string, userName: string, media: Partial<CallPeer["media"]> = {}): CallPeer {
  return {
    ...{ peerId, userId: `user-${peerId}`, userName, joinedAt: "2026-01-01T00:00:00Z" },
    media: { audio: true, video: false, screen: false, ...media },
  };
}

/** A track that the browser would give. */
export function fakeTrack(id: string): MediaStreamTrack {
  return { id, kind: "video" } as MediaStreamTrack;
}

export const MEASURED: Quality = {
  ...{ roundTrip: 41.6, loss: 0.0249, width: 0, height: 0, relayed: false, frames: 0 },
};

/** How the way to a peer does. */
export function remote(peerId: string, change: Record<string, unknown> = {}): Remote {
  const tracks = { audio: null, video: null, screen: null };
  const all = { state: "connected", tracks, quality: null, ...change };
  return {
    ...{ peerId, level: () => 0 },
    ...Object.fromEntries(Object.entries(all).map(([name, value]) => [name, signal(value)])),
  } as unknown as Remote;
}

type State<T> = Signal<T>;

/** A session whose state the test sets, and which writes down what is asked of it. */
export class FakeCall {
  readonly asked: unknown[][] = [];
  readonly phase = signal("in");
  readonly selfId: State<string | null> = signal("me");
  readonly peers: State<readonly CallPeer[]> = signal([]);
  readonly remotes: State<ReadonlyMap<string, Remote>> = signal(new Map());
  readonly heard = signal(false);
  readonly thin = signal(false);
  readonly hasRelay = signal(false);
  readonly notice: State<string | null> = signal(null);
  readonly speaking: State<SpeakerState> = signal(SILENCE);
  readonly points: State<ReadonlyMap<string, Point>> = signal(new Map());
  readonly blocked = signal(false);
  readonly media = {
    tracks: {
      audio: signal<MediaStreamTrack | null>(null),
      video: signal<MediaStreamTrack | null>(null),
      screen: signal<MediaStreamTrack | null>(null),
    },
    live: signal(false),
    devices: createDevices(createSettings(null), () => {}),
    problem: signal<string | null>(null),
    open: async (kind: string) => this.#asks("open", kind),
    stop: (kind: string) => this.#asks("stop", kind),
  };
  keep: ((picture: File) => Promise<void>) | undefined;
  page: (() => Promise<{ url: string; expiresIn: number }>) | undefined;

  get session(): CallSession {
    const { points, blocked } = this;
    const named =
      (name: string) =>
      (...args: unknown[]) =>
        this.#asks(name, ...args);
    const actions = ["join", "leave", "mute", "camera", "share", "stopSharing", "choose"];
    return {
      ...this,
      ...Object.fromEntries(actions.map((name) => [name, named(name)])),
      voices: { blocked, unblock: named("unblock") },
      pointing: { points, point: named("point") },
    } as unknown as CallSession;
  }

  #asks(...what: unknown[]): Promise<void> {
    this.asked.push(what);
    return Promise.resolve();
  }
}
