// The own microphone, camera and screen: opened by a click and never else, ended at once.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Settings } from "../composing/browser-storage";
import { plainName } from "../plain";
import { text } from "../texts/texts";
import { problemOf } from "./capture-problems";
import type { TrackKind } from "./carrier";
import { type ChoiceKind, createDevices, type DeviceKind, type Devices } from "./devices";

/** A window or a screen that the browser lets one choose, or the page itself. */
export type ScreenSource = "choose" | "page";

export interface LocalMedia {
  readonly tracks: Readonly<Record<TrackKind, ReadonlySignal<MediaStreamTrack | null>>>;
  /** Whether anything at all is being taken: then the red mark shows. */
  readonly live: ReadonlySignal<boolean>;
  readonly devices: Devices;
  /** What went wrong with each of them, in words. */
  readonly problem: ReadonlySignal<string | null>;
  /** Says what went wrong with one of them, or with the devices as such, or that nothing does any more. */
  tell(kind: Told, problem: string | null): void;
  /** Opens a device, unless it is open; false when it could not be opened. */
  open(kind: DeviceKind): Promise<boolean>;
  /** Opens a screen; `ended` is called when the browser's own button ends it. */
  share(source: ScreenSource, ended: () => void): Promise<boolean>;
  stop(kind: TrackKind): void;
  /** Takes another device from now on, and in the next call; empty for the browser's own choice. */
  choose(kind: ChoiceKind, deviceId: string): Promise<void>;
  close(): void;
}

type Told = TrackKind | "device";

/** What a browser says where there is no such device. */
const ABSENT: readonly string[] = ["OverconstrainedError", "NotFoundError"];

export function createLocalMedia(settings: Settings): LocalMedia {
  const tracks = {
    audio: signal<MediaStreamTrack | null>(null),
    video: signal<MediaStreamTrack | null>(null),
    screen: signal<MediaStreamTrack | null>(null),
  };
  const problems = {
    audio: signal<string | null>(null),
    video: signal<string | null>(null),
    screen: signal<string | null>(null),
    device: signal<string | null>(null),
  };
  const tell: LocalMedia["tell"] = (kind, problem) => {
    problems[kind].value = problem;
  };
  const devices = createDevices(settings, (kind, gone) => {
    // A microphone or a camera tells it itself, by its track, and what is taken in its place.
    if (kind === "speaker") tell("device", text("call.fell.speaker", { gone: plainName(gone) }));
  });
  /** How often each kind was asked for or stopped: what comes later than the next word is wanted no more. */
  const turns: Record<TrackKind, number> = { audio: 0, video: 0, screen: 0 };
  let closed = false;

  const stop = (kind: TrackKind): void => {
    turns[kind] += 1;
    tell(kind, null);
    tracks[kind].value?.stop();
    tracks[kind].value = null;
  };

  /** The system, a switch at the device or a browser in the background may hold a device. */
  const hearSilence = (kind: DeviceKind, track: MediaStreamTrack): void => {
    track.onmute = () => {
      if (tracks[kind].value === track) tell(kind, text(`call.silent.${kind}`));
    };
    track.onunmute = () => {
      if (tracks[kind].value === track) tell(kind, null);
    };
  };

  const take = async (
    kind: TrackKind,
    ask: () => Promise<MediaStream>,
    ended: (track: MediaStreamTrack) => void,
  ): Promise<boolean> => {
    turns[kind] += 1;
    const mine = turns[kind];
    tell(kind, null);
    const isWanted = (): boolean => !closed && mine === turns[kind];
    // A browser that cannot be asked at all throws at once.
    const stream = await (async () => ask())().catch((error: Error) => {
      if (isWanted()) tell(kind, problemOf(error, kind));
      return null;
    });
    const [track] = stream?.getTracks() ?? []; // one kind of it was asked for
    if (!track || !isWanted()) {
      track?.stop();
      return false;
    }
    track.onended = () => {
      if (tracks[kind].value === track) ended(track);
    };
    if (kind !== "screen") hearSilence(kind, track);
    const last = tracks[kind].value;
    if (last) track.enabled = last.enabled; // who is muted stays so
    last?.stop();
    tracks[kind].value = track;
    return true;
  };

  const get = (kind: DeviceKind, id: string): Promise<MediaStream> => {
    const device = id ? { deviceId: { exact: id } } : {}; // Chromium does not heed an `ideal` one
    return navigator.mediaDevices.getUserMedia(
      kind === "audio"
        ? { audio: { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true } }
        : { video: { ...device, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } },
    );
  };

  /** The wished device; where it is not there under the id that is known, another one, or itself by its name. */
  const getWished = async (kind: DeviceKind): Promise<MediaStream> => {
    if (devices.isMissing(kind)) await devices.look(); // it may have another id by now
    const id = devices.chosen[kind].peek();
    try {
      return await get(kind, id);
    } catch (error) {
      if (!id || !ABSENT.includes((error as Error).name)) throw error;
    }
    const other = await get(kind, "");
    await devices.look(); // they have names now
    const now = devices.chosen[kind].peek();
    const wished = now && now !== id ? await get(kind, now).catch(() => null) : null;
    if (!wished) return other;
    for (const track of other.getTracks()) track.stop();
    return wished;
  };

  /** Opens the wished device, or the browser's own choice; that one and no other where it `must` be. */
  const openDevice = async (kind: DeviceKind, must = false): Promise<boolean> => {
    const ask = () => (must ? get(kind, devices.chosen[kind].peek()) : getWished(kind));
    const found = await take(kind, ask, (track) => void fall(kind, track));
    void devices.look(); // they have names now
    return found;
  };

  /** A device has ended: unplugged, another one takes its place; not allowed any more, nothing does. */
  const fall = async (kind: DeviceKind, track: MediaStreamTrack): Promise<void> => {
    await devices.look();
    if (tracks[kind].peek() !== track) return;
    if (devices.isReplaceable(kind, track)) {
      const mine = turns[kind] + 1;
      if (await openDevice(kind)) {
        const now = plainName(tracks[kind].peek()?.label ?? "");
        tell("device", text(`call.fell.${kind}`, { gone: plainName(track.label), now }));
        return;
      }
      if (turns[kind] !== mine) return; // another one has been chosen meanwhile
    }
    tracks[kind].value = null;
    tell(kind, text(`call.gone.${kind}`));
  };

  return {
    tracks,
    devices,
    problem: computed(() => {
      const told = Object.values(problems).flatMap(({ value }) => value ?? []);
      return [...new Set(told)].join("\n") || null;
    }),
    tell,
    live: computed(() => Object.values(tracks).some(({ value }) => value !== null)),
    open: (kind) => (tracks[kind].value ? Promise.resolve(true) : openDevice(kind)),
    async share(source, ended) {
      const options = {
        video: { frameRate: { ideal: 15 }, cursor: "always" },
        audio: false,
        selfBrowserSurface: "include",
        ...(source === "page" && { preferCurrentTab: true }),
      };
      const ask = (): Promise<MediaStream> =>
        navigator.mediaDevices.getDisplayMedia(options as DisplayMediaStreamOptions);
      const found = await take("screen", ask, () => {
        tracks.screen.value = null;
        ended();
      });
      if (tracks.screen.value) tracks.screen.value.contentHint = "detail"; // letters stay sharp
      return found;
    },
    stop,
    async choose(kind, deviceId) {
      tell("device", null);
      const takeBack = devices.choose(kind, deviceId);
      const isOpen = kind !== "speaker" && tracks[kind].peek() !== null;
      if (!isOpen || (await openDevice(kind, true))) devices.remember(kind);
      else takeBack(); // the one before is still in use
    },
    close() {
      closed = true;
      devices.close();
      for (const kind of ["audio", "video", "screen"] as const) stop(kind);
    },
  };
}
