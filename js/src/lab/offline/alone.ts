// One page of the browser at a time does something: by the browser's locks or, on a page without TLS, where there are none,
// by what the pages tell each other.
import { uuid } from "../../identifier";

const CHANNEL = "conduit-chat-alone";
/** Whoever does it objects within this time. */
const OBJECTING_MS = 150;
/** A page that was closed over it tells nobody that it is free. */
const AGAIN_MS = 2_000;

interface Said {
  name: string;
  from: string;
  says: "wants" | "has" | "left";
}

/** Does the work when no other page does any under this name; rejects where the signal aborts before. */
export async function alone(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const locks = globalThis.navigator?.locks;
  if (locks) return void (await locks.request(name, { signal }, work));
  if (!globalThis.BroadcastChannel) return work(); // what is sent twice has the same id, and is there once
  const channel = new BroadcastChannel(CHANNEL);
  try {
    await agreed(channel, name, signal);
    await work();
  } finally {
    channel.postMessage({ name, from: "", says: "left" } satisfies Said);
    channel.close();
  }
}

/** Resolves when nobody objects; from then on whoever wants it hears that it is taken. */
async function agreed(channel: BroadcastChannel, name: string, signal: AbortSignal): Promise<void> {
  const me = uuid();
  let is: Said["says"] = "left";
  let heard = (_said: Said): void => {};
  const say = (says: Said["says"]): void => channel.postMessage({ name, from: me, says } satisfies Said);
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    if (data.name !== name) return;
    // Of two that want it at once the one with the smaller name goes first.
    if (data.says === "wants" && (is === "has" || (is === "wants" && me < data.from))) say("has");
    heard(data);
  };
  /** Whether somebody says this within so many milliseconds; rejects at once where the signal aborts meanwhile. */
  const hears = (ms: number, what: (said: Said) => boolean): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        heard = () => {};
        settle();
      };
      const aborted = (): void => end(() => reject(signal.reason));
      const timer = setTimeout(() => end(() => resolve(false)), ms);
      heard = (said) => {
        if (what(said)) end(() => resolve(true));
      };
      signal.addEventListener("abort", aborted);
    });
  const isTaken = async (): Promise<boolean> => {
    for (;;) {
      is = "wants";
      const askedAt = performance.now();
      say(is);
      if (await hears(OBJECTING_MS, ({ says, from }) => says === "has" || (says === "wants" && from < me)))
        return true;
      // A page that was held up meanwhile has not heard yet what was said.
      if (performance.now() - askedAt < 2 * OBJECTING_MS) return false;
    }
  };
  signal.throwIfAborted();
  while (await isTaken()) {
    is = "left";
    await hears(AGAIN_MS, ({ says }) => says === "left");
  }
  is = "has";
}
