// Which language the chat speaks: English at once, another when its texts have come.
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Host } from "./host";
import type { Chunks } from "./lazy/chunks";
import { ENGLISH, speak } from "./texts/texts";

const LANGUAGES = ["de", "es", "zh"] as const;

/** Speaks what Python asks for, else the browser's language; its texts are fetched when there is a conversation. */
export function speakAsAsked(
  host: Host,
  lifetime: AbortSignal,
  chunks: Pick<Chunks, "load">,
  chat: ReadonlySignal<unknown>,
): void {
  const read = (): string => String(host.trait("language") || globalThis.navigator?.language);
  const asked = signal(read());
  host.onTrait(
    "language",
    () => {
      asked.value = read();
    },
    lifetime,
  );
  const isHere = computed(() => Boolean(chat.value));
  effect(() => {
    const tag = asked.value;
    const name = LANGUAGES.find((each) => each === tag.slice(0, 2));
    if (!name) speak(ENGLISH);
    else if (isHere.value)
      chunks.load(name).then(
        ({ catalogue }) => tag === asked.peek() && speak(tag, catalogue),
        () => {}, // English says it all
      );
  });
}
