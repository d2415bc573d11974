import type { VNode } from "preact";
import type { Store } from "../store";
import { textNodes } from "../texts/texts";
import { typingWords } from "./words";

/** Who is typing. The line keeps its place when it is empty, so that nothing jumps. */
export function Typing({ store }: { store: Store }): VNode {
  const words = typingWords(store.select.typing.value, store.select.participants.value);
  return (
    <div class="typing" aria-live="off">
      {words && (
        <>
          <Dots />
          {textNodes("typing.typing", {
            who: <span class="who">{words.who}</span>,
            count: words.count,
          }).map((piece) => (typeof piece === "string" ? piece && <span class="does">{piece}</span> : piece))}
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
