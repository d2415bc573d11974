import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { text } from "../../texts/texts";
import { type Emoji, emojiGroups, findEmoji } from "./emoji";
import { recentEmoji, rememberEmoji } from "./recent";

/** As many as fit beside each other in the style. */
const COLUMNS = 8;

/** All emoji, to be searched by name and gone through with the arrow keys. */
export function EmojiPicker({ chosen }: { chosen(emoji: string): void }): VNode {
  const query = useSignal("");
  const recent = useSignal(recentEmoji());
  const choose = (emoji: string): void => {
    rememberEmoji(emoji);
    chosen(emoji);
  };
  const found = findEmoji(query.value);
  const isSearch = query.value.trim() !== "";
  return (
    <div class="picking">
      <input
        type="search"
        class="emoji-search"
        placeholder={text("emoji.search")}
        aria-label={text("emoji.search")}
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          const [first] = found;
          if (event.key !== "Enter" || event.isComposing || !first) return;
          event.preventDefault();
          choose(first.unicode);
        }}
      />
      <div class="emoji-groups" role="toolbar" aria-label={text("emoji.label")} onKeyDown={onKey}>
        {isSearch ? (
          <Group emoji={found} choose={choose} />
        ) : (
          <>
            {recent.value.length > 0 && (
              <Group label={text("emoji.recent")} emoji={recent.value.map(known)} choose={choose} />
            )}
            {emojiGroups.map(({ key, emoji }) => (
              <Group key={key} label={text(key)} emoji={emoji} choose={choose} />
            ))}
          </>
        )}
        {isSearch && found.length === 0 && <p class="none">{text("emoji.none")}</p>}
      </div>
    </div>
  );
}

function known(unicode: string): Emoji {
  return { unicode, label: unicode, tags: [] };
}

interface GroupProps {
  label?: string;
  emoji: readonly Emoji[];
  choose(emoji: string): void;
}

function Group({ label, emoji, choose }: GroupProps): VNode | null {
  if (emoji.length === 0) return null;
  return (
    <section class="emoji-group" aria-label={label} style={{ "--rows": Math.ceil(emoji.length / COLUMNS) }}>
      {label && <h3>{label}</h3>}
      <div class="emoji-grid">
        {emoji.map(({ unicode, label: name }, index) => (
          <button
            key={unicode}
            type="button"
            class="emoji"
            title={name}
            aria-label={name}
            tabIndex={index === 0 ? 0 : -1}
            onClick={() => choose(unicode)}
          >
            {unicode}
          </button>
        ))}
      </div>
    </section>
  );
}

/** Arrow keys go from emoji to emoji, also over the groups. */
function onKey(event: TargetedKeyboardEvent<HTMLElement>): void {
  const steps: Record<string, number> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: COLUMNS,
    ArrowUp: -COLUMNS,
  };
  const step = steps[event.key];
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(".emoji")];
  const next = all[all.indexOf(event.target as HTMLElement) + step];
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}
