import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { text } from "../../texts/texts";

const LOOK_MS = 80;
/** A voice at arm's length fills the meter. */
const FULL = 0.25;

/** How loud a microphone hears one, while it is shown. */
export function LevelMeter({ track }: { track: MediaStreamTrack }): VNode {
  const level = useSignal(0);
  useEffect(() => {
    const own = track.clone();
    own.enabled = true; // who is muted may look whether they would be heard
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([own])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      level.value = Math.min(1, Math.sqrt(power) / FULL);
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      void context.close();
      own.stop();
    };
  }, [track, level]);
  return <meter class="level" aria-label={text("call.level")} min={0} max={1} value={level.value} />;
}
