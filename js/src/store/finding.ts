// Bringing a message into view that is somewhere else: in another branch, or earlier than what is loaded.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Branching } from "./branching";
import type { Core } from "./core";

/** So many pages of history are asked for in search of a message. */
const MOST_PAGES = 40;

export interface Finding {
  /** Id of the message that is to be brought into view. */
  readonly target: ReadonlySignal<string | null>;
  /** Brings a message into view; `seq`, where it is known, says where to look for it. */
  show(messageId: string, seq?: number): void;
  /** It is in view. */
  found(): void;
}

export function createFinding(
  core: Core,
  branching: Pick<Branching, "showBranchOf">,
  loadEarlier: (loaded: (more: boolean) => void) => void,
): Finding {
  const target = signal<string | null>(null);
  const known = (id: string): boolean =>
    core.state().chat?.messages.some((message) => message.id === id) ?? false;

  const search = (id: string, pages: number): void => {
    if (target.value !== id) return;
    if (known(id)) branching.showBranchOf(id);
    else if (pages > 0) loadEarlier((more) => (more ? search(id, pages - 1) : give(id)));
    else give(id);
  };
  const give = (id: string): void => {
    if (target.value === id) target.value = null;
  };

  core.onPlace(() => {
    target.value = null;
  });

  return {
    target,
    show(id, seq) {
      target.value = id;
      if (known(id)) branching.showBranchOf(id);
      else if (seq === undefined) search(id, MOST_PAGES);
      else
        core.ask({ kind: "around", seq }, (reply) => {
          if (!reply.ok || !known(id)) give(id);
          else branching.showBranchOf(id);
        });
    },
    found() {
      target.value = null;
    },
  };
}
