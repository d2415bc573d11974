// What goes along with a draft: asked for as somebody types, late, refused, left out, and gone with the message.
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import { type ContextDraft, contextDraft } from "../../src/context/context-draft";
import { CONTEXT_BYTES, type Described, MOST_ITEMS } from "../../src/context/described";
import type { ChatMessage, Participant, ProviderFigures } from "../../src/contract";
import type { Store } from "../../src/store/store";
import { ADA, BO, person, question } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";

interface Asked {
  kind: "context" | "variables";
  names?: string[];
  left?: number;
  query?: string;
  answer(result: unknown): Promise<void>;
  refuse(why: unknown): Promise<void>;
}

const described = (name: string, change: Partial<Described> = {}): Described => ({
  ...{ name, kind: "value", title: name, text: `${name} = 1`, image: null, cut: "", masked: [], problem: "" },
  ...change,
});

let clock: FakeClock;
let draft: ReturnType<typeof signal<string>>;
let chat: ReturnType<typeof signal<{ variables?: boolean } | null>>;
let asked: Asked[];
let context: ContextDraft;
let people: readonly Participant[];
let said: readonly ChatMessage[];

const opened = (): void => {
  const store = {
    ...{ chat, draft, clock },
    ask: (request: Asked) =>
      new Promise((resolve, reject) => {
        const answer = async (result: unknown): Promise<void> => {
          resolve(result);
          await settled();
        };
        const refuse = async (why: unknown): Promise<void> => {
          reject(why);
          await settled();
        };
        asked.push({ ...request, answer, refuse });
      }),
    select: {
      participants: signal(people),
      messages: signal(said),
      providers: signal<readonly ProviderFigures[]>([]),
      provider: signal(null),
      selfId: signal("ada"),
    },
  };
  context = contextDraft(store as unknown as Store);
};

beforeEach(() => {
  [clock, asked, people, said] = [new FakeClock(), [], [ADA, BO], []];
  draft = signal("");
  chat = signal<{ variables?: boolean } | null>({ variables: true });
  opened();
});

const types = (text: string): void => {
  draft.value = text;
};
const rests = async (text: string): Promise<void> => {
  types(text);
  clock.advance(300);
  await settled();
};
const last = (): Asked => asked.at(-1) ?? expect.fail("nothing was asked");
const names = (): string[] => context.items.value.map(({ name }) => name);

describe("what somebody types", () => {
  it("is asked for once they rest, and no sooner; what they named before is not asked again", async () => {
    for (const text of ["@", "@d", "@df"]) {
      types(text);
      clock.advance(299);
    }
    expect(asked).toEqual([]);
    clock.advance(1);
    expect(last()).toMatchObject({ kind: "context", names: ["df"], left: CONTEXT_BYTES });
    expect(context.items.value).toEqual([{ name: "df", described: null, left: false }]);
    await last().answer([described("df")]);
    await rests("@df and @x");
    expect(asked.map((each) => each.names)).toEqual([["df"], ["x"]]);
    expect(last().left).toBe(CONTEXT_BYTES - "df = 1".length);
    await rests("no more");
    expect(names()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ["a person", "@Bo look"],
    ["a person in other letters", "@bo look"],
    ["code", "`@df` and\n```\n@df\n```\n"],
    ["nothing", "mail me@here.org, or @ home"],
  ])("names no variable where it is %s", async (_, text) => {
    await rests(text);
    expect([asked, names()]).toEqual([[], []]);
  });

  it("goes on without a kernel that tells of its variables, asking nobody", async () => {
    chat.value = { variables: false };
    await rests("@df @x ");
    expect([asked, names(), context.refusal.value]).toEqual([[], [], null]);
  });

  it("keeps to the most that go along, and takes the next one when one is left out", async () => {
    const many = Array.from({ length: MOST_ITEMS + 2 }, (_, at) => `v${at}`);
    await rests(many.map((name) => `@${name}`).join(" "));
    expect(last().names).toEqual(many.slice(0, MOST_ITEMS));
    expect(context.over.value).toEqual(many.slice(MOST_ITEMS));
    await last().answer(many.slice(0, MOST_ITEMS).map((name) => described(name)));
    context.leaveOut("v0");
    await settled();
    expect(last().names).toEqual([`v${MOST_ITEMS}`]);
    expect(context.over.value).toEqual([`v${MOST_ITEMS + 1}`]);
  });

  it("counts no bytes of what does not go along, and never asks for less than none", async () => {
    await rests("@big @small");
    await last().answer([described("big", { text: "é".repeat(CONTEXT_BYTES) }), described("small")]);
    await rests("@big @small @more");
    expect(last().left).toBe(0);
    await last().answer([]);
    context.leaveOut("big");
    await rests("@big @small @other");
    expect(last().left).toBe(CONTEXT_BYTES - "small = 1".length);
  });
});

describe("a name that means nothing", () => {
  it("is said only once somebody has written on after it, and no more when it is gone", async () => {
    await rests("@dff");
    await last().answer([]);
    expect([names(), context.unknown.value]).toEqual([[], []]);
    await rests("@dff please");
    expect(context.unknown.value).toEqual(["dff"]);
    expect(asked, "it is not asked for again").toHaveLength(1);
    types("please");
    expect(context.unknown.value).toEqual([]);
    await rests("please");
    await rests("@dff once more");
    expect(asked, "it may be there by now").toHaveLength(2);
  });

  it.each([
    ["of who is here", () => (people = [ADA, person("lo", "Lovelace Byron")])],
    ["of who was here", () => (said = [question(1, "Hi", person("lo", "Lovelace Byron"))])],
  ])("is no mistake where it begins the name %s", async (_, given) => {
    given();
    opened();
    await rests("@Lovelace look");
    for (const each of asked) await each.answer([]);
    expect(context.unknown.value).toEqual([]);
  });
});

describe("a kernel that does not tell", () => {
  it.each([
    [new Error("Variables are off here."), "Variables are off here."],
    ["no words", "no words"],
  ])("is said, and nothing of it is taken for a slip: %s", async (why, words) => {
    await rests("@df look");
    await last().refuse(why);
    expect([context.refusal.value, names(), context.unknown.value]).toEqual([words, [], []]);
    await rests("look");
    expect(context.refusal.value).toBeNull();
  });

  it("is forgotten with the next one that is told", async () => {
    await rests("@df");
    await last().refuse(new Error("busy"));
    await rests("@df @x");
    await last().answer([described("x")]);
    expect(context.refusal.value).toBeNull();
  });
});

describe("sending", () => {
  it("waits a moment for what is under way, tells once of what is not read, and goes then", async () => {
    types("@df @x");
    const first = context.unseen("@df @x");
    await settled();
    clock.advance(250);
    expect(await first).toEqual({ fresh: [], unread: ["df", "x"], over: [] });
    const second = context.unseen("@df @x");
    clock.advance(250);
    expect(await second, "told already").toEqual({ fresh: [], unread: [], over: [] });
    expect(context.take("@df @x")).toEqual([]);
  });

  it("shows what came just before, once, and takes it as it is shown", async () => {
    types("@df");
    const first = context.unseen("@df");
    await settled();
    await last().answer([described("df")]);
    expect(await first).toEqual({ fresh: ["df"], unread: [], over: [] });
    context.edit("df", "my words");
    const second = context.unseen("@df");
    expect(await second).toEqual({ fresh: [], unread: [], over: [] });
    expect(context.take("@df")).toEqual([described("df", { text: "my words" })]);
    expect([names(), clock.pending]).toEqual([[], 0]);
  });

  it("takes only what the text still names, what is wanted, and what could be read", async () => {
    await rests("@df @left @broken @gone");
    await last().answer([
      ...[described("df"), described("left"), described("broken", { problem: "too large" })],
      described("gone"),
    ]);
    context.leaveOut("left");
    expect(context.take("@df @left @broken").map(({ name }) => name)).toEqual(["df"]);
  });

  it("tells of what finds no place when it was not told before", async () => {
    const text = Array.from({ length: MOST_ITEMS + 1 }, (_, at) => `@v${at}`).join(" ");
    types(text);
    const first = context.unseen(text);
    await settled();
    clock.advance(250);
    expect((await first).over).toEqual([`v${MOST_ITEMS}`]);
    const second = context.unseen(text);
    clock.advance(250);
    expect((await second).over).toEqual([]);
  });

  it("is not changed by an answer that comes after it", async () => {
    await rests("@df");
    const late = last();
    expect(context.take("@df")).toEqual([]);
    types("");
    await late.answer([described("df")]);
    expect([names(), context.unknown.value]).toEqual([[], []]);
  });
});

describe("the next draft", () => {
  it.each([
    ["is not there", (late: Asked) => late.answer([])],
    ["cannot be read", (late: Asked) => late.refuse(new Error("gone"))],
    ["was something else then", (late: Asked) => late.answer([described("df", { text: "df = 0" })])],
  ])("asks itself for what it names, though the one before is told late that it %s", async (_, told) => {
    await rests("@df");
    const late = last();
    context.take("@df");
    types("");
    await rests("@df again");
    await told(late);
    expect([context.refusal.value, context.unknown.value]).toEqual([null, []]);
    expect(asked).toHaveLength(2);
    await last().answer([described("df")]);
    expect(context.items.value.map((each) => each.described?.text)).toEqual(["df = 1"]);
  });

  it("is asked for also where the late answer comes before it is typed", async () => {
    await rests("@df");
    const late = last();
    context.take("@df");
    types("");
    await late.refuse(new Error("gone"));
    await rests("@df again");
    expect(asked).toHaveLength(2);
    expect(context.refusal.value).toBeNull();
  });
});

describe("one that is there", () => {
  beforeEach(async () => {
    await rests("@df @x");
    await last().answer([described("df"), described("x")]);
  });

  it("is read again, alone, and wanted again", async () => {
    context.leaveOut("df");
    context.readAgain("df");
    expect(context.items.value[0]).toEqual({ name: "df", described: null, left: false });
    expect(last().names).toEqual(["df"]);
    await last().answer([described("df", { text: "df = 2" })]);
    expect(context.items.value.map((each) => each.described?.text)).toEqual(["df = 2", "x = 1"]);
  });

  it("goes where it is not there any more when it is read again", async () => {
    context.readAgain("df");
    await last().answer([]);
    expect(names()).toEqual(["x"]);
  });

  it("is edited only where there is something to edit", () => {
    context.edit("nobody", "words");
    context.readAgain("x");
    context.edit("x", "words");
    expect(context.items.value.map((each) => each.described?.text)).toEqual(["df = 1", undefined]);
  });
});

describe("what can be named", () => {
  it("is asked for now and then, and for each file's beginning", async () => {
    context.look("");
    context.look("d");
    context.look("df");
    expect(asked).toHaveLength(1);
    const found = [{ name: "df", type: "DataFrame", shape: "2 × 2", size: "" }];
    await last().answer(found);
    expect(context.variables.value).toEqual(found);
    clock.advance(3_000);
    context.look("df");
    context.look("file:a");
    context.look("file:a");
    context.look("file:ab");
    expect(asked.map((each) => each.query)).toEqual(["", "", "file:a", "file:ab"]);
  });

  it("is what was asked for last, whichever answer comes last", async () => {
    context.look("file:a");
    const early = last();
    context.look("file:ab");
    await last().answer([{ name: "file:ab.csv", type: "file", shape: "", size: "" }]);
    await early.answer([{ name: "file:a.csv", type: "file", shape: "", size: "" }]);
    expect(context.variables.value.map(({ name }) => name)).toEqual(["file:ab.csv"]);
  });

  it("stays what was asked for last where an earlier question fails late", async () => {
    context.look("file:a");
    const early = last();
    context.look("file:ab");
    await last().answer([{ name: "file:ab.csv", type: "file", shape: "", size: "" }]);
    await early.refuse(new Error("slow disk"));
    expect(context.variables.value.map(({ name }) => name)).toEqual(["file:ab.csv"]);
  });

  it("is nothing where the kernel does not say, and is asked for again", async () => {
    context.look("");
    await last().refuse(new Error("busy"));
    expect(context.variables.value).toEqual([]);
    clock.advance(3_000);
    context.look("");
    expect(asked).toHaveLength(2);
  });
});

it("there is one for each chat", () => {
  const store = { chat, draft: signal(""), clock, ask: () => new Promise(() => {}) } as unknown as Store;
  expect(contextDraft(store)).toBe(contextDraft(store));
});
