// The media through a LiveKit server that the site runs: each browser sends once, however many there are.
import { signal } from "@preact/signals";
import { type RemoteParticipant, type RemoteTrack, Room, RoomEvent, Track } from "livekit-client";
import type { Clock } from "../clock";
import type { Sfu } from "../contract";
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
    return this.participant?.audioLevel ?? 0;
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
export async function createRoomCarrier(sfu: Sfu, clock: Clock, events: CarrierEvents): Promise<Carrier> {
  const room = new Room({ dynacast: true });
  const peers = new Map<string, RoomPeer>();
  const remotes = signal<ReadonlyMap<string, Remote>>(new Map());
  const local: Record<TrackKind, MediaStreamTrack | null> = { ...NO_TRACKS };
  let lost = false;
  let closed = false;
  let cancelMeasure = (): void => {};
  let work: Promise<unknown> = Promise.resolve();
  /** One thing at a time; what fails is tried again when the room is back. */
  const inTurn = (step: () => Promise<unknown>): void => {
    work = work.then(step).catch(() => {});
  };

  const refresh = (): void => {
    for (const peer of peers.values()) peer.refresh(room.remoteParticipants.get(peer.peerId), lost);
  };
  for (const event of [
    ...[RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected],
    ...[RoomEvent.TrackSubscribed, RoomEvent.TrackUnsubscribed],
  ] as const)
    room.on(event, refresh);
  const set = (isLost: boolean) => (): void => {
    lost = isLost;
    refresh();
  };
  room.on(RoomEvent.Reconnecting, set(true));
  room.on(RoomEvent.Reconnected, set(false));
  room.on(RoomEvent.Disconnected, set(true));
  room.on(RoomEvent.DataReceived, (payload, from) => {
    if (from && peers.has(from.identity)) events.pointed(from.identity, new TextDecoder().decode(payload));
  });

  const measure = async (): Promise<void> => {
    await Promise.all([...peers.values()].map((peer) => peer.measure().catch(() => {})));
    if (closed) return;
    cancelMeasure = clock.after(MEASURE_MS, () => void measure());
  };

  await room.connect(sfu.url, sfu.token);
  cancelMeasure = clock.after(MEASURE_MS, () => void measure());

  return {
    remotes,
    thin: signal(false), // the server sends each receiver what their line takes
    hasRelay: true,
    setPeers(peerIds) {
      for (const peerId of [...peers.keys()]) if (!peerIds.includes(peerId)) peers.delete(peerId);
      for (const peerId of peerIds) if (!peers.has(peerId)) peers.set(peerId, new RoomPeer(peerId));
      // Whoever the hub has put out of the call gets nothing of us, though their token let them in.
      const allowed = peerIds.map((participantIdentity) => ({ participantIdentity, allowAll: true }));
      room.localParticipant.setTrackSubscriptionPermissions(false, allowed);
      refresh();
      remotes.value = new Map(peers);
    },
    setLocal(kind, track) {
      const before = local[kind];
      if (before === track) return;
      local[kind] = track;
      inTurn(async () => {
        if (before) await room.localParticipant.unpublishTrack(before, false);
        if (track && local[kind] === track)
          await room.localParticipant.publishTrack(track, { source: SOURCES[kind] });
      });
    },
    receive() {
      // The server introduces its peers itself.
    },
    point(text) {
      inTurn(() => room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: false }));
    },
    restart() {
      // The library follows the network itself.
    },
    close() {
      closed = true;
      cancelMeasure();
      peers.clear();
      remotes.value = new Map();
      void room.disconnect(false);
    },
  };
}
