import type { VNode } from "preact";
import { isCurrent } from "../../state/way";
import type { Store } from "../../store/store";
import { textNodes } from "../../texts/texts";
import { Dots } from "../dots";
import { typingWords } from "./typing-words";

/** Who is typing. */
export function Typing({ store }: { store: Store }): VNode | null {
  const words = typingWords(store.select.typing.value, store.select.participants.value);
  if (!words || !isCurrent(store)) return null;
  return (
    <>
      <Dots />
      {textNodes("typing.typing", {
        who: <span class="who">{words.who}</span>,
        count: words.count,
      }).map((piece) => (typeof piece === "string" ? piece && <span class="does">{piece}</span> : piece))}
    </>
  );
}
