// What a connection's statistics say, and what follows from it for the pictures that are sent.
import type { Quality } from "./carrier";

/** What is remembered between two looks: packets of the voice so far. */
export interface Counted {
  received: number;
  lost: number;
}

export interface Measured {
  quality: Quality;
  counted: Counted;
  /** What the line takes, in bit/s; null while nobody knows. */
  bitrate: number | null;
  /** The share of our packets that did not arrive, 0 to 1. */
  lossThere: number;
}

interface Stat {
  type: string;
  id: string;
  kind?: string;
  selectedCandidatePairId?: string;
  nominated?: boolean;
  state?: string;
  localCandidateId?: string;
  candidateType?: string;
  currentRoundTripTime?: number;
  availableOutgoingBitrate?: number;
  packetsReceived?: number;
  packetsLost?: number;
  fractionLost?: number;
  framesDecoded?: number;
  frameWidth?: number;
  frameHeight?: number;
}

/** Reads a report of `RTCPeerConnection.getStats`; loss is counted since the look before. */
export function measured(report: Iterable<[string, unknown]>, before: Counted): Measured {
  const stats = new Map([...report] as [string, Stat][]);
  const all = [...stats.values()];
  const selected = all.find(({ type }) => type === "transport")?.selectedCandidatePairId;
  const pair =
    stats.get(selected ?? "") ??
    all.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  const voice = all.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio");
  // Of camera and screen the larger is what one looks at.
  const picture = all
    .filter(({ type, kind }) => type === "inbound-rtp" && kind === "video")
    .reduce<Stat | null>(
      (best, each) => ((each.frameWidth ?? 0) >= (best?.frameWidth ?? 0) ? each : best),
      null,
    );
  const counted = { received: voice?.packetsReceived ?? 0, lost: Math.max(0, voice?.packetsLost ?? 0) };
  const received = counted.received - before.received;
  const lost = Math.max(0, counted.lost - before.lost);
  const there = all
    .filter(({ type }) => type === "remote-inbound-rtp")
    .map(({ fractionLost }) => fractionLost ?? 0);
  return {
    counted,
    bitrate: pair?.availableOutgoingBitrate ?? null,
    lossThere: Math.max(0, ...there),
    quality: {
      roundTrip: pair?.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
      loss: received + lost > 0 ? lost / (received + lost) : null,
      width: picture?.frameWidth ?? 0,
      height: picture?.frameHeight ?? 0,
      relayed: stats.get(pair?.localCandidateId ?? "")?.candidateType === "relay",
      frames: picture?.framesDecoded ?? 0,
    },
  };
}

/** How pictures are sent at each step, the best first; the last sends none, so that the voice gets through. */
export const STEPS: readonly RTCRtpEncodingParameters[] = [
  { active: true, maxBitrate: 1_500_000, scaleResolutionDownBy: 1 },
  { active: true, maxBitrate: 350_000, scaleResolutionDownBy: 2 },
  { active: true, maxBitrate: 120_000, scaleResolutionDownBy: 4, maxFramerate: 10 },
  { active: false },
];

const BAD_LOSS = 0.1;
const GOOD_LOSS = 0.02;
/** Below so many bit/s a step is too much; what the step itself needs, and the voice. */
const NEEDS: readonly number[] = [450_000, 180_000, 90_000, 0];
/** So many good looks in a row, and the next better step is tried. */
const GOOD_LOOKS = 5;

export interface Pace {
  step: number;
  good: number;
}

export const BEST: Pace = { step: 0, good: 0 };

/** The step after another look at the line. */
export function nextPace({ step, good }: Pace, bitrate: number | null, lossThere: number): Pace {
  const short = bitrate !== null && bitrate < (NEEDS[step] ?? 0);
  if ((short || lossThere > BAD_LOSS) && step < STEPS.length - 1) return { step: step + 1, good: 0 };
  if (lossThere > GOOD_LOSS) return { step, good: 0 };
  // Without pictures nobody measures the line: then it is tried.
  const enough = step === STEPS.length - 1 || bitrate === null || bitrate > (NEEDS[step - 1] ?? 0);
  if (step === 0 || !enough) return { step, good: 0 };
  return good + 1 >= GOOD_LOOKS ? { step: step - 1, good: 0 } : { step, good: good + 1 };
}
