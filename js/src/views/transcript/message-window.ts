// Which messages are in the document: few at first, more when the page is idle. Pure.

/** So many messages are drawn when nobody asks for more. */
export const WINDOW = 200;
/** So many are drawn at once: more than what is in view. */
export const FIRST = 16;
/** So many come with each step after that: a step must not hold up a frame. */
export const STEP = 6;

interface Identified {
  readonly id: string;
}

/** Places in the list of messages: the first one drawn, and the one after the last. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The newest messages while the view follows; while somebody reads further up, nothing leaves; after a jump, what is
 * around its target. It grows by steps up to what is wanted.
 */
export class MessageWindow {
  #messages: readonly Identified[] = [];
  #range: Range = { start: 0, end: 0 };
  #firstId: string | null = null;
  /** Id of the last one drawn; null: the end of the conversation, whatever comes. */
  #lastId: string | null = null;
  /** How many are still wanted before the first drawn, and after the last. */
  #above = WINDOW - FIRST;
  #below = 0;

  /** Returns what to draw of `messages`. */
  update(messages: readonly Identified[], following: boolean): Range {
    this.#messages = messages;
    const { length } = messages;
    const held = indexOf(messages, this.#firstId);
    if (held < 0 || (following && this.#lastId !== null)) {
      this.#above = WINDOW - FIRST;
      return this.#set(Math.max(0, length - FIRST), length);
    }
    if (following) {
      const start = Math.max(held, length - WINDOW);
      this.#above = WINDOW - (length - start);
      return this.#set(start, length);
    }
    const last = indexOf(messages, this.#lastId);
    return this.#set(held, last < 0 ? length : last + 1);
  }

  /** Whether more is to be drawn when there is time. */
  get wants(): "above" | "below" | null {
    const above = Math.min(this.#range.start, this.#above);
    const below = this.#lastId === null ? 0 : this.#below;
    return above > 0 && above > below ? "above" : below > 0 ? "below" : null;
  }

  /** Takes a step towards what is wanted. */
  grow(side = this.wants): void {
    if (side === "above") {
      const step = Math.min(STEP, this.#above, this.#range.start);
      this.#above -= step;
      this.#set(this.#range.start - step, this.#range.end);
    } else if (side === "below") {
      this.#below -= STEP;
      this.#set(this.#range.start, Math.min(this.#messages.length, this.#range.end + STEP));
    }
  }

  /** Wants a page more above, also of what is still to come. */
  widen(): void {
    this.#above = Math.max(0, this.#above) + WINDOW;
    this.grow("above");
  }

  /** Draws what is around the message at `index`, unless it is drawn. Returns what to draw. */
  include(index: number): Range {
    const { start, end } = this.#range;
    if (index >= start && index < end) return this.#range;
    this.#above = WINDOW / 2 - FIRST / 2;
    this.#below = this.#above;
    return this.#set(Math.max(0, index - FIRST / 2), Math.min(this.#messages.length, index + FIRST / 2));
  }

  #set(start: number, end: number): Range {
    const { length } = this.#messages;
    this.#firstId = this.#messages[start]?.id ?? null;
    this.#lastId = end < length ? (this.#messages[end - 1]?.id ?? null) : null;
    this.#range = { start, end };
    return this.#range;
  }
}

function indexOf(messages: readonly Identified[], id: string | null): number {
  return id === null ? -1 : messages.findLastIndex((message) => message.id === id);
}
