// The voices of the others, played beside all views: closing a sheet silences nobody.
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Remote } from "./carrier";

export interface Voices {
  /** The browser wants a click before it lets this page be heard: after a reload there was none. */
  readonly blocked: ReadonlySignal<boolean>;
  /** Plays everybody's voice, and nobody else's any more. */
  play(remotes: ReadonlyMap<string, Remote>): void;
  /** Tries again, out of a click. */
  unblock(): void;
  clear(): void;
}

/** Whether one can be heard through another speaker than the browser's own choice. */
export function canChooseSpeaker(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

/** Through the speaker of that id, empty for the browser's own choice; `refused` hears that it cannot be used. */
export function createVoices(speaker: ReadonlySignal<string>, refused: () => void): Voices {
  const blocked = signal(false);
  const playing = new Map<string, { element: HTMLAudioElement; track: MediaStreamTrack }>();

  const direct = (element: HTMLAudioElement): void => {
    if (element.sinkId === undefined || element.sinkId === speaker.peek()) return;
    element.setSinkId(speaker.peek()).catch((error: Error) => {
      if (error.name !== "AbortError") refused(); // else another one was chosen meanwhile
    });
  };
  effect(() => {
    void speaker.value;
    for (const { element } of playing.values()) direct(element);
  });

  const start = (element: HTMLAudioElement): void => {
    element.play().catch((error: Error) => {
      // Who has left meanwhile needs no click.
      const isHeard = [...playing.values()].some((each) => each.element === element);
      if (error.name === "NotAllowedError" && isHeard) blocked.value = true;
    });
  };
  const end = (peerId: string): void => {
    const known = playing.get(peerId);
    if (!known) return;
    known.element.pause();
    known.element.srcObject = null;
    playing.delete(peerId);
  };

  return {
    blocked,
    play(remotes) {
      for (const peerId of playing.keys()) if (!remotes.has(peerId)) end(peerId);
      for (const [peerId, remote] of remotes) {
        const track = remote.tracks.value.audio;
        if (playing.get(peerId)?.track === track) continue;
        end(peerId);
        if (!track) continue;
        const element = new Audio();
        element.srcObject = new MediaStream([track]);
        playing.set(peerId, { element, track });
        direct(element);
        start(element);
      }
      if (playing.size === 0) blocked.value = false;
    },
    unblock() {
      blocked.value = false;
      for (const { element } of playing.values()) start(element);
    },
    clear() {
      for (const peerId of [...playing.keys()]) end(peerId);
      blocked.value = false;
    },
  };
}
