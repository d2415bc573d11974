import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { Export } from "./export";
import { Import } from "./import";

/** Takes the conversation along as a file, and brings in what a file has. */
export function Files({ store }: { store: Store }): VNode {
  return (
    <div class="files">
      <Export store={store} />
      <Import store={store} />
    </div>
  );
}
