import type { ReadonlySignal } from "@preact/signals";
import type { Clock } from "../clock";
import type { ConnectionInfo } from "../contract";
import type { KernelHealth, SecondWay } from "../kernel/link";

/** The way from this page to the kernel and on to the hub, as its badge and its banner show it. */
export interface Way {
  readonly clock: Clock;
  readonly kernel: ReadonlySignal<KernelHealth>;
  /** The way past a busy kernel; left out where no view has one. */
  readonly second?: ReadonlySignal<Pick<SecondWay, "reach" | "refusal" | "words"> | null>;
  /** Null until the kernel has said anything. */
  readonly connection: ReadonlySignal<ConnectionInfo | null>;
  /** Whether the view stands still because somebody wished so; left out where no view can. */
  readonly paused?: ReadonlySignal<boolean>;
  /** Connects now, whatever is missing: the kernel or the hub. */
  retryConnection(): void;
}

/** Whether what was last heard of others still holds: what the hub says comes unasked, also while a cell runs. */
export function isCurrent({ kernel, connection }: Pick<Way, "kernel" | "connection">): boolean {
  const heard = kernel.value === "answering" || kernel.value === "blocked";
  return heard && connection.value?.state === "live";
}
