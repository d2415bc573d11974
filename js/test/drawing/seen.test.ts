// When something is drawn: out of sight, paused, in the middle of a text, after the end.
import { afterEach, describe, expect, it, vi } from "vitest";
import { createFirstPaints } from "../../src/drawing/first-paints";
import { createFrames } from "../../src/drawing/frames";
import { whenIdle } from "../../src/drawing/idle";
import { createPicture } from "../../src/drawing/picture";
import { EMPTY, type ViewState } from "../../src/state/state";
import { answer, chatState, question } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";

describe("frames", () => {
  const opened = (
    cost = 0,
  ): { clock: FakeClock; drawn: number[]; frames: ReturnType<typeof createFrames> } => {
    const clock = new FakeClock();
    const drawn: number[] = [];
    const frames = createFrames(clock, (elapsed) => {
      drawn.push(elapsed);
      clock.time += cost;
      return false;
    });
    return { clock, drawn, frames };
  };

  it("are drawn once a second while no view is in sight, and at once when one is again", async () => {
    const { clock, drawn, frames } = opened();
    const view = frames.attach();
    frames.request();
    await clock.paint();
    drawn.length = 0;
    view.seen(false);
    for (let request = 0; request < 10; request += 1) frames.request();
    await clock.paint();
    expect(drawn).toEqual([]);
    clock.advance(1_000);
    expect(drawn).toHaveLength(1);
    frames.request();
    view.seen(true);
    await clock.paint();
    expect(drawn).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it("are drawn for the one view that is in sight, whatever becomes of the others", async () => {
    const { clock, drawn, frames } = opened();
    const [one, two] = [frames.attach(), frames.attach()];
    one.seen(false);
    frames.request();
    await clock.paint();
    expect(drawn).toHaveLength(1);
    two.end();
    frames.request();
    await clock.paint();
    expect(drawn, "the other one is out of sight").toHaveLength(1);
    one.end();
    one.end();
    expect(clock.pending).toBe(0);
  });

  it("say no more of a long rest than one picture's worth", async () => {
    const { clock, drawn, frames } = opened();
    frames.attach();
    clock.advance(60_000);
    frames.request();
    await clock.paint();
    expect(drawn).toEqual([40 + 16]);
  });

  it.each([
    [0, 1],
    [7, 2],
    [13, 4],
  ])("leave out some after one that took %d ms: the next comes in frame %d", async (cost, frame) => {
    const { clock, drawn, frames } = opened(cost);
    frames.attach();
    frames.request();
    await clock.paint();
    frames.request();
    for (let at = 1; at < frame; at += 1) {
      await clock.paint();
      expect(drawn).toHaveLength(1);
    }
    await clock.paint();
    expect(drawn).toHaveLength(2);
  });

  it("are no more after the end, whoever asks or comes", async () => {
    const { clock, drawn, frames } = opened();
    frames.attach();
    frames.request();
    frames.end();
    frames.request();
    frames.attach().seen(true);
    await clock.paint();
    clock.advance(10_000);
    expect([drawn, clock.pending]).toEqual([[], 0]);
  });
});

describe("the first picture of an answer", () => {
  const told: [id: string, held: number][] = [];
  const timed = (): { clock: FakeClock; paints: ReturnType<typeof createFirstPaints> } => {
    told.length = 0;
    const clock = new FakeClock();
    return { clock, paints: createFirstPaints(clock, (id, _at, held) => told.push([id, held])) };
  };
  const stream = (text: string) => ({ text, metrics: null });

  it("is told once, from its first text until the frame after it was drawn", async () => {
    const { clock, paints } = timed();
    paints.came({ a: stream("") }, false);
    paints.drawn();
    await clock.paint();
    expect(told, "nothing to see yet").toEqual([]);
    paints.came({ a: stream("H") }, false);
    clock.advance(5);
    paints.drawn();
    paints.drawn();
    await clock.paint();
    paints.came({ a: stream("Hello") }, false);
    paints.drawn();
    await clock.paint();
    expect(told).toEqual([["a", 21]]);
  });

  it("of a history is not told, nor that of an answer which ended before it was drawn", async () => {
    const { clock, paints } = timed();
    paints.came({ old: stream("Here already") }, true);
    paints.came({ old: stream("Here already, and more"), quick: stream("Yes") }, false);
    paints.came({ old: stream("Here already, and more") }, false);
    paints.drawn();
    await clock.paint();
    expect(told).toEqual([]);
  });

  it("is told of each of several, and again of an id that comes again", async () => {
    const { clock, paints } = timed();
    for (const streams of [{ a: stream("1"), constructor: stream("2") }, {}, { a: stream("3") }]) {
      paints.came(streams as Record<string, ReturnType<typeof stream>>, false);
      paints.drawn();
      await clock.paint();
    }
    expect(told.map(([id]) => id)).toEqual(["a", "constructor", "a"]);
  });
});

describe("a picture that stands still", () => {
  const state = (change: Parameters<typeof chatState>[0]): ViewState => ({
    ...{ ...EMPTY, n: 1, needsHello: false },
    chat: chatState(change),
  });
  const writing = (text: string) => ({
    messages: [question(1, "Hi"), answer(2, "", { status: "streaming" })],
    streams: { a2: { text, metrics: null } },
  });
  const opened = async (): Promise<{ clock: FakeClock; picture: ReturnType<typeof createPicture> }> => {
    const clock = new FakeClock();
    const picture = createPicture(clock);
    picture.attach();
    picture.show(state(writing("one two")), true);
    await clock.paint();
    return { clock, picture };
  };

  it("keeps its messages, goes on with the rest, and counts what waits", async () => {
    const { clock, picture } = await opened();
    picture.pause(true);
    const { messages, streams } = writing("one two three four");
    const more = { messages: [...messages, question(3, "five six")], streams, typing: ["bo"] };
    picture.show(state(more), false);
    await clock.paint();
    expect(picture.chat.value).toMatchObject({ typing: ["bo"], streams: { a2: { text: "one two" } } });
    expect(picture.chat.value?.messages).toHaveLength(2);
    clock.advance(300);
    expect(picture.waiting.value).toEqual({ messages: 1, words: 4 });
    picture.pause(false);
    await clock.paint();
    expect(picture.chat.value?.messages).toHaveLength(3);
    expect(picture.liveText("a2").value, "at once").toBe("one two three four");
    expect(picture.waiting.value).toEqual({ messages: 0, words: 0 });
  });

  it.each([
    ["ended", { messages: [question(1, "Hi"), answer(2, "one two three")], streams: {} }, 1],
    ["was deleted", { messages: [question(1, "Hi")], streams: {} }, 0],
    ["got shorter", writing("one"), 0],
  ])("counts the words of an answer that %s meanwhile", async (_, change, words) => {
    const { clock, picture } = await opened();
    picture.pause(true);
    picture.show(state(change), false);
    clock.advance(300);
    expect(picture.waiting.value).toEqual({ messages: 0, words });
  });

  it("shows another conversation all the same", async () => {
    const { clock, picture } = await opened();
    picture.pause(true);
    picture.show(state({ conversationId: "other", messages: [question(9, "Elsewhere")] }), true);
    await clock.paint();
    expect(picture.chat.value?.messages.map(({ id }) => id)).toEqual(["q9"]);
  });

  it("leaves no timer behind, paused or not", async () => {
    const { clock, picture } = await opened();
    picture.pause(true);
    picture.show(state(writing("one two three")), false);
    picture.end();
    await clock.paint();
    expect(clock.pending).toBe(0);
  });
});

describe("work that nobody waits for", () => {
  let idle: (() => void)[] = [];
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  const page = (): void => {
    idle = [];
    vi.stubGlobal("requestIdleCallback", (work: () => void) => idle.push(work));
  };

  it("is done one piece at a time, in order, without what was forgotten", () => {
    page();
    const done: string[] = [];
    whenIdle(() => done.push("a"));
    const forget = whenIdle(() => done.push("b"));
    whenIdle(() => done.push("c"));
    forget();
    forget();
    expect(idle).toHaveLength(1);
    idle.shift()?.();
    expect(done).toEqual(["a"]);
    idle.shift()?.();
    expect([done, idle.length]).toEqual([["a", "c"], 0]);
  });

  it("goes on after a piece that fails, and may add to itself", () => {
    page();
    const done: string[] = [];
    whenIdle(() => {
      throw new Error("broken");
    });
    whenIdle(() => whenIdle(() => done.push("late")));
    expect(() => idle.shift()?.()).toThrow("broken");
    while (idle.length > 0) idle.shift()?.();
    expect(done).toEqual(["late"]);
  });

  it("is done soon where the browser does not say when it is idle", async () => {
    vi.stubGlobal("requestIdleCallback", undefined);
    vi.useFakeTimers();
    const done = vi.fn();
    whenIdle(done);
    vi.advanceTimersByTime(16);
    vi.useRealTimers();
    await settled();
    expect(done).toHaveBeenCalledOnce();
  });
});
