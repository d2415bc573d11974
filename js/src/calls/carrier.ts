// What carries the media of a call: a mesh of the browsers themselves, or a server that the site runs.
import type { ReadonlySignal } from "@preact/signals";
import type { Call, CallSignal } from "../contract";

export type TrackKind = "audio" | "video" | "screen";
export const TRACK_KINDS: readonly TrackKind[] = ["audio", "video", "screen"];
export type Tracks = Readonly<Record<TrackKind, MediaStreamTrack | null>>;
export const NO_TRACKS: Tracks = { audio: null, video: null, screen: null };

/** `lost`: it was connected and is being connected again; `unreachable`: no way was found so far. */
export type PeerState = "connecting" | "connected" | "lost" | "unreachable";

/** How one other peer is heard and seen, as measured over the last seconds. */
export interface Quality {
  /** There and back, in ms. */
  roundTrip: number | null;
  /** The share of their packets that did not come, 0 to 1. */
  loss: number | null;
  width: number;
  height: number;
  /** Through a TURN server. */
  relayed: boolean;
  /** Pictures decoded since the beginning. */
  frames: number;
}

export interface Remote {
  readonly peerId: string;
  readonly state: ReadonlySignal<PeerState>;
  readonly tracks: ReadonlySignal<Tracks>;
  readonly quality: ReadonlySignal<Quality | null>;
  /** How loud they are now, 0 to 1. */
  level(): number;
}

export interface Carrier {
  readonly remotes: ReadonlySignal<ReadonlyMap<string, Remote>>;
  /** The line is so thin that the own pictures are small, or none: the voice goes first. */
  readonly thin: ReadonlySignal<boolean>;
  /** Whether a pair that finds no direct way has another one. */
  readonly hasRelay: boolean;
  /** Says who is in the call, oneself not. */
  setPeers(peerIds: readonly string[]): void;
  setLocal(kind: TrackKind, track: MediaStreamTrack | null): void;
  /** Takes in what another peer's browser says. */
  receive(fromPeerId: string, signal: CallSignal["signal"]): void;
  /** Sends a short text to everybody; it may be lost. */
  point(text: string): void;
  /** Takes what the hub said on joining again: fresh credentials, before the old ones end, or another call. */
  renew(call: Call): void;
  /** Looks for ways anew: the network has changed. */
  restart(): void;
  close(): void;
}

/** What a carrier tells. */
export interface CarrierEvents {
  signal(toPeerId: string, signal: CallSignal["signal"]): void;
  pointed(fromPeerId: string, text: string): void;
  /** Joins again at the hub, which then renews the carrier. Rejects with an Error when the hub does not answer. */
  rejoin(): Promise<void>;
}
