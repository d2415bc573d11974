// Pointing at a shared screen: a place in the picture, sent to everybody, who see a pointer with one's name.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../clock";

/** A place in the picture, 0 to 1 from its upper left corner. */
export interface Point {
  x: number;
  y: number;
}

const SEND_MS = 40;
/** A pointer that does not move goes by itself: its owner may be gone. */
const FADES_MS = 3_000;

export interface Pointing {
  readonly points: ReadonlySignal<ReadonlyMap<string, Point>>;
  /** Points at a place; null takes the pointer away. */
  point(at: Point | null): void;
  /** Takes in what a peer sent. */
  hear(peerId: string, text: string): void;
  clear(): void;
}

export function createPointing(clock: Clock, send: (text: string) => void): Pointing {
  const points = signal<ReadonlyMap<string, Point>>(new Map());
  const fading = new Map<string, () => void>();
  const heardAt = new Map<string, number>();
  let sentAt = 0;
  let isPointing = false;

  const set = (peerId: string, at: Point | null): void => {
    fading.get(peerId)?.();
    fading.delete(peerId);
    const next = new Map(points.peek());
    if (at) {
      next.set(peerId, at);
      fading.set(
        peerId,
        clock.after(FADES_MS, () => set(peerId, null)),
      );
    } else next.delete(peerId);
    points.value = next;
  };

  return {
    points,
    point(at) {
      if (at ? clock.now() - sentAt < SEND_MS : !isPointing) return;
      isPointing = at !== null;
      sentAt = clock.now();
      send(JSON.stringify(at));
    },
    hear(peerId, text) {
      const at = read(text);
      // A browser that sends more than ours would is not drawn more often.
      const isEarly = clock.now() - (heardAt.get(peerId) ?? Number.NEGATIVE_INFINITY) < SEND_MS / 2;
      if (at === undefined || (at ? isEarly : !points.peek().has(peerId))) return;
      heardAt.set(peerId, clock.now());
      set(peerId, at);
    },
    clear() {
      for (const cancel of fading.values()) cancel();
      fading.clear();
      heardAt.clear();
      points.value = new Map();
    },
  };
}

/** What another browser sent may be anything. */
function read(text: string): Point | null | undefined {
  if (text.length > 100) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Point> | null;
    if (value === null) return null;
    const { x, y } = value;
    const fits = (part: unknown): part is number => typeof part === "number" && part >= 0 && part <= 1;
    return fits(x) && fits(y) ? { x, y } : undefined;
  } catch {
    return undefined;
  }
}
