// When to draw: at most once a frame, once a second while no view is in sight (the first picture at once), never without a
// view.
import type { Clock } from "../clock";
import type { Attached } from "../mount";
import { framesToSkip } from "./reveal";

const OUT_OF_SIGHT_MS = 1_000;
/**
 * The most time between two pictures of a text that grows, in ms. The kernel sends every 33 ms; what comes is drawn with
 * the next frame, and the rest of it with what comes next. A picture for every frame would take twice the work.
 */
const PICTURE_MS = 40;

export interface Frames {
  /** Something changed: draw soon. */
  request(): void;
  attach(): Attached;
  end(): void;
}

/**
 * Calls `publish(elapsed)` with the time since the last picture in ms; it returns whether more is to be shown.
 * A picture that took long has the next frames left out.
 */
export function createFrames(clock: Clock, publish: (elapsed: number) => boolean): Frames {
  const views = new Set<{ inSight: boolean }>();
  let cancel: (() => void) | null = null;
  let cancelRest = (): void => {};
  let waitsForSight = false;
  let owed = false;
  let ended = false;
  let shownAt = -OUT_OF_SIGHT_MS;
  let skip = 0;

  const draw = (): void => {
    cancel = null;
    if (skip > 0) {
      skip -= 1;
      request();
      return;
    }
    const now = clock.now();
    owed = false;
    const more = publish(now - shownAt);
    shownAt = now;
    if (more) {
      owed = true;
      cancelRest = clock.after(PICTURE_MS, request);
    }
    // Preact renders in a microtask queued above; ours comes after it and sees what it cost.
    queueMicrotask(() => {
      skip = framesToSkip(clock.now() - now);
    });
  };

  const request = (): void => {
    owed = true;
    if (cancel || ended || views.size === 0) return;
    waitsForSight = ![...views].some(({ inSight }) => inSight);
    cancelRest();
    const rest = OUT_OF_SIGHT_MS - (clock.now() - shownAt);
    // The time since an idle picture says nothing about the backlog: one picture's worth.
    shownAt = Math.max(shownAt, clock.now() - PICTURE_MS);
    cancel = waitsForSight ? clock.after(rest, draw) : clock.frame(draw);
  };

  const stop = (): void => {
    cancelRest();
    cancel?.();
    cancel = null;
  };

  return {
    request,
    attach() {
      const view = { inSight: true };
      const look = (): void => {
        if (waitsForSight) stop();
        if (owed) request();
      };
      views.add(view);
      look();
      return {
        seen(inSight) {
          view.inSight = inSight;
          if (inSight) look();
        },
        end() {
          views.delete(view);
          if (views.size === 0) stop();
        },
      };
    },
    end() {
      ended = true;
      stop();
    },
  };
}
