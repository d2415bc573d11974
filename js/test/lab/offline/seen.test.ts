import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, it, vi } from "vitest";
import { type Database, openDatabase, type Place } from "../../../src/lab/offline/database";
import {
  forgetSeen,
  keepList,
  keepSeen,
  MOST_CHARACTERS_SEEN,
  MOST_MESSAGES_SEEN,
  MOST_SEEN,
  readableOf,
  seenOf,
} from "../../../src/lab/offline/seen";
import { chatState, question } from "../../support/chat";

let database: Database;

beforeEach(async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  database = (await openDatabase()) as Database;
});

const at = (conversation: string): Place => ["http://here/", "ada", conversation];
const many = (count: number, text = "") =>
  Array.from({ length: count }, (_, number) => question(number + 1, `${number + 1}${text}`));
const said = async (place: Place): Promise<string[]> =>
  ((await seenOf(database, place))?.chat.messages ?? []).map(({ content }) => String(content));

it("keeps the newest messages, as many as may be", async () => {
  await keepSeen(database, at("few"), chatState({ messages: many(3) }), 1);
  expect(await seenOf(database, at("few"))).toMatchObject({ at: 1, chat: { hasMore: false } });
  expect(await said(at("few"))).toEqual(["1", "2", "3"]);

  await keepSeen(database, at("many"), chatState({ messages: many(MOST_MESSAGES_SEEN + 2) }), 1);
  const kept = await said(at("many"));
  expect([kept.length, kept[0]]).toEqual([MOST_MESSAGES_SEEN, "3"]);
  expect((await seenOf(database, at("many")))?.chat.hasMore).toBe(true);
});

it("shows nothing that another build kept in another way", async () => {
  await keepSeen(database, at("team"), chatState({ messages: many(1) }), 1);
  const good = await seenOf(database, at("team"));
  for (const chat of [null, {}, { ...good?.chat, messages: {} }, { ...good?.chat, self: undefined }]) {
    await database.put("seen", { place: at("team"), at: 2, chat: chat as never }, at("team"));
    expect(await seenOf(database, at("team"))).toBeUndefined();
  }
  await database.put("lists", { team: 1 } as never, ["http://here/", "ada"]);
  expect(await readableOf(database, at("team"))).toEqual([]);
});

it("keeps no more text of a conversation than fits", async () => {
  const half = "x".repeat(MOST_CHARACTERS_SEEN / 2 - 1_000);
  await keepSeen(database, at("long"), chatState({ messages: many(3, half) }), 1);
  expect((await said(at("long"))).map((text) => text[0])).toEqual(["2", "3"]);
  expect((await seenOf(database, at("long")))?.chat.hasMore).toBe(true);
});

it("lets go of the conversation that was seen least lately", async () => {
  for (let number = 0; number < MOST_SEEN; number += 1)
    await keepSeen(database, at(`${number}`), chatState(), number + 1);
  await keepSeen(database, at("0"), chatState(), MOST_SEEN + 1);
  await keepSeen(database, at("more"), chatState(), MOST_SEEN + 2);
  await keepList(
    database,
    at(""),
    ["0", "1", "2", "more", "never"].map((conversationId) => ({ conversationId }) as never),
  );
  const readable = async (): Promise<string[]> =>
    (await readableOf(database, at(""))).map(({ conversationId }) => conversationId);
  expect(await readable()).toEqual(["0", "2", "more"]);
  await forgetSeen(database, at("2"));
  expect(await readable()).toEqual(["0", "more"]);
});
