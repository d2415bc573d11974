import { effect } from "@preact/signals";
import type { Host } from "../host/host";
import type { KernelLink } from "../kernel/link";

/**
 * Tells the kernel whether any view is in sight, when that changes: of many answers that are written at once, it sends
 * those first that somebody sees. Returns what ends it.
 */
export function tellSight(host: Host, link: Pick<KernelLink, "inSight">): () => void {
  /** As the kernel takes a view that is shown. */
  let told = true;
  let isShown = false;
  return effect(() => {
    const inSight = link.inSight.value;
    isShown ||= inSight;
    if (!isShown || inSight === told) return;
    try {
      host.send({ kind: "sight", inSight });
      told = inSight;
    } catch {
      // the comm is closed, as the link finds out too
    }
  });
}
