// Times the first picture of each answer, for the kernel: from the arrival of its first text until it is drawn.
import type { Clock } from "../clock";
import type { ChatState } from "../kernel/messages";

export interface FirstPaints {
  /** The state is as new as this; the texts of a history are not timed. */
  came(streams: ChatState["streams"], isHistory: boolean): void;
  /** What has come was drawn in this frame. */
  drawn(): void;
}

/** Calls `report` once an answer: when it was drawn (epoch ms), and for how long its text was here by then. */
export function createFirstPaints(
  clock: Clock,
  report: (messageId: string, at: number, held: number) => void,
): FirstPaints {
  /** When the first text of each open answer came; null where nobody asks. */
  const cameAt = new Map<string, number | null>();
  return {
    came(streams, isHistory) {
      for (const id of cameAt.keys()) if (!Object.hasOwn(streams, id)) cameAt.delete(id);
      for (const [id, { text }] of Object.entries(streams))
        if (text && !cameAt.has(id)) cameAt.set(id, isHistory ? null : clock.now());
    },
    drawn() {
      for (const [id, at] of cameAt) {
        if (at === null) continue;
        cameAt.set(id, null);
        // The next frame begins when this one is on the screen.
        clock.frame(() => report(id, Math.round(clock.now()), Math.round(clock.now() - at)));
      }
    },
  };
}
