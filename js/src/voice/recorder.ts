// Recording a voice message: while a button is held, or from a short press to the next one. The microphone is open for that
// long and no longer.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { problemOf } from "../calls/capture-problems";
import type { Store } from "../store/store";
import { text } from "../texts/texts";
import { BARS, loudness } from "./waveform";

/** `asking`: the browser asks whether it may; `held` ends when the button is let go, `open` at the next press. */
export type RecorderState = "idle" | "asking" | "held" | "open";

const TAP_MS = 400;
const LOOK_MS = 100;
/** Shorter than that nothing was said. */
const LEAST_MS = 500;
export const MOST_MS = 5 * 60_000;
/** For so long before its end one is told of it. */
export const ENDING_MS = 30_000;
const BITS = 32_000;
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

export interface Recorder {
  readonly state: ReadonlySignal<RecorderState>;
  readonly milliseconds: ReadonlySignal<number>;
  /** How loud it was lately, the newest last. */
  readonly levels: ReadonlySignal<readonly number[]>;
  readonly problem: Signal<string | null>;
  press(): void;
  release(): void;
  /** Forgets what was said. */
  cancel(): void;
  /** A view shows it; what is recorded is forgotten when the last one has gone. */
  attach(): () => void;
}

const known = new WeakMap<Store, Recorder>();

/** One for all views of a chat. */
export function recorderOf(store: Store): Recorder {
  const found = known.get(store) ?? createRecorder(store);
  known.set(store, found);
  return found;
}

interface Recording {
  stream: MediaStream;
  media: MediaRecorder;
  context: AudioContext;
  pieces: Blob[];
  end(): void;
}

function createRecorder(store: Store): Recorder {
  const { clock } = store;
  const state = signal<RecorderState>("idle");
  const milliseconds = signal(0);
  const levels = signal<readonly number[]>([]);
  const problem = signal<string | null>(null);
  let recording: Recording | null = null;
  /** Counts the tries: what the browser allows later than one has given up is closed at once. */
  let tries = 0;
  let pressedAt = 0;
  let isHeld = false;
  let views = 0;

  const reset = (): void => {
    recording?.end();
    recording = null;
    tries += 1;
    state.value = "idle";
    levels.value = [];
    milliseconds.value = 0;
  };

  const watch = (own: Recording): void => {
    const analyser = own.context.createAnalyser();
    analyser.fftSize = 1024;
    own.context.createMediaStreamSource(own.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const began = clock.now();
    const look = (): void => {
      if (recording !== own) return;
      analyser.getFloatTimeDomainData(samples);
      milliseconds.value = clock.now() - began;
      levels.value = [...levels.value, loudness(samples)].slice(-BARS);
      if (milliseconds.value >= MOST_MS) finish();
      else clock.after(LOOK_MS, look);
    };
    look();
  };

  const begin = async (): Promise<void> => {
    problem.value = null;
    state.value = "asking";
    tries += 1;
    const mine = tries;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
      if (mine !== tries) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      recording = record(stream);
      for (const track of stream.getTracks()) track.onended = finish; // what was said before is kept
      state.value = isHeld ? "held" : "open"; // whoever allowed it let the button go for that
      watch(recording);
    } catch (error) {
      if (mine !== tries) return;
      reset();
      problem.value = problemOf(error as Error, "audio");
    }
  };

  const finish = (): void => {
    const own = recording;
    if (!own) return;
    const short = milliseconds.value < LEAST_MS;
    own.media.onstop = () => {
      if (short) problem.value = text("voice.tooShort");
      else
        send(store, new Blob(own.pieces, { type: own.media.mimeType })).catch((error: Error) => {
          problem.value = error.message;
        });
    };
    reset();
  };

  const cancel = (): void => {
    if (recording) recording.media.onstop = null;
    reset();
  };
  globalThis.addEventListener?.("pagehide", cancel, { signal: store.lifetime });
  store.lifetime.addEventListener("abort", cancel, { once: true });

  return {
    ...{ state, milliseconds, levels, problem, cancel },
    press() {
      isHeld = true;
      if (state.value === "open") finish();
      else if (state.value === "idle") {
        pressedAt = clock.now();
        void begin();
      }
    },
    release() {
      isHeld = false;
      if (state.value !== "held") return;
      if (clock.now() - pressedAt < TAP_MS) state.value = "open";
      else finish();
    },
    attach() {
      views += 1;
      return () => {
        views -= 1;
        if (views === 0) cancel();
      };
    },
  };
}

function record(stream: MediaStream): Recording {
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const media = new MediaRecorder(stream, { audioBitsPerSecond: BITS, ...(mimeType && { mimeType }) });
  const context = new AudioContext();
  const pieces: Blob[] = [];
  media.ondataavailable = ({ data }) => pieces.push(data);
  media.start();
  return {
    ...{ stream, media, context, pieces },
    end() {
      if (media.state !== "inactive") media.stop();
      for (const track of stream.getTracks()) {
        track.onended = null;
        track.stop();
      }
      void context.close();
    },
  };
}

/** Sends it by itself, unless something else is being written: then it goes with that. */
async function send(store: Store, blob: Blob): Promise<void> {
  const { attachingOf } = await store.chunks.load("files");
  const attaching = attachingOf(store);
  const alone = attaching.items.peek().length === 0 && !store.draft.peek().trim();
  attaching.add([new File([blob], nameOf(blob.type, new Date()), { type: blob.type })]);
  if (!alone) return;
  const { carried } = store.composing;
  const stop = carried.subscribe((value) => {
    if (value === "") return; // on its way
    queueMicrotask(() => stop());
    const items = attaching.items.peek();
    if (value && items.length === 1 && !store.draft.peek().trim())
      store.send("", store.composing.takeOptions());
  });
}

const ENDINGS: Readonly<Record<string, string>> = { "audio/ogg": "ogg", "audio/mp4": "m4a" };

/** By its name it is known as a voice message. */
function nameOf(type: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join("");
  return `voice-${day}-${time}.${ENDINGS[type.split(";")[0] ?? ""] ?? "webm"}`;
}
