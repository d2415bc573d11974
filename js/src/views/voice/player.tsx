import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../../texts/texts";
import { BARS, clockText, decoded } from "../../voice/waveform";
import { icon } from "../icons";
import { Waveform } from "./voice-panel";

const PlayIcon = icon("M5 3.2v9.6L13 8z");
const PauseIcon = icon("M5.5 3.5v9M10.5 3.5v9");

const KEYS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
/** How far an arrow key goes, in seconds; in a short message a tenth of it. */
const STEP = 5;

/** A voice message, played in its place from the moment it is shown. */
export function Player({ blob, url }: { blob: Blob; url: string }): VNode {
  const audio = useRef<HTMLAudioElement>(null);
  const at = useSignal(0);
  const seconds = useSignal(0);
  const bars = useSignal<readonly number[]>(Array(BARS).fill(0));
  const plays = useSignal(false);
  const problem = useSignal(false);
  useEffect(() => {
    decoded(blob).then(
      (found) => {
        seconds.value = found.seconds;
        bars.value = found.bars;
      },
      () => {}, // it may be played all the same, without a picture of it
    );
    audio.current?.play().catch(() => {}); // the button does it
  }, [blob]);
  const toggle = (): void => {
    const element = audio.current;
    if (element?.paused) void element.play().catch(() => {});
    else element?.pause();
  };
  const seek = (to: number): void => {
    if (!audio.current) return;
    audio.current.currentTime = to;
    at.value = to;
  };
  const all = Math.max(seconds.value, at.value, 0.1);
  const time = clockText(plays.value || at.value > 0 ? at.value : seconds.value);
  if (problem.value)
    return (
      <p class="hint wrong" role="alert">
        {text("voice.unplayable")}
      </p>
    );
  return (
    <div class="player">
      {/* biome-ignore lint/a11y/useMediaCaption: what people record for each other has none */}
      <audio
        ref={audio}
        src={url}
        onPlay={() => {
          plays.value = true;
        }}
        onError={() => {
          problem.value = true;
        }}
        onDurationChange={({ currentTarget: { duration } }) => {
          if (Number.isFinite(duration)) seconds.value = Math.max(seconds.value, duration);
        }}
        onPause={() => {
          plays.value = false;
        }}
        onEnded={() => {
          at.value = 0;
        }}
        onTimeUpdate={({ currentTarget }) => {
          at.value = currentTarget.currentTime;
        }}
      />
      <button
        type="button"
        class="icon tool"
        aria-label={text(plays.value ? "voice.pause" : "voice.play")}
        onClick={toggle}
      >
        {plays.value ? <PauseIcon /> : <PlayIcon />}
      </button>
      <span class="where">
        <Waveform bars={bars.value} share={at.value / all} />
        <input
          type="range"
          min={0}
          max={all}
          step={0.1}
          value={at.value}
          aria-label={text("voice.position")}
          aria-valuetext={clockText(at.value)}
          onInput={({ currentTarget }) => seek(Number(currentTarget.value))}
          onKeyDown={(event) => {
            const sign = KEYS[event.key];
            if (sign === undefined) return;
            event.preventDefault();
            const wanted = at.value + sign * Math.min(STEP, all / 10);
            seek(Math.min(all, Math.max(0, wanted)));
          }}
        />
      </span>
      <span class="time">{time}</span>
    </div>
  );
}
