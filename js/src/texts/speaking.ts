// Which language a widget speaks: English at once, another when its texts have come.
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Host } from "../host/host";
import { type Catalogue, ENGLISH, speak } from "./texts";

const LANGUAGES = ["de", "es", "zh"] as const;

/** Where the texts of a language come from. */
export interface Catalogues {
  load(name: (typeof LANGUAGES)[number]): Promise<{ catalogue: Catalogue }>;
}

/** Speaks what Python asks for, else the browser's language; its texts are fetched when there is something to show. */
export function speakAsAsked(
  host: Host,
  lifetime: AbortSignal,
  { load }: Catalogues,
  state: ReadonlySignal<unknown>,
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
  const isHere = computed(() => Boolean(state.value));
  effect(() => {
    const tag = asked.value;
    const name = LANGUAGES.find((each) => each === tag.slice(0, 2));
    if (!name) speak(ENGLISH);
    else if (isHere.value)
      load(name).then(
        ({ catalogue }) => tag === asked.peek() && speak(tag, catalogue),
        () => {}, // English says it all
      );
  });
}
