// The media through a LiveKit server that the site runs: each browser sends once, however many there are.
import { signal } from "@preact/signals";
import {
  ConnectionState,
  LogLevel,
  type RemoteParticipant,
  type RemoteTrack,
  Room,
  RoomEvent,
  setLogLevel,
  Track,
} from "livekit-client";
import type { Clock } from "../clock";
import type { Call, Sfu } from "../contract";
import {
  type Carrier,
  type CarrierEvents,
  NO_TRACKS,
  type PeerState,
  type Quality,
  type Remote,
  TRACK_KINDS,
  type TrackKind,
  type Tracks,
} from "./carrier";
import { type Counted, measured } from "./quality";

const MEASURE_MS = 2_000;
/** The library asks a server that answers strangely again and again. */
const CONNECT_MS = 20_000;
/** Between two attempts to come back, after the library has given up. */
const WAITS_MS = [1_000, 2_000, 5_000, 10_000];
const SOURCES: Readonly<Record<TrackKind, Track.Source>> = {
  audio: Track.Source.Microphone,
  video: Track.Source.Camera,
  screen: Track.Source.ScreenShare,
};

class RoomPeer implements Remote {
  readonly state = signal<PeerState>("connecting");
  readonly tracks = signal<Tracks>(NO_TRACKS);
  readonly quality = signal<Quality | null>(null);
  participant: RemoteParticipant | undefined;
  #counted: Counted = { received: 0, lost: 0 };

  constructor(readonly peerId: string) {}

  level(): number {
    return this.participant?.audioLevel ?? 0; // as the server hears it: packets do not say it any more
  }

  /** Takes over what the room has of this peer now. */
  refresh(participant: RemoteParticipant | undefined, lost: boolean): void {
    this.participant = participant;
    this.state.value = lost ? "lost" : participant ? "connected" : "connecting";
    const track = (kind: TrackKind): MediaStreamTrack | null =>
      participant?.getTrackPublication(SOURCES[kind])?.track?.mediaStreamTrack ?? null;
    const now: Tracks = { audio: track("audio"), video: track("video"), screen: track("screen") };
    if (TRACK_KINDS.some((kind) => now[kind] !== this.tracks.peek()[kind])) this.tracks.value = now;
  }

  async measure(): Promise<void> {
    const tracks = [...(this.participant?.trackPublications.values() ?? [])].map(({ track }) => track);
    const reports = await Promise.all(
      tracks.map((track) => (track as RemoteTrack | undefined)?.getRTCStatsReport()),
    );
    const all = reports.flatMap((report) => [...((report ?? []) as Iterable<[string, unknown]>)]);
    if (all.length === 0) return;
    const found = measured(all, this.#counted);
    this.#counted = found.counted;
    this.quality.value = found.quality;
  }
}

/** Comes into a call's room. Rejects with an Error when the server cannot be reached. */
export async function createRoomCarrier(call: Call, clock: Clock, events: CarrierEvents): Promise<Carrier> {
  setLogLevel(LogLevel.error); // else it writes who is in which room
  // The tracks are the session's: it ends them, and that when the page really goes.
  const room = new Room({ dynacast: true, stopLocalTrackOnUnpublish: false, disconnectOnPageLeave: false });
  const peers = new Map<string, RoomPeer>();
  const remotes = signal<ReadonlyMap<string, Remote>>(new Map());
  const local: Record<TrackKind, MediaStreamTrack | null> = { ...NO_TRACKS };
  const published: Record<TrackKind, MediaStreamTrack | null> = { ...NO_TRACKS };
  let { callId } = call;
  let lost = false;
  let closed = false;
  let tries = 0;
  let cancelMeasure = (): void => {};
  let cancelAgain = (): void => {};
  let work: Promise<unknown> = Promise.resolve();
  /** One thing at a time; what fails is tried again when the room is back. */
  const inTurn = (step: () => Promise<unknown>): void => {
    work = work.then(() => (closed ? null : step())).catch(() => {});
  };

  const refresh = (): void => {
    for (const peer of peers.values()) peer.refresh(room.remoteParticipants.get(peer.peerId), lost);
  };
  const publish = (kind: TrackKind): void =>
    inTurn(async () => {
      const [before, track] = [published[kind], local[kind]];
      if (before === track || room.state !== ConnectionState.Connected) return;
      published[kind] = null;
      if (before) await room.localParticipant.unpublishTrack(before, false);
      if (!track) return;
      await room.localParticipant.publishTrack(track, { source: SOURCES[kind] });
      published[kind] = track;
    });
  /** Whoever the hub has put out of the call gets nothing of us, though their token let them in. */
  const allow = (): void => {
    const allowed = [...peers.keys()].map((participantIdentity) => ({ participantIdentity, allowAll: true }));
    room.localParticipant.setTrackSubscriptionPermissions(false, allowed);
  };
  const enter = async ({ url, token }: Sfu): Promise<void> => {
    await room.disconnect(false); // the room of another call
    cancelAgain();
    if (closed) return;
    const cancel = clock.after(CONNECT_MS, () => void room.disconnect(false));
    try {
      await room.connect(url, token);
    } finally {
      cancel();
    }
    lost = false;
    tries = 0;
    Object.assign(published, NO_TRACKS);
    allow();
    for (const kind of TRACK_KINDS) publish(kind);
    refresh();
  };
  /** The library has given up, or the server has put us out: the hub knows whether we are in the call. */
  const comeBack = (): void => {
    cancelAgain();
    if (closed) return;
    const wait = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] as number;
    tries += 1;
    cancelAgain = clock.after(wait, () => void events.rejoin().catch(comeBack));
  };

  for (const event of [
    ...[RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected],
    ...[RoomEvent.TrackSubscribed, RoomEvent.TrackUnsubscribed],
  ] as const)
    room.on(event, refresh);
  room.on(RoomEvent.DataReceived, (payload, from) => {
    if (from && peers.has(from.identity)) events.pointed(from.identity, new TextDecoder().decode(payload));
  });

  const measure = async (): Promise<void> => {
    await Promise.all([...peers.values()].map((peer) => peer.measure().catch(() => {})));
    if (closed) return;
    cancelMeasure = clock.after(MEASURE_MS, () => void measure());
  };

  await enter(call.sfu as Sfu);
  const set = (isLost: boolean) => (): void => {
    lost = isLost;
    refresh();
    for (const kind of TRACK_KINDS) publish(kind);
  };
  room.on(RoomEvent.Reconnecting, set(true));
  room.on(RoomEvent.Reconnected, set(false));
  room.on(RoomEvent.Disconnected, () => {
    set(true)();
    comeBack();
  });
  cancelMeasure = clock.after(MEASURE_MS, () => void measure());

  return {
    remotes,
    thin: signal(false), // the server sends each receiver what their line takes
    hasRelay: true,
    setPeers(peerIds) {
      for (const peerId of [...peers.keys()]) if (!peerIds.includes(peerId)) peers.delete(peerId);
      for (const peerId of peerIds) if (!peers.has(peerId)) peers.set(peerId, new RoomPeer(peerId));
      allow();
      refresh();
      remotes.value = new Map(peers);
    },
    setLocal(kind, track) {
      local[kind] = track;
      publish(kind);
    },
    receive() {
      // The server introduces its peers itself.
    },
    point(at) {
      inTurn(() => room.localParticipant.publishData(new TextEncoder().encode(at), { reliable: false }));
    },
    renew(now) {
      const { sfu } = now;
      if (!sfu || (now.callId === callId && room.state !== ConnectionState.Disconnected)) return;
      callId = now.callId;
      inTurn(() => enter(sfu).catch(comeBack));
    },
    restart() {
      // The library follows the network itself.
    },
    close() {
      closed = true;
      cancelMeasure();
      cancelAgain();
      peers.clear();
      remotes.value = new Map();
      void room.disconnect(false);
    },
  };
}
