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

export function createPausing({ picture, onPlace }: Pick<Core, "picture" | "onPlace">): Pausing {
  onPlace(() => picture.pause(false));
  return {
    paused: picture.paused,
    waiting: picture.waiting,
    pause: () => picture.pause(true),
    resume: () => picture.pause(false),
  };
}
