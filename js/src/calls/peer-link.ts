// The way to one other browser: perfect negotiation, a place for voice, camera and screen each, and finding a way again.
import { signal } from "@preact/signals";
import type { Clock } from "../clock";
import type { CallSignal } from "../contract";
import {
  NO_TRACKS,
  type PeerState,
  type Quality,
  type Remote,
  TRACK_KINDS,
  type TrackKind,
  type Tracks,
} from "./carrier";
import { BEST, type Counted, measured, nextPace, STEPS } from "./quality";

type Signal = CallSignal["signal"];

/** Candidates that are found so soon go with the description: one message instead of many. */
const GATHER_MS = 60;
/** Who is polite waits so long for an offer before making one: peers that others wrote may expect it. */
const POLITE_MS = 10_000;
/** A way that is lost may come back by itself so soon. */
const LOST_MS = 2_500;
/** After so long without a first connection one is told that no way was found. */
const PATIENCE_MS = 12_000;
const RETRY_MAX_MS = 15_000;
const POINTER = { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 };

export interface PeerLink extends Remote {
  setLocal(kind: TrackKind, track: MediaStreamTrack | null): void;
  receive(signal: Signal): void;
  point(text: string): void;
  restart(): void;
  /** The best step of the pictures that are sent: to many peers one sends smaller ones. */
  limit(step: number): void;
  /** Looks how it does; returns the step of the pictures that are sent. */
  measure(): Promise<number>;
  close(): void;
}

interface Options {
  peerId: string;
  /** Of two peers the one with the smaller id is polite: its offer yields. */
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
  const pc = new RTCPeerConnection({
    iceServers: options.iceServers,
    bundlePolicy: "max-bundle",
    iceTransportPolicy: options.relayOnly ? "relay" : "all",
  });
  const pointer = pc.createDataChannel("pointer", POINTER);
  const state = signal<PeerState>("connecting");
  const tracks = signal<Tracks>(NO_TRACKS);
  const quality = signal<Quality | null>(null);
  const local: Record<TrackKind, MediaStreamTrack | null> = { ...options.local };
  const yielded = new WeakSet<RTCRtpTransceiver>();
  let begun = false;
  let offering = false;
  let ignoring = false;
  let describing = false;
  let closed = false;
  let work: Promise<void> = Promise.resolve();
  let cancelRetry = (): void => {};
  let attempts = 0;
  let pace = BEST;
  let least = 0;
  let sentStep = 0;
  let counted: Counted = { received: 0, lost: 0 };

  /** The place of a kind: the first voice, the first and the second picture, in the order of the session. */
  const placeOf = (kind: TrackKind): RTCRtpTransceiver | undefined => {
    const live = pc.getTransceivers().filter((each) => !yielded.has(each));
    const of = (media: string): RTCRtpTransceiver[] =>
      live.filter(({ receiver }) => receiver.track.kind === media);
    return kind === "audio" ? of("audio")[0] : of("video")[kind === "video" ? 0 : 1];
  };
  const kindOf = (transceiver: RTCRtpTransceiver): TrackKind | undefined =>
    TRACK_KINDS.find((kind) => placeOf(kind) === transceiver);

  const begin = (): void => {
    if (begun || closed) return;
    begun = true;
    for (const kind of TRACK_KINDS) {
      pc.addTransceiver(local[kind] ?? (kind === "audio" ? "audio" : "video"), { direction: "sendrecv" });
    }
  };

  const attach = async (): Promise<void> => {
    for (const kind of TRACK_KINDS) {
      const place = placeOf(kind);
      if (!place) {
        // A peer that offers fewer places than we need gets the rest from us.
        if (local[kind]) pc.addTransceiver(local[kind], { direction: "sendrecv" });
        continue;
      }
      place.direction = "sendrecv";
      if (place.sender.track !== local[kind]) await place.sender.replaceTrack(local[kind]);
    }
  };

  /** Sets and sends a description, with the candidates of the first moments in it. */
  const describe = async (type: RTCSdpType): Promise<void> => {
    describing = true;
    try {
      await pc.setLocalDescription();
      await new Promise<void>((done) => {
        if (pc.iceGatheringState === "complete") done();
        else clock.after(GATHER_MS, done);
      });
      const description = pc.localDescription;
      if (!closed && description?.type === type) send({ description: description.toJSON() });
    } finally {
      describing = false;
    }
  };

  const offer = async (): Promise<void> => {
    offering = true;
    try {
      await describe("offer");
    } finally {
      offering = false;
    }
  };

  /** Takes in a description; an own offer yields to it where we are polite. */
  const agree = async (told: RTCSessionDescriptionInit): Promise<void> => {
    const collides = told.type === "offer" && (offering || pc.signalingState !== "stable");
    ignoring = !polite && collides;
    if (ignoring || (told.type === "answer" && pc.signalingState !== "have-local-offer")) return;
    await pc.setRemoteDescription(told);
    if (told.type !== "offer") return;
    begun = true;
    // Places of an own offer that yielded have no counterpart.
    for (const transceiver of pc.getTransceivers()) {
      if (transceiver.mid !== null || yielded.has(transceiver)) continue;
      yielded.add(transceiver);
      transceiver.stop();
    }
    await attach();
    await describe("answer");
  };

  const take = async ({ description, candidate }: Signal): Promise<void> => {
    if (closed) return;
    if (!candidate) await agree(description as RTCSessionDescriptionInit);
    // Those of an offer that was not taken lead nowhere.
    else if (pc.remoteDescription && !ignoring) await pc.addIceCandidate(candidate as RTCIceCandidateInit);
  };

  /** One thing at a time; what a broken peer says costs its own connection and no more. */
  const inTurn = (step: () => Promise<void>): void => {
    work = work.then(step).catch(() => {
      if (!closed && state.value !== "connected") state.value = "unreachable";
    });
  };

  const restart = (): void => {
    if (closed || !begun) return;
    inTurn(async () => {
      if (closed) return;
      // The answer to an earlier offer may never come.
      if (pc.signalingState === "have-local-offer") await pc.setLocalDescription({ type: "rollback" });
      pc.restartIce();
    });
  };

  /** Looks for a way again and again, ever more slowly; who is polite lets the other one begin. */
  const retryLater = (first: number): void => {
    cancelRetry();
    const wait = Math.min(first * 2 ** attempts, RETRY_MAX_MS) * (polite ? 1.5 : 1);
    cancelRetry = clock.after(wait, () => {
      attempts += 1;
      if (pc.connectionState === "connected") return;
      restart(); // what was said before may have been lost on the way
      retryLater(LOST_MS);
    });
  };

  pc.onnegotiationneeded = () => {
    if (begun) inTurn(offer);
  };
  pc.onicecandidate = ({ candidate }) => {
    if (candidate && !describing) send({ candidate: candidate.toJSON() });
  };
  pc.ontrack = ({ transceiver }) => {
    const kind = kindOf(transceiver);
    if (kind) tracks.value = { ...tracks.value, [kind]: transceiver.receiver.track };
  };
  pc.onconnectionstatechange = () => {
    if (closed) return;
    if (pc.connectionState === "connected") {
      cancelRetry();
      cancelPatience();
      attempts = 0;
      state.value = "connected";
    } else if (pc.connectionState === "disconnected") {
      state.value = "lost";
      retryLater(LOST_MS);
    } else if (pc.connectionState === "failed") {
      state.value = state.value === "lost" || state.value === "connected" ? "lost" : "unreachable";
      restart();
      retryLater(LOST_MS);
    }
  };
  pointer.onmessage = ({ data }) => {
    if (typeof data === "string") options.pointed(data);
  };

  const cancelPatience = clock.after(PATIENCE_MS, () => {
    if (state.value === "connecting") state.value = "unreachable";
    retryLater(LOST_MS);
  });
  let cancelPolite = (): void => {};
  if (polite) cancelPolite = clock.after(POLITE_MS, begin);
  else begin();

  const setStep = async (): Promise<void> => {
    const step = Math.max(least, pace.step);
    if (step === sentStep || !begun) return;
    sentStep = step;
    for (const kind of ["video", "screen"] as const) {
      const sender = placeOf(kind)?.sender;
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
      const [source] = placeOf("audio")?.receiver.getSynchronizationSources() ?? [];
      return source?.audioLevel ?? 0;
    },
    setLocal(kind, track) {
      local[kind] = track;
      if (begun) inTurn(attach);
    },
    receive: (told) => inTurn(() => take(told)),
    point(text) {
      if (pointer.readyState === "open") pointer.send(text);
    },
    restart,
    limit(step) {
      least = step;
    },
    async measure() {
      if (closed || state.value !== "connected") return pace.step;
      const found = measured((await pc.getStats()) as unknown as Iterable<[string, unknown]>, counted);
      counted = found.counted;
      quality.value = found.quality;
      const next = local.video || local.screen ? nextPace(pace, found.bitrate, found.lossThere) : BEST;
      pace = next;
      inTurn(setStep);
      return pace.step;
    },
    close() {
      closed = true;
      cancelRetry();
      cancelPatience();
      cancelPolite();
      pc.close();
      tracks.value = NO_TRACKS;
    },
  };
}
