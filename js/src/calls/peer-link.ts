// The way to one other browser: who offers, who yields, and what is done when nothing moves.
//
// An offer has an id that its answer names. One that is not answered is said again, word for word: the other one
// says its answer again. Who leads (the peer with the larger id) looks for another way when there is none for a while,
// by an ICE restart and then by a connection that is wholly new; the other one sees that by its certificate.
import { signal } from "@preact/signals";
import type { Clock } from "../clock";
import type { CallSignal } from "../contract";
import { uuid } from "../identifier";
import { createTimer } from "../timer";
import { type Candidates, createCandidates } from "./candidates";
import { NO_TRACKS, type PeerState, type Quality, type Remote, type TrackKind, type Tracks } from "./carrier";
import { openPlaces, type Places } from "./places";
import { BEST, type Counted, measured, nextPace, STEPS } from "./quality";

type Signal = CallSignal["signal"];

/** A description as peers of this build tell it; what others leave out is not looked at. */
interface Told extends RTCSessionDescriptionInit {
  /** Of an offer. */
  id?: string;
  /** Of an answer: the offer that it answers. */
  to?: string;
}

/** Candidates that are found so soon go with the description: one message instead of many. */
const GATHER_MS = 60;
/** Who is polite waits so long for an offer before making one: peers that others wrote may expect it. */
const POLITE_MS = 10_000;
/** An offer without an answer is said again after so long, and then ever more slowly. */
const ANSWER_MS = 3_000;
/** A way that was agreed on is found by then, or another one is looked for. */
const CONNECT_MS = 10_000;
/** A way that is lost may come back by itself so soon. */
const LOST_MS = 2_500;
/** So often an offer is said to somebody who answered before. */
const MOST_SAID = 3;
const SLOWEST_MS = 30_000;
/** After so long without a first connection one is told that no way was found. */
const PATIENCE_MS = 12_000;

export interface PeerLink extends Remote {
  setLocal(kind: TrackKind, track: MediaStreamTrack | null): void;
  receive(signal: Signal): void;
  point(text: string): void;
  restart(): void;
  /** Takes servers with fresh credentials; what goes through one of them moves over. */
  setServers(iceServers: RTCIceServer[]): void;
  /** The best step of the pictures that are sent: to many peers one sends smaller ones. */
  limit(step: number): void;
  /** Looks how it does; returns the step of the pictures that are sent. */
  measure(): Promise<number>;
  close(): void;
}

interface Options {
  peerId: string;
  /** Of two peers the one with the smaller id is polite: its offer yields, and the other one leads. */
  polite: boolean;
  iceServers: RTCIceServer[];
  relayOnly: boolean;
  local: Tracks;
  clock: Clock;
  send(signal: Signal): void;
  pointed(text: string): void;
}

export function createPeerLink(options: Options): PeerLink {
  const { peerId, polite, clock, send } = options;
  const state = signal<PeerState>("connecting");
  const tracks = signal<Tracks>(NO_TRACKS);
  const quality = signal<Quality | null>(null);
  const local: Record<TrackKind, MediaStreamTrack | null> = { ...options.local };
  let { iceServers } = options;
  let closed = false;
  let work: Promise<void> = Promise.resolve();
  const nextLook = createTimer(clock);
  /** How often another way was looked for since there last was one. */
  let searches = 0;
  let least = 0;

  // Of the present connection.
  let places!: Places;
  let candidates!: Candidates;
  let begun = false;
  let describing = false;
  let offerId = "";
  /** How often the open offer was said. */
  let said = 0;
  let isPatient = true;
  let answer: Told | null = null;
  let pace = BEST;
  let sentStep = 0;
  let counted: Counted = { received: 0, lost: 0 };

  const configuration = (): RTCConfiguration => ({
    iceServers,
    iceTransportPolicy: options.relayOnly ? "relay" : "all",
  });

  /** A connection without a past. */
  const renew = (): void => {
    const before = places?.pc;
    places = openPlaces(configuration());
    candidates = createCandidates(places.pc);
    [begun, describing, offerId, answer, isPatient] = [false, false, "", null, true];
    [pace, sentStep, counted] = [BEST, 0, { received: 0, lost: 0 }];
    hear(places);
    before?.close();
  };

  const hear = (own: Places): void => {
    const { pc, pointer } = own;
    pc.onnegotiationneeded = () => {
      if (begun && own === places) inTurn(offer);
    };
    pc.onicecandidate = ({ candidate }) => {
      if (candidate && !describing) send({ candidate: candidate.toJSON() });
    };
    pc.ontrack = ({ transceiver }) => {
      const kind = own.kindOf(transceiver);
      if (kind) tracks.value = { ...tracks.value, [kind]: transceiver.receiver.track };
    };
    pc.onconnectionstatechange = () => {
      if (!closed && own === places) moved(pc.connectionState);
    };
    pointer.onmessage = ({ data }) => {
      if (typeof data === "string") options.pointed(data);
    };
  };

  const moved = (now: RTCPeerConnectionState): void => {
    if (now === "connected") {
      cancelPatience();
      searches = 0;
      isPatient = true;
      state.value = "connected";
      lookLater(CONNECT_MS); // an offer may be open still
    } else if (now === "disconnected") {
      state.value = "lost";
      lookLater(LOST_MS);
    } else if (now === "failed") {
      state.value = state.value === "lost" || state.value === "connected" ? "lost" : "unreachable";
      lookLater(searches === 0 ? 0 : LOST_MS);
    }
  };

  const begin = (): void => {
    if (begun || closed) return;
    begun = true;
    places.make(local);
    // The data channel has asked for an offer before there was anything else: it is not asked for again.
    inTurn(offer);
  };

  /** Sets a description; resolves with it, and with the candidates of the first moments in it. */
  const describe = async (): Promise<Told | null> => {
    const own = places;
    describing = true;
    try {
      await own.pc.setLocalDescription();
      await new Promise<void>((done) => {
        if (own.pc.iceGatheringState === "complete") done();
        else clock.after(GATHER_MS, done);
      });
    } finally {
      if (own === places) describing = false;
    }
    return closed || own !== places ? null : (own.pc.localDescription?.toJSON() ?? null);
  };

  const offer = async (): Promise<void> => {
    if (closed || places.pc.signalingState !== "stable") return; // it is asked again when that is over
    offerId = uuid();
    said = 0;
    if (await describe()) say();
  };

  /** Says the offer that is open, with all candidates that are known by now. */
  const say = (): void => {
    const description = places.pc.localDescription?.toJSON();
    if (description?.type !== "offer") return;
    send({ description: { ...description, id: offerId } });
    lookLater(ANSWER_MS * 2 ** Math.min(said, 3));
    said += 1;
  };

  /** A first offer of ours yields with everything in it; and another certificate is another connection. */
  const isOfAnother = ({ sdp }: Told): boolean => {
    const known = places.pc.remoteDescription;
    return known ? printOf(known.sdp) !== printOf(sdp) : begun;
  };

  const takeOffer = async (told: Told): Promise<void> => {
    if (answer && told.id && told.id === answer.to) {
      send({ description: { ...answer } }); // it was lost
      return;
    }
    if (!polite && places.pc.signalingState === "have-local-offer") return; // the other one yields
    if (isOfAnother(told)) renew();
    begun = true;
    await places.pc.setRemoteDescription(told);
    await places.fill(local);
    await candidates.described();
    const described = await describe();
    if (described?.type !== "answer") return;
    answer = { ...described, ...(told.id && { to: told.id }) };
    send({ description: { ...answer } });
    if (places.pc.connectionState !== "connected") lookLater(CONNECT_MS);
  };

  const takeAnswer = async (told: Told): Promise<void> => {
    const { pc } = places;
    if (pc.signalingState !== "have-local-offer" || (told.to && told.to !== offerId)) return;
    await pc.setRemoteDescription(told);
    await candidates.described();
    lookLater(CONNECT_MS);
  };

  const take = async ({ description, candidate }: Signal): Promise<void> => {
    if (closed) return;
    if (candidate) return candidates.take(candidate as RTCIceCandidateInit);
    const told = description as Told;
    return told.type === "offer" ? takeOffer(told) : takeAnswer(told);
  };

  /** One thing at a time; what a broken peer says costs its own connection and no more. */
  const inTurn = (step: () => Promise<void>): void => {
    work = work.then(step).catch(() => {
      if (!closed && state.value !== "connected") state.value = "unreachable";
    });
  };

  /** Looks for another way; where that was in vain, who leads begins anew. */
  const seek = (anew: boolean): void => {
    if (closed || !begun) return;
    if (anew) {
      renew();
      begin();
    } else places.pc.restartIce();
  };

  /** Looks after a while whether it moves. */
  const lookLater = (ms: number): void => {
    // Who leads goes first; the other one only where that one cannot.
    nextLook.set(polite ? ms * 2 + 1_000 : ms, () => inTurn(look));
  };
  const look = async (): Promise<void> => {
    const { pc } = places;
    if (closed || (pc.connectionState === "connected" && pc.signalingState === "stable")) return;
    // Who answered once and answers no more has perhaps nothing to answer with.
    const isDeaf = !polite && said >= MOST_SAID && pc.remoteDescription !== null;
    if (pc.signalingState === "have-local-offer") {
      if (isDeaf) seek(true);
      else say();
    } else if (isClose(pc) && isPatient) {
      isPatient = false;
      lookLater(CONNECT_MS);
    } else {
      lookLater(Math.min(CONNECT_MS * 1.5 ** searches, SLOWEST_MS));
      searches += 1;
      seek(!polite && searches % 2 === 0);
    }
  };

  renew();
  const cancelPatience = clock.after(PATIENCE_MS, () => {
    if (state.value === "connecting") state.value = "unreachable";
  });
  const politeness = createTimer(clock);
  if (polite) politeness.set(POLITE_MS, begin);
  else begin();

  const setStep = async (): Promise<void> => {
    const step = Math.max(least, pace.step);
    if (step === sentStep || !begun) return;
    sentStep = step;
    for (const kind of ["video", "screen"] as const) {
      const sender = places.of(kind)?.sender;
      const parameters = sender?.getParameters();
      const [encoding] = parameters?.encodings ?? [];
      if (!sender || !parameters || !encoding) continue;
      parameters.encodings = [{ ...encoding, ...STEPS[step] }];
      await sender.setParameters(parameters);
    }
  };

  return {
    peerId,
    state,
    tracks,
    quality,
    level() {
      const [source] = places.of("audio")?.receiver.getSynchronizationSources() ?? [];
      return source?.audioLevel ?? 0;
    },
    setLocal(kind, track) {
      local[kind] = track;
      if (begun) inTurn(async () => (closed ? undefined : places.fill(local)));
    },
    receive: (told) => inTurn(() => take(told)),
    point(text) {
      if (places.pointer.readyState === "open") places.pointer.send(text);
    },
    restart: () => seek(false),
    setServers(fresh) {
      iceServers = fresh;
      if (closed) return;
      places.pc.setConfiguration({ ...configuration(), bundlePolicy: "max-bundle" });
      if (quality.peek()?.relayed && !polite) seek(false);
    },
    limit(step) {
      least = step;
    },
    async measure() {
      const { pc } = places;
      if (closed || state.value !== "connected") return pace.step;
      const found = measured((await pc.getStats()) as unknown as Iterable<[string, unknown]>, counted);
      if (pc !== places.pc) return pace.step;
      counted = found.counted;
      quality.value = found.quality;
      const next = local.video || local.screen ? nextPace(pace, found.bitrate, found.lossThere) : BEST;
      pace = next;
      inTurn(setStep);
      return pace.step;
    },
    close() {
      closed = true;
      nextLook.cancel();
      cancelPatience();
      politeness.cancel();
      places.pc.close();
      tracks.value = NO_TRACKS;
    },
  };
}

/** The certificate that a description is for. */
function printOf(sdp: string | undefined): string | undefined {
  return /^a=fingerprint:(.*?)\s*$/m.exec(sdp ?? "")?.[1];
}

/** Whether a way is there and only the keys are not agreed yet: a busy machine takes its time. */
function isClose({ iceConnectionState }: RTCPeerConnection): boolean {
  return iceConnectionState === "connected" || iceConnectionState === "completed";
}
