import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { contextSize, contextUse } from "../../composing/context-use";
import { shortCount } from "../../composing/token-estimate";
import { readChoice } from "../../state/choice";
import type { Store } from "../../store/store";
import { numeral, text } from "../../texts/texts";

/** From here on the ring warns. */
const NEARLY_FULL = 0.8;
const RADIUS = 5;
const ROUND = 2 * Math.PI * RADIUS;

/** "12 % of 8k": how full the model's context is, with the draft; about how long the draft is where that is unknown. */
export function ContextGauge({ store }: { store: Store }): VNode | null {
  const use = useComputed(() => {
    const choice = readChoice(store.choice.value);
    const size = contextSize(store.select.providers.value, choice, store.select.provider.value);
    const messages = store.composing.fresh.value ? [] : store.branches.value.shown;
    return contextUse(messages, store.draft.value, size);
  }).value;
  const used = use.past + use.draft;
  if (used === 0) return null;
  if (use.size === null)
    return use.draft > 0 ? (
      <span class="gauge">{text("composer.draftTokens", { count: use.draft })}</span>
    ) : null;
  const share = Math.min(1, used / use.size);
  const size = shortCount(use.size);
  const hint =
    used > use.size
      ? text("composer.contextFull", { used, size: use.size })
      : text("composer.contextHint", { used, size: use.size, past: use.past, draft: use.draft });
  const percent = numeral(share, { style: "percent", maximumFractionDigits: share < 0.01 ? 1 : 0 });
  return (
    <span class={share >= NEARLY_FULL ? "gauge full" : "gauge"} title={hint}>
      <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" focusable="false">
        <circle cx="7" cy="7" r={RADIUS} class="rest" />
        <circle
          cx="7"
          cy="7"
          r={RADIUS}
          class="used"
          stroke-dasharray={`${(share * ROUND).toFixed(2)} ${ROUND.toFixed(2)}`}
          transform="rotate(-90 7 7)"
        />
      </svg>
      <span>{text("composer.context", { percent, size })}</span>
      <span class="sr-only">{hint}</span>
    </span>
  );
}
