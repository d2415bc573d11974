// One view's part in the conversation's call, from the lobby to the end. Sheets come and go, the session stays.
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../clock";
import { createSettings } from "../composing/browser-storage";
import type { Call, CallMedia, CallPeer, CallSignal } from "../contract";
import { text } from "../texts/texts";
import { createTimer, every } from "../timer";
import type { Carrier, CarrierEvents, Remote, TrackKind } from "./carrier";
import type { ChoiceKind } from "./devices";
import { createLocalMedia, type LocalMedia, type ScreenSource } from "./local-media";
import { createPointing, type Pointing } from "./pointing";
import { createResuming } from "./resuming";
import type { CallPlace, Signalling } from "./signalling";
import { listened, SILENCE, type SpeakerState, soundAlike } from "./speaker";
import { createVoices, type Voices } from "./voices";

export type Phase = "out" | "joining" | "in";

const BEAT_MS = 4_000;
const LISTEN_MS = 200;
/** The hub may not have told of us yet; longer, and we are not in the call any more. */
const MISSING_MS = 3_000;
/** The share of their life after which credentials are renewed, and after which that is tried again. */
const FRESHEN_AT = 0.75;
const FRESHEN_AGAIN = 0.05;
/** Signals that come before one knows to be in: an offer and a few candidates of each. */
const MOST_EARLY = 128;
/** From so many others on one joins muted: a room full of open microphones is a noise. */
const MUTED_FROM = 2;

export interface CallSession {
  readonly phase: ReadonlySignal<Phase>;
  readonly selfId: ReadonlySignal<string | null>;
  readonly peers: ReadonlySignal<readonly CallPeer[]>;
  readonly remotes: ReadonlySignal<ReadonlyMap<string, Remote>>;
  readonly media: LocalMedia;
  readonly voices: Voices;
  readonly pointing: Pointing;
  /** Whether the microphone is heard: it is open, and not muted. */
  readonly heard: ReadonlySignal<boolean>;
  readonly speaking: ReadonlySignal<SpeakerState>;
  readonly thin: ReadonlySignal<boolean>;
  readonly hasRelay: ReadonlySignal<boolean>;
  /** What one should know: why one is muted, or out of the call. */
  readonly notice: ReadonlySignal<string | null>;
  /** Asks for the address of the hub's own page with this call, where there is one; see `CallPlace`. */
  readonly page: CallPlace["page"];
  /** Takes a picture into the next message, where there is one to be written. */
  readonly keep: ((picture: File) => Promise<void>) | undefined;
  join(wanted: { audio: boolean; video: boolean }): Promise<void>;
  leave(): void;
  mute(on: boolean): Promise<void>;
  camera(on: boolean): Promise<void>;
  share(source: ScreenSource): Promise<void>;
  stopSharing(): void;
  /** Takes another microphone, camera or speaker; see `LocalMedia`. */
  choose(kind: ChoiceKind, deviceId: string): Promise<void>;
  /** A view shows the call; it is left at once when the last one has gone. */
  attach(): () => void;
}

interface Options {
  place: CallPlace;
  clock: Clock;
  lifetime: AbortSignal;
  keep?: CallSession["keep"];
  /** Makes what carries the media, once the hub has said how. */
  carrier(selfId: string, call: Call, events: CarrierEvents): Promise<Carrier>;
}

export function createCallSession({
  place,
  clock,
  lifetime,
  keep,
  carrier: makeCarrier,
}: Options): CallSession {
  const phase = signal<Phase>("out");
  const notice = signal<string | null>(null);
  const selfId = signal<string | null>(null);
  const heard = signal(false);
  const speaking = signal<SpeakerState>(SILENCE);
  const carrier = signal<Carrier | null>(null);
  const media = createLocalMedia(createSettings());
  const voices = createVoices(media.devices.chosen.speaker, () => {
    // For now: it may be one that this page is allowed to use once a microphone is.
    media.devices.choose("speaker", "");
    media.tell("device", text("call.speakerFailed"));
  });
  const peers = computed(() => place.call.value?.peers ?? []);
  const pointing = createPointing(clock, (at) => carrier.peek()?.point(at));
  const resuming = createResuming(clock, () => place.place.peek());
  let signalling: Signalling | null = null;
  /** Ends what belongs to being in the call. */
  let stops: (() => void)[] = [];
  let views = 0;
  /** How often somebody muted or unmuted: a microphone that opens later obeys the last word. */
  let mutings = 0;
  /** The hub has told that our screen is the one that is shown. */
  let screenShown = false;

  const sent = (): CallMedia => ({
    audio: heard.value,
    video: media.tracks.video.value !== null,
    screen: media.tracks.screen.value !== null,
  });
  /** The call that one is in; the hub's nodes may agree that it is another one. */
  let callId = "";
  /** What the others were last told that one sends. */
  let told = "";
  const tell = (now: CallMedia): void => {
    told = JSON.stringify(now);
    signalling?.update(now).catch((error: Error) => {
      notice.value = error.message;
    });
  };

  const out = (why: string | null): void => {
    for (const stop of stops) stop();
    stops = [];
    carrier.peek()?.close();
    voices.clear();
    pointing.clear();
    for (const kind of ["audio", "video", "screen"] as const) media.stop(kind);
    signalling = null;
    screenShown = false;
    batch(() => {
      carrier.value = null;
      phase.value = "out";
      selfId.value = null;
      heard.value = false;
      speaking.value = SILENCE;
      levels = SILENCE;
      notice.value = why;
    });
  };

  const leave = (): void => {
    signalling?.leave();
    resuming.forget();
    out(null);
  };

  /** What is taken here goes to the others; a track that ends is told, too. */
  const follow = (): (() => void)[] => [
    ...(["audio", "video", "screen"] as const).map((kind: TrackKind) =>
      effect(() => {
        const track = media.tracks[kind].value;
        carrier.value?.setLocal(kind, track);
        if (kind === "audio" && !track) heard.value = false;
      }),
    ),
    effect(() => {
      const now = sent();
      if (JSON.stringify(now) !== told) tell(now);
    }),
    effect(() => {
      const others = peers.value.filter(({ peerId }) => peerId !== selfId.peek());
      carrier.value?.setPeers(others.map(({ peerId }) => peerId));
    }),
    effect(() => {
      const now = place.call.value?.callId;
      if (now && now !== callId) joinAgain().catch(() => {}); // a hub that is away is joined again anyhow
    }),
    effect(() => voices.play(carrier.value?.remotes.value ?? new Map())),
    effect(() => {
      const own = peers.value.find(({ peerId }) => peerId === selfId.peek());
      if (own?.media.screen) screenShown = true;
      else if (own && screenShown) {
        screenShown = false;
        media.stop("screen"); // somebody has taken over
      }
    }),
  ];

  /** The hub holds our place over a short loss; where it has let go, one comes back by oneself. */
  const watchPlace = (): (() => void) => {
    const missing = createTimer(clock);
    const stop = effect(() => {
      const state = place.connection.value?.state;
      const present = peers.value.some(({ peerId }) => peerId === selfId.peek());
      missing.cancel();
      if (state === "removed") queueMicrotask(() => out(text("call.removed")));
      else if (!present && state === "live") missing.set(MISSING_MS, () => void comeBack());
    });
    return () => {
      missing.cancel();
      stop();
    };
  };
  const comeBack = async (): Promise<void> => {
    try {
      await joinAgain();
    } catch (error) {
      out(text("call.ended", { reason: (error as Error).message }));
    }
  };

  /** Joining again brings fresh credentials of the servers by which the others are reached. */
  const joinAgain = async (): Promise<void> => {
    const own = signalling;
    const call = await own?.join(sent());
    if (!call || signalling !== own) return;
    callId = call.callId;
    carrier.peek()?.renew(call);
    freshenLater(call.iceTtl);
  };
  const freshening = createTimer(clock);
  /** Credentials are renewed before they end, `ttl` in seconds: a way that is lost later still finds another one. */
  const freshenLater = (ttl: number | null | undefined): void => {
    freshening.cancel();
    if (!ttl) return;
    const again = (share: number): void => {
      freshening.set(ttl * share * 1000, () => {
        joinAgain().catch(() => again(FRESHEN_AGAIN));
      });
    };
    again(FRESHEN_AT);
  };

  let levels = SILENCE;
  const listen = (): void => {
    const now = new Map<string, number>();
    for (const [peerId, remote] of carrier.peek()?.remotes.peek() ?? []) now.set(peerId, remote.level());
    levels = listened(levels, now);
    if (!soundAlike(speaking.peek(), levels)) speaking.value = levels;
  };

  const mute: CallSession["mute"] = async (on) => {
    mutings += 1;
    const mine = mutings;
    media.tell("device", null);
    if (!on && !(await media.open("audio"))) return;
    if (mine === mutings) {
      heard.value = !on && media.tracks.audio.value !== null;
      if (!on) notice.value = null;
    }
    const track = media.tracks.audio.value;
    if (track) track.enabled = heard.peek();
  };

  const camera: CallSession["camera"] = async (on) => {
    media.tell("device", null);
    if (on) await media.open("video");
    else media.stop("video");
  };

  const join: CallSession["join"] = async (wanted) => {
    if (phase.peek() !== "out") return;
    batch(() => {
      phase.value = "joining";
      notice.value = null;
    });
    const crowded = peers.peek().length >= MUTED_FROM;
    const life = new AbortController();
    const own = place.signalling();
    signalling = own;
    // While the devices open, the browsers find each other: the tracks follow without another word.
    if (wanted.audio) void mute(crowded);
    if (wanted.video) void camera(true);
    // The first signals may be faster than the word that one is in.
    const early: CallSignal[] = [];
    place.onSignal((heard) => {
      if (heard.toPeerId !== own.peerId) return;
      if (carrier.peek()) carrier.peek()?.receive(heard.fromPeerId, heard.signal);
      else if (early.length < MOST_EARLY) early.push(heard);
    }, life.signal);
    stops = [() => life.abort()];
    try {
      const begin = sent();
      told = JSON.stringify(begin);
      const call = await own.join(begin);
      callId = call.callId;
      const made = await makeCarrier(own.peerId, call, {
        signal: (to, signal) => {
          own.signal(to, signal).catch(() => {}); // a way that is not found is shown at their picture
        },
        pointed: (from, at) => pointing.hear(from, at),
        rejoin: joinAgain,
      }).catch(() => {
        throw new Error(text("call.serverAway"));
      });
      if (signalling !== own) {
        made.close(); // left meanwhile
        return;
      }
      batch(() => {
        selfId.value = own.peerId;
        carrier.value = made;
        phase.value = "in";
        if (crowded && wanted.audio) notice.value = text("call.joinedMuted");
      });
      for (const { fromPeerId, signal } of early) made.receive(fromPeerId, signal);
      freshenLater(call.iceTtl);
    } catch (error) {
      if (signalling !== own) return;
      own.leave(); // the hub may have let us in before
      out((error as Error).message);
      return;
    }
    const onNetwork = (): void => carrier.peek()?.restart();
    globalThis.addEventListener("online", onNetwork, { signal: life.signal });
    globalThis.addEventListener("pagehide", endWithPage, { signal: life.signal });
    stops.push(
      ...follow(),
      watchPlace(),
      every(clock, BEAT_MS, () => {
        own.alive();
        resuming.keep();
      }),
      every(clock, LISTEN_MS, listen),
      freshening.cancel,
    );
    resuming.keep();
  };

  /** The page goes: everything ends now; one that is loaded again comes back as a listener. */
  const endWithPage = (): void => {
    signalling?.leave();
    out(null);
  };

  const stopPlace = effect(() => {
    void place.place.value;
    if (phase.peek() !== "out") queueMicrotask(leave);
  });
  lifetime.addEventListener(
    "abort",
    () => {
      stopPlace();
      leave();
      media.close();
    },
    { once: true },
  );

  const session: CallSession = {
    ...{ phase, selfId, peers, media, voices, pointing, heard, speaking, notice, join, leave, mute, camera },
    ...{ keep, page: place.page },
    remotes: computed(() => carrier.value?.remotes.value ?? new Map()),
    thin: computed(() => carrier.value?.thin.value ?? false),
    hasRelay: computed(() => carrier.value?.hasRelay ?? true),
    async share(source) {
      screenShown = false;
      await media.share(source, () => {});
    },
    stopSharing: () => media.stop("screen"),
    choose: (kind, deviceId) => media.choose(kind, deviceId),
    attach() {
      views += 1;
      return () => {
        views -= 1;
        if (views === 0) leave();
      };
    },
  };
  if (resuming.isWanted()) void session.join({ audio: false, video: false });
  return session;
}
