// The own microphone, camera and screen: opened by a click and never else, ended at once.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Settings } from "../composing/browser-storage";
import { text } from "../texts/texts";
import { problemOf } from "./capture-problems";
import type { TrackKind } from "./carrier";

export type DeviceKind = "audio" | "video";
/** A window or a screen that the browser lets one choose, or the page itself. */
export type ScreenSource = "choose" | "page";

export interface LocalMedia {
  readonly tracks: Readonly<Record<TrackKind, ReadonlySignal<MediaStreamTrack | null>>>;
  /** Whether anything at all is being taken: then the red mark shows. */
  readonly live: ReadonlySignal<boolean>;
  readonly devices: ReadonlySignal<readonly MediaDeviceInfo[]>;
  /** The chosen device of a kind; empty for the browser's own choice. */
  readonly chosen: Readonly<Record<DeviceKind, ReadonlySignal<string>>>;
  /** What went wrong with each of them, in words. */
  readonly problem: ReadonlySignal<string | null>;
  /** Says what went wrong with one of them, or that nothing does any more. */
  tell(kind: TrackKind, problem: string | null): void;
  /** Opens a device, unless it is open; false when it could not be opened. */
  open(kind: DeviceKind): Promise<boolean>;
  /** Opens a screen; `ended` is called when the browser's own button ends it. */
  share(source: ScreenSource, ended: () => void): Promise<boolean>;
  stop(kind: TrackKind): void;
  choose(kind: DeviceKind, deviceId: string): Promise<void>;
  close(): void;
}

export function createLocalMedia(settings: Settings): LocalMedia {
  const tracks = {
    audio: signal<MediaStreamTrack | null>(null),
    video: signal<MediaStreamTrack | null>(null),
    screen: signal<MediaStreamTrack | null>(null),
  };
  const devices = signal<readonly MediaDeviceInfo[]>([]);
  const chosen = {
    audio: signal(settings.read("call-microphone")),
    video: signal(settings.read("call-camera")),
  };
  const problems = {
    audio: signal<string | null>(null),
    video: signal<string | null>(null),
    screen: signal<string | null>(null),
  };
  const tell: LocalMedia["tell"] = (kind, problem) => {
    problems[kind].value = problem;
  };
  /** How often each kind was stopped: what is opened meanwhile, and comes later, is wanted no more. */
  const stopped: Record<TrackKind, number> = { audio: 0, video: 0, screen: 0 };
  let closed = false;

  const list = async (): Promise<void> => {
    devices.value = await navigator.mediaDevices.enumerateDevices();
  };
  const onDevices = (): void => void list();
  navigator.mediaDevices?.addEventListener("devicechange", onDevices);

  const stop = (kind: TrackKind): void => {
    stopped[kind] += 1;
    tell(kind, null);
    tracks[kind].value?.stop();
    tracks[kind].value = null;
  };

  const take = async (kind: TrackKind, asking: Promise<MediaStream>, ended: () => void): Promise<boolean> => {
    const before = stopped[kind];
    const stream = await asking;
    const [track] = kind === "audio" ? stream.getAudioTracks() : stream.getVideoTracks();
    if (closed || stopped[kind] !== before || !track) {
      for (const each of stream.getTracks()) each.stop();
      return false;
    }
    track.onended = () => {
      if (tracks[kind].value !== track) return;
      tracks[kind].value = null;
      ended();
    };
    if (kind !== "screen") {
      // The system, a switch at the device or a browser in the background holds it.
      track.onmute = () => {
        if (tracks[kind].value === track) tell(kind, text(`call.silent.${kind}`));
      };
      track.onunmute = () => {
        if (tracks[kind].value === track) tell(kind, null);
      };
    }
    const last = tracks[kind].value;
    if (last) track.enabled = last.enabled; // who is muted stays so
    last?.stop();
    tracks[kind].value = track;
    return true;
  };

  const attempt = async (kind: TrackKind, open: () => Promise<boolean>): Promise<boolean> => {
    const before = stopped[kind];
    tell(kind, null);
    try {
      return await open();
    } catch (error) {
      if (stopped[kind] === before) tell(kind, problemOf(error as Error, kind));
      return false;
    }
  };

  const wanted = (kind: DeviceKind): MediaStreamConstraints => {
    const device = chosen[kind].value ? { deviceId: { ideal: chosen[kind].value } } : {};
    return kind === "audio"
      ? { audio: { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true } }
      : { video: { ...device, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } };
  };

  const openDevice = (kind: DeviceKind): Promise<boolean> =>
    attempt(kind, async () => {
      const found = await take(kind, navigator.mediaDevices.getUserMedia(wanted(kind)), () => {
        tell(kind, text(`call.gone.${kind}`));
      });
      void list(); // they have names now
      return found;
    });

  return {
    tracks,
    devices,
    chosen,
    problem: computed(() => {
      const told = Object.values(problems).flatMap(({ value }) => value ?? []);
      return [...new Set(told)].join("\n") || null;
    }),
    tell,
    live: computed(() => Object.values(tracks).some(({ value }) => value !== null)),
    open: (kind) => (tracks[kind].value ? Promise.resolve(true) : openDevice(kind)),
    share: (source, ended) =>
      attempt("screen", async () => {
        const options = {
          video: { frameRate: { ideal: 15 }, cursor: "always" },
          audio: false,
          selfBrowserSurface: "include",
          ...(source === "page" && { preferCurrentTab: true }),
        };
        const asking = navigator.mediaDevices.getDisplayMedia(options as DisplayMediaStreamOptions);
        const found = await take("screen", asking, ended);
        if (tracks.screen.value) tracks.screen.value.contentHint = "detail"; // letters stay sharp
        return found;
      }),
    stop,
    async choose(kind, deviceId) {
      chosen[kind].value = deviceId;
      settings.keep(kind === "audio" ? "call-microphone" : "call-camera", deviceId);
      if (tracks[kind].value) await openDevice(kind);
    },
    close() {
      closed = true;
      navigator.mediaDevices?.removeEventListener("devicechange", onDevices);
      for (const kind of ["audio", "video", "screen"] as const) stop(kind);
    },
  };
}
