// Pause: this view stops drawing what comes, says how much waits, and catches up at once.
import type { ReadonlySignal } from "@preact/signals";
import type { Waiting } from "../picture";
import type { Core } from "./core";

export interface Pausing {
  readonly paused: ReadonlySignal<boolean>;
  /** What has come since Pause. */
  readonly waiting: ReadonlySignal<Waiting>;
  pause(): void;
  resume(): void;
}

export function createPausing({ picture, link }: Core): Pausing {
  const turn = (on: boolean): void => {
    if (picture.paused.value === on) return;
    picture.pause(on);
    // Told, so that the kernel may hold what no view draws; this version's does not.
    link.tell({ kind: "pause", on });
  };
  return {
    paused: picture.paused,
    waiting: picture.waiting,
    pause: () => turn(true),
    resume: () => turn(false),
  };
}
