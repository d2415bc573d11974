import type { VNode } from "preact";
import type { Store } from "../../store";
import { Export } from "./export";

/** Takes the conversation along as a file. */
export function Files({ store }: { store: Store }): VNode {
  return (
    <div class="files">
      <Export store={store} />
    </div>
  );
}
