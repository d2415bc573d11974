// Who speaks: the loudest for a moment, so that a cough does not turn the picture.

/** Quieter than this is nobody's voice. */
const VOICE = 0.02;
/** How much of the level before counts: at five looks a second a word is long enough. */
const KEPT = 0.6;
/** Whoever speaks keeps the floor unless another is clearly louder. */
const FLOOR = 1.5;

export interface SpeakerState {
  readonly levels: ReadonlyMap<string, number>;
  readonly speaker: string | null;
}

export const SILENCE: SpeakerState = { levels: new Map(), speaker: null };

/** The state after another look at how loud everybody is; the last speaker stays while all are quiet. */
export function listened(before: SpeakerState, now: ReadonlyMap<string, number>): SpeakerState {
  const levels = new Map<string, number>();
  for (const [peerId, level] of now) {
    levels.set(peerId, (before.levels.get(peerId) ?? 0) * KEPT + level * (1 - KEPT));
  }
  const held = before.speaker !== null && levels.has(before.speaker) ? before.speaker : null;
  const bar = Math.max(VOICE, (levels.get(held ?? "") ?? 0) * FLOOR);
  let speaker = held;
  let loudest = bar;
  for (const [peerId, level] of levels) {
    if (peerId !== held && level >= loudest) [speaker, loudest] = [peerId, level];
  }
  return { levels, speaker };
}

/** Whether the two look alike: then nothing has to be drawn. */
export function soundAlike(before: SpeakerState, now: SpeakerState): boolean {
  return (
    before.speaker === now.speaker &&
    [...now.levels.keys()].every((peerId) => speaks(before, peerId) === speaks(now, peerId))
  );
}

/** Whether somebody is heard right now: then there is a ring round their picture. */
export function speaks(state: SpeakerState, peerId: string): boolean {
  return (state.levels.get(peerId) ?? 0) >= VOICE;
}
