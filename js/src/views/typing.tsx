import type { VNode } from "preact";
import type { Store } from "../store";
import { typingWords } from "./words";

/** Who is typing. The line keeps its place when it is empty, so that nothing jumps. */
export function Typing({ store }: { store: Store }): VNode {
  const [who, does] = typingWords(store.select.typing.value, store.select.participants.value);
  return (
    <div class="typing" aria-live="off">
      {who && (
        <>
          <Dots />
          <span class="who">{who}</span>
          <span class="does">{does}</span>
        </>
      )}
    </div>
  );
}

export function Dots(): VNode {
  return (
    <span class="dots" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}
