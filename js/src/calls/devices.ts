// Microphones, cameras and speakers: which there are, and which of them a person wants. A wish is remembered in this
// browser by the device's name: its id is another one whenever the browser forgets a page.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Settings } from "../composing/browser-storage";

export type DeviceKind = "audio" | "video";
export type ChoiceKind = DeviceKind | "speaker";
export const CHOICE_KINDS: readonly ChoiceKind[] = ["audio", "video", "speaker"];

const KINDS: Readonly<Record<ChoiceKind, MediaDeviceKind>> = {
  audio: "audioinput",
  video: "videoinput",
  speaker: "audiooutput",
};
const SETTINGS: Readonly<Record<ChoiceKind, string>> = {
  audio: "call-microphone",
  video: "call-camera",
  speaker: "call-speaker",
};
/** What a browser puts before the devices themselves, for the one that the system has chosen. */
const STAND_INS: readonly string[] = ["", "default", "communications"];

/** The wished device; empty for the browser's own choice. */
interface Wish {
  readonly id: string;
  readonly label: string;
}
const NONE: Wish = { id: "", label: "" };

export interface Devices {
  /** Those of a kind that have a name, without what stands for one of them. */
  of(kind: ChoiceKind): readonly MediaDeviceInfo[];
  /** The id of the device that is wished, where it is there; empty for the browser's own choice. */
  readonly chosen: Readonly<Record<ChoiceKind, ReadonlySignal<string>>>;
  /** Which device of its kind a track is of; empty where the browser was to choose. */
  inUse(kind: DeviceKind, track: MediaStreamTrack | null): string;
  /** Whether one is wished that is not known to be here: it is worth a look. */
  isMissing(kind: ChoiceKind): boolean;
  /** Whether a track's device is there no more, while there is another one. */
  isReplaceable(kind: DeviceKind, track: MediaStreamTrack): boolean;
  /** Wishes another device; returns what takes that back, unless yet another one is wished by then. */
  choose(kind: ChoiceKind, deviceId: string): () => void;
  /** Keeps the wish for the next call. */
  remember(kind: ChoiceKind): void;
  /** Looks which there are. */
  look(): Promise<void>;
  close(): void;
}

/** `lost` hears the name of a wished device that was there and is there no more. */
export function createDevices(settings: Settings, lost: (kind: ChoiceKind, label: string) => void): Devices {
  const all = signal<readonly MediaDeviceInfo[]>([]);
  const wishes = {
    audio: signal(readWish(settings.read(SETTINGS.audio))),
    video: signal(readWish(settings.read(SETTINGS.video))),
    speaker: signal(readWish(settings.read(SETTINGS.speaker))),
  };
  const of = (kind: ChoiceKind): readonly MediaDeviceInfo[] =>
    all.value.filter((each) => each.kind === KINDS[kind] && each.label && !STAND_INS.includes(each.deviceId));
  const find = (kind: ChoiceKind): MediaDeviceInfo | undefined => {
    const { id, label } = wishes[kind].value;
    const there = of(kind);
    return (
      there.find(({ deviceId }) => deviceId === id) ?? there.find((each) => label && each.label === label)
    );
  };
  /** Before one has opened any, the browser tells no names, and no ids that could be compared. */
  const choice = (kind: ChoiceKind) =>
    computed(() => find(kind)?.deviceId ?? (of(kind).length > 0 ? "" : wishes[kind].value.id));
  const chosen = { audio: choice("audio"), video: choice("video"), speaker: choice("speaker") };

  const look = async (): Promise<void> => {
    const before = CHOICE_KINDS.map((kind) => find(kind)?.label);
    try {
      all.value = await navigator.mediaDevices.enumerateDevices();
    } catch {
      return; // what was known holds
    }
    for (const [at, kind] of CHOICE_KINDS.entries()) {
      const label = before[at];
      if (label && !find(kind) && of(kind).length > 0) lost(kind, label);
    }
  };
  const onChange = (): void => void look();
  navigator.mediaDevices?.addEventListener("devicechange", onChange);

  return {
    of,
    chosen,
    inUse(kind, track) {
      if (!track) return chosen[kind].value;
      const { deviceId = "" } = track.getSettings();
      const isListed = of(kind).some((each) => each.deviceId === deviceId);
      return wishes[kind].value.id && isListed ? deviceId : "";
    },
    isMissing: (kind) => wishes[kind].peek().id !== "" && !find(kind),
    isReplaceable(kind, track) {
      const { deviceId } = track.getSettings();
      const same = all.peek().filter((each) => each.kind === KINDS[kind] && each.label);
      const isThere = same.some((each) => each.deviceId === deviceId && each.label === track.label);
      return same.length > 0 && !isThere;
    },
    choose(kind, deviceId) {
      const before = wishes[kind].peek();
      const label = of(kind).find((each) => each.deviceId === deviceId)?.label ?? "";
      const wish = deviceId ? { id: deviceId, label } : NONE;
      wishes[kind].value = wish;
      return () => {
        if (wishes[kind].peek() === wish) wishes[kind].value = before;
      };
    },
    remember(kind) {
      const { id, label } = wishes[kind].peek();
      settings.keep(SETTINGS[kind], id && `${id}\n${label}`);
    },
    look,
    close() {
      navigator.mediaDevices?.removeEventListener("devicechange", onChange);
    },
  };
}

function readWish(kept: string): Wish {
  const [id = "", label = ""] = kept.split("\n");
  return { id, label };
}
