// One page at a time, without the browser's locks: the pages are channels of one another.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alone } from "../../../src/lab/offline/alone";
import { settled } from "../../support/fake-clock";
import { until } from "../../support/until";

const CHANNEL = "conduit-chat-alone";

let lives: AbortController[];
let ends: (() => void)[];
let working: string[];
let most: number;
let name: string;
let listener: BroadcastChannel | null = null;

beforeEach(() => {
  [lives, ends, working, most, name] = [[], [], [], 0, crypto.randomUUID()];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const life of lives) life.abort();
  for (const end of ends) end();
  listener?.close();
  listener = null;
});

const life = (): AbortController => {
  const mine = new AbortController();
  lives.push(mine);
  return mine;
};
/** Works until it is told to end. */
const page = (who: string, mine = life(), what = name): Promise<void> =>
  alone(what, mine.signal, async () => {
    working.push(who);
    most = Math.max(most, working.length);
    await new Promise<void>((resolve) => ends.push(resolve));
    working.splice(working.indexOf(who), 1);
  });
const isWorking = (...who: string[]): Promise<void> => until(() => expect(working).toEqual(who));
const end = (): void => ends.shift()?.();

describe("by what the pages tell each other", () => {
  it("does the work at once where nobody else wants to", async () => {
    const only = page("one");
    await isWorking("one");
    end();
    await only;
    expect(working).toEqual([]);
  });

  it("lets the next one go on as soon as the first has done, also where that failed", async () => {
    const first = alone(name, life().signal, async () => {
      working.push("one");
      await new Promise<void>((resolve) => ends.push(resolve));
      working.length = 0;
      throw new Error("the way is lost");
    });
    const failed = expect(first).rejects.toThrow("the way is lost");
    await isWorking("one");
    const second = page("two");
    end();
    await failed;
    await isWorking("two");
    end();
    await second;
  });

  it("lets one of many work that want it at once, and then each of the others", async () => {
    const all = ["a", "b", "c", "d"].map((who) => page(who));
    for (let turn = 0; turn < 4; turn += 1) {
      await until(() => expect(working).not.toEqual([]));
      expect(most).toBe(1);
      end();
      await settled();
    }
    await Promise.all(all);
  });

  it("holds up nobody who does something else", async () => {
    const [one, two] = [page("one"), page("two", life(), `${name}-other`)];
    await until(() => expect([...working].sort()).toEqual(["one", "two"]));
    end();
    end();
    await Promise.all([one, two]);
  });

  it("heeds nothing that is none of ours", async () => {
    listener = new BroadcastChannel(CHANNEL);
    const first = page("one");
    for (const odd of [{}, { name }, { name, says: "shouts", from: "" }, { name: 7, says: "has" }])
      listener.postMessage(odd);
    await isWorking("one");
    end();
    await first;
  });
});

describe("whoever leaves", () => {
  it.each([
    ["has left already", 0],
    ["leaves while nobody has objected yet", 1],
  ])("rejects at once and does nothing: %s", async (_, turns) => {
    const mine = life();
    if (turns === 0) mine.abort();
    const waiting = page("late", mine);
    const left = expect(waiting).rejects.toThrow();
    mine.abort();
    await left;
    expect(working).toEqual([]);
  });

  it("rejects at once while another page works, not when it is looked at again", async () => {
    const first = page("one");
    await isWorking("one");
    // From here on no timer ends: only the abort can.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const mine = life();
    const waiting = page("two", mine);
    const left = expect(waiting).rejects.toBe("gone");
    mine.abort("gone");
    await left;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    expect(working).toEqual(["one"]);
    end();
    await first;
  });

  it("leaves no timer and no listener behind", async () => {
    const mine = life();
    const [add, remove] = [
      vi.spyOn(mine.signal, "addEventListener"),
      vi.spyOn(mine.signal, "removeEventListener"),
    ];
    const only = page("one", mine);
    await isWorking("one");
    end();
    await only;
    expect(add.mock.calls.length).toBeGreaterThan(0);
    expect(remove.mock.calls.length).toBe(add.mock.calls.length);
  });
});

describe("by other means", () => {
  it("asks the browser's locks where there are some, and hands on whatever goes wrong", async () => {
    const request = vi.fn(async (_name: string, _options: object, work: () => Promise<void>) => work());
    vi.stubGlobal("navigator", { locks: { request } });
    const { signal } = life();
    let isDone = false;
    await alone(name, signal, async () => {
      isDone = true;
    });
    expect(isDone).toBe(true);
    expect(request.mock.calls[0]?.slice(0, 2)).toEqual([name, { signal }]);
    await expect(alone(name, signal, () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  });

  it("just does it where pages cannot tell each other anything", async () => {
    vi.stubGlobal("BroadcastChannel", undefined);
    let isDone = false;
    await alone(name, life().signal, async () => {
      isDone = true;
    });
    expect(isDone).toBe(true);
  });
});
