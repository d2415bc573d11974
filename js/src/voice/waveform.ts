// How a voice looks: a few dozen bars.

export const BARS = 48;

/** How loud samples are, 0 to 1: a voice at arm's length is about one half. */
export function loudness(samples: ArrayLike<number>): number {
  let power = 0;
  for (let index = 0; index < samples.length; index += 1) power += (samples[index] ?? 0) ** 2;
  return Math.min(1, Math.sqrt(power / Math.max(1, samples.length)) * 4);
}

/** The bars of a recording, the loudest of them 1; silence has none that is seen. */
export function bars(samples: Float32Array, count = BARS): number[] {
  const size = Math.max(1, Math.floor(samples.length / count));
  const found = Array.from({ length: count }, (_, bar) =>
    loudness(samples.subarray(bar * size, (bar + 1) * size)),
  );
  const most = Math.max(...found);
  return most > 0.001 ? found.map((each) => each / most) : found.map(() => 0);
}

/** "1:05". */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Decodes a recording; its length is known then, which a browser's own recording does not say. */
export async function decoded(blob: Blob): Promise<{ seconds: number; bars: number[] }> {
  const audio = await new OfflineAudioContext(1, 1, 16_000).decodeAudioData(await blob.arrayBuffer());
  return { seconds: audio.duration, bars: bars(audio.getChannelData(0)) };
}
