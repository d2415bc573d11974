// Pause: this view stops drawing what comes, says how much waits, and catches up at once.
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Waiting } from "../drawing/picture";
import type { Core } from "./core";

export interface Pausing {
  readonly paused: ReadonlySignal<boolean>;
  /** What has come since Pause. */
  readonly waiting: ReadonlySignal<Waiting>;
  pause(): void;
  resume(): void;
}

/** Paused is a view that somebody paused in it, and every view of a conversation that Python paused; Resume ends both. */
export function createPausing({ picture, onPlace, ask }: Pick<Core, "picture" | "onPlace" | "ask">): Pausing {
  const isHeld = (): boolean => picture.chat.value?.paused === true;
  onPlace(() => picture.pause(false));
  return {
    paused: computed(() => picture.paused.value || isHeld()),
    waiting: picture.waiting,
    pause: () => picture.pause(true),
    resume() {
      picture.pause(false);
      if (isHeld()) ask({ kind: "resume" });
    },
  };
}
