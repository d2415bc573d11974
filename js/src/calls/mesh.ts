// The media from each browser to every other one; the hub only introduces them.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../clock";
import type { CallSignal, IceServer } from "../contract";
import { type Carrier, type CarrierEvents, NO_TRACKS, type Remote, type TrackKind } from "./carrier";
import { createPeerLink, type PeerLink } from "./peer-link";

const MEASURE_MS = 2_000;
/** Each picture is encoded anew for each of the others: from so many on they are smaller. */
const MANY = 3;
/** Signals of peers that nobody has told us of yet: they may be faster than the news. */
const MOST_EARLY = 128;

/** `relayOnly` is for tests and for people who want their address known to the site's server alone. */
export function createMesh(
  selfId: string,
  iceServers: readonly IceServer[],
  clock: Clock,
  events: CarrierEvents,
  relayOnly = false,
): Carrier {
  const links = new Map<string, PeerLink>();
  const remotes = signal<ReadonlyMap<string, Remote>>(links);
  const thin = signal(false);
  const local: Record<TrackKind, MediaStreamTrack | null> = { ...NO_TRACKS };
  let servers = serversOf(iceServers);
  let early: [string, CallSignal["signal"]][] = [];
  let cancelMeasure = (): void => {};
  let closed = false;

  const open = (peerId: string): PeerLink =>
    createPeerLink({
      ...{ peerId, clock, relayOnly, local },
      polite: selfId < peerId,
      iceServers: servers,
      send: (told) => events.signal(peerId, told),
      pointed: (text) => events.pointed(peerId, text),
    });

  const closeAllBut = (kept: ReadonlySet<string>): void => {
    for (const [peerId, link] of links) {
      if (kept.has(peerId)) continue;
      link.close();
      links.delete(peerId);
    }
  };

  const measure = async (): Promise<void> => {
    const steps = await Promise.all([...links.values()].map((link) => link.measure().catch(() => 0)));
    if (closed) return;
    thin.value = steps.some((step) => step > 0);
    cancelMeasure = clock.after(MEASURE_MS, () => void measure());
  };
  cancelMeasure = clock.after(MEASURE_MS, () => void measure());

  return {
    remotes: remotes as ReadonlySignal<ReadonlyMap<string, Remote>>,
    thin,
    hasRelay: iceServers.some(({ urls }) => urls.some((url) => url.startsWith("turn"))),
    setPeers(peerIds) {
      if (closed) return;
      closeAllBut(new Set(peerIds));
      for (const peerId of peerIds) if (!links.has(peerId)) links.set(peerId, open(peerId));
      for (const link of links.values()) link.limit(links.size < MANY ? 0 : 1);
      remotes.value = new Map(links);
      const waiting = early;
      early = waiting.filter(([from]) => !links.has(from));
      for (const [from, told] of waiting) links.get(from)?.receive(told);
    },
    setLocal(kind, track) {
      local[kind] = track;
      for (const link of links.values()) link.setLocal(kind, track);
    },
    receive(from, told) {
      const link = links.get(from);
      if (link) link.receive(told);
      else early = [...early, [from, told] as [string, CallSignal["signal"]]].slice(-MOST_EARLY);
    },
    point(text) {
      for (const link of links.values()) link.point(text);
    },
    renew(call) {
      servers = serversOf(call.iceServers ?? []);
      for (const link of links.values()) link.setServers(servers);
    },
    restart() {
      for (const link of links.values()) link.restart();
    },
    close() {
      closed = true;
      cancelMeasure();
      closeAllBut(new Set());
      remotes.value = new Map();
    },
  };
}

function serversOf(told: readonly IceServer[]): RTCIceServer[] {
  return told.map(({ urls, username, credential }) => ({
    urls,
    ...(username && credential && { username, credential }),
  }));
}
