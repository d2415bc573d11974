// Stop is a promise: after a second without an answer the view says what does stop.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../clock";
import type { KernelLink } from "../kernel/link";
import type { Reply } from "../kernel/messages";

const PATIENCE_MS = 1_000;

export interface Stopping {
  /** The answer whose end was asked for and has not been confirmed. */
  readonly id: ReadonlySignal<string | null>;
  /** The same, once that has taken more than a second. */
  readonly overdue: ReadonlySignal<string | null>;
  stop(messageId: string): void;
  end(): void;
}

export function createStopping(clock: Clock, link: KernelLink, told: (reply: Reply) => void): Stopping {
  const id = signal<string | null>(null);
  const isSlow = signal(false);
  let cancelSlow = (): void => {};
  return {
    id,
    overdue: computed(() => (isSlow.value ? id.value : null)),
    stop(messageId) {
      if (id.value === messageId) return;
      id.value = messageId;
      isSlow.value = false;
      cancelSlow();
      cancelSlow = clock.after(PATIENCE_MS, () => {
        isSlow.value = true;
      });
      link.request({ kind: "stop", messageId }, (reply) => {
        cancelSlow();
        id.value = null;
        told(reply);
      });
      link.ask();
    },
    end: () => cancelSlow(),
  };
}
