import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { FreshNotice } from "./fresh-notice";

/** What goes with the next message beside its words: a fresh context, variables of the kernel. */
export function BesideDraft({ store }: { store: Store }): VNode {
  const names = useComputed(() => store.draft.value.includes("@")).value;
  const { module: context } = useChunk("context", names);
  return (
    <>
      <FreshNotice store={store} />
      {context && <context.Tray store={store} />}
    </>
  );
}
