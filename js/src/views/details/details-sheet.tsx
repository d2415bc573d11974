import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Store } from "../../store/store";
import { numeral, text } from "../../texts/texts";
import { Sparkline } from "../providers/sparkline";
import { FIGURES, type Figure, messageRate, type Sample, tokenRate, withSample } from "./figures";

const SAMPLE_MS = 1_000;
/** So many samples pass between two round trips. */
const MEASURE_EVERY = 2;

/** How the chat does, drawn over the last minutes; it measures while it is open and never else. */
export function DetailsSheet({ store }: { store: Store }): VNode {
  const samples = useSamples(store);
  return (
    <dl class="plots">
      {FIGURES.map((figure) => (
        <Plot key={figure} figure={figure} samples={samples} />
      ))}
    </dl>
  );
}

function Plot({ figure, samples }: { figure: Figure; samples: readonly Sample[] }): VNode {
  const values = samples.flatMap((sample) => sample[figure] ?? []);
  const last = samples.at(-1)?.[figure] ?? null;
  const say = (value: number): string => text(`details.${figure}Value`, { value: shown(value) });
  return (
    <div>
      <dt>{text(`details.${figure}`)}</dt>
      <dd>
        <span class="value">{last === null ? "–" : say(last)}</span>
        <Sparkline
          values={values}
          words={(least, most) =>
            least === most
              ? text("details.steady", { value: say(least) })
              : text("details.between", { least: say(least), most: say(most) })
          }
        />
      </dd>
    </div>
  );
}

function shown(value: number): string {
  return numeral(value, { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** One sample a second while the component is there. */
function useSamples(store: Store): readonly Sample[] {
  const samples = useSignal<readonly Sample[]>([]);
  const latency = useRef<number | null>(null);
  const reconnects = useRef(0);
  const state = store.connection.value?.state;
  const before = useRef(state);
  useEffect(() => {
    if (state === "live" && before.current === "reconnecting") reconnects.current += 1;
    if (state !== "live") latency.current = null;
    before.current = state;
  }, [state]);

  useEffect(() => {
    let over = false;
    let turn = 0;
    let asking = false;
    let cancel = (): void => {};
    const measure = async (): Promise<void> => {
      asking = true;
      try {
        const { latency: trip } = await store.ask<{ latency: number }>({ kind: "health" });
        if (!over) latency.current = trip;
      } catch {
        latency.current = null; // the badge says what is wrong
      }
      asking = false;
    };
    const sample = (): void => {
      const live = store.connection.peek()?.state === "live";
      if (turn % MEASURE_EVERY === 0 && live && !asking) void measure();
      turn += 1;
      const chat = store.chat.peek();
      samples.value = withSample(samples.peek(), {
        latency: latency.current,
        tokens: tokenRate(chat?.streams ?? {}),
        messages: messageRate(chat?.messages ?? [], store.clock.now()),
        reconnects: reconnects.current,
        queue: store.outbox.peek().filter((message) => message.state === "sending").length,
      });
      cancel = store.clock.after(SAMPLE_MS, sample);
    };
    sample();
    return () => {
      over = true;
      cancel();
    };
  }, [store, samples]);
  return samples.value;
}
