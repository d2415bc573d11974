import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import { Lazy } from "../../lazy/lazy";
import { reactionsOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** What people react with most: at hand before anything is loaded. */
const USUAL = ["👍", "❤️", "😂", "🎉", "😮", "😢"];

interface ReactingProps {
  store: Store;
  message: ChatMessage;
  chosen(): void;
}

/** The usual reactions at once, and all emoji as soon as they are there. */
export function Reacting({ store, message, chosen }: ReactingProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector("button")?.focus(), []);
  const react = (emoji: string): void => {
    const own = reactionsOf(message).find(([each]) => each === emoji)?.[1];
    store.react(message.id, emoji, !own?.includes(store.select.selfId.value));
    chosen();
  };
  return (
    <div class="popover reacting" role="dialog" aria-label={text("emoji.label")} ref={box}>
      <p class="usual">
        {USUAL.map((emoji) => (
          <button
            key={emoji}
            type="button"
            class="emoji"
            aria-label={text("actions.reactWith", { emoji })}
            onClick={() => react(emoji)}
          >
            {emoji}
          </button>
        ))}
      </p>
      <Lazy chunk="emoji" waiting={<div class="picker-place" />}>
        {({ EmojiPicker }) => <EmojiPicker chosen={react} />}
      </Lazy>
    </div>
  );
}
