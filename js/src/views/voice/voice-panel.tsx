import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { ENDING_MS, MOST_MS, type Recorder, recorderOf } from "../../voice/recorder";
import { BARS, clockText } from "../../voice/waveform";

/** What is being recorded, and how it ends; nothing while nobody speaks. */
export function VoicePanel({ store }: { store: Store }): VNode | null {
  const recorder = recorderOf(store);
  const { state, problem } = recorder;
  const isOn = state.value !== "idle";
  useEffect(() => recorder.attach(), [recorder]);
  useEffect(() => (isOn ? listen(recorder.release, recorder.cancel) : undefined), [isOn, recorder]);
  if (!isOn)
    return problem.value ? (
      <p class="voice-note wrong" role="alert">
        {problem.value}
      </p>
    ) : null;
  return (
    <div class="voice" data-state={state.value}>
      <span class="on-air" role="img" aria-label={text("voice.recording")} title={text("voice.recording")} />
      <span class="time">{clockText(recorder.milliseconds.value / 1000)}</span>
      <Levels store={store} />
      <span class="hint" role="status">
        {hintOf(recorder)}
      </span>
      <button type="button" class="plain" onClick={recorder.cancel}>
        {text("voice.cancel")}
      </button>
    </div>
  );
}

function hintOf({ state, milliseconds }: Recorder): string {
  if (state.value === "asking") return text("voice.asking");
  if (milliseconds.value >= MOST_MS - ENDING_MS)
    return text("voice.ending", { time: clockText(MOST_MS / 1000) });
  return text(state.value === "held" ? "voice.held" : "voice.open");
}

function Levels({ store }: { store: Store }): VNode {
  const levels = recorderOf(store).levels.value;
  return <Waveform bars={[...Array(Math.max(0, BARS - levels.length)).fill(0), ...levels]} />;
}

/** Bars; those before `share` of the whole have been played. */
export function Waveform({ bars, share = 0 }: { bars: readonly number[]; share?: number }): VNode {
  return (
    <svg class="wave" viewBox={`0 0 ${bars.length * 3} 24`} preserveAspectRatio="none" aria-hidden="true">
      {bars.map((bar, index) => {
        const height = 2 + bar * 20;
        return (
          <rect
            key={index}
            class={index < share * bars.length ? "played" : undefined}
            x={index * 3 + 0.5}
            y={12 - height / 2}
            width={2}
            height={height}
            rx={1}
          />
        );
      })}
    </svg>
  );
}

/** While it is on, letting go ends it anywhere, and Escape forgets it: the answer that is being written goes on. */
function listen(release: () => void, cancel: () => void): () => void {
  const ends = new AbortController();
  const options = { signal: ends.signal, capture: true };
  for (const name of ["pointerup", "pointercancel", "blur"] as const)
    globalThis.addEventListener(name, release, options);
  globalThis.addEventListener(
    "keyup",
    ({ key }) => {
      if (key === " " || key === "Enter") release();
    },
    options,
  );
  globalThis.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      cancel();
    },
    options,
  );
  return () => ends.abort();
}
