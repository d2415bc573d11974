import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { prefix } from "../code-points";
import type { ChatState } from "../kernel/messages";
import { nextShown } from "./reveal";

interface LiveText {
  shown: number;
  text: Signal<string>;
}

/** The shown text of each open answer: a signal of its own, so that a token renders one message only. */
export interface LiveTexts {
  of(id: string): ReadonlySignal<string>;
  /** Shows more of what has arrived; `elapsed` in ms. Returns whether something is still to be shown. */
  advance(streams: ChatState["streams"], elapsed: number, atOnce: boolean): boolean;
}

export function createLiveTexts(): LiveTexts {
  const texts = new Map<string, LiveText>();

  const entry = (id: string): LiveText => {
    const known = texts.get(id) ?? { shown: 0, text: signal("") };
    texts.set(id, known);
    return known;
  };

  return {
    of: (id) => entry(id).text,
    advance(streams, elapsed, atOnce) {
      for (const id of texts.keys()) if (!Object.hasOwn(streams, id)) texts.delete(id);
      let more = false;
      for (const [id, { text }] of Object.entries(streams)) {
        const live = entry(id);
        const cut = prefix(text, atOnce ? text.length : nextShown(live.shown, text.length, elapsed));
        live.shown = cut.length;
        live.text.value = cut;
        more ||= cut.length < text.length;
      }
      return more;
    },
  };
}
