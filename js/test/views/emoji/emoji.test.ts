import { describe, expect, it } from "vitest";
import { emojiGroups, findEmoji } from "../../../src/views/emoji/emoji";
import { recentEmoji, rememberEmoji } from "../../../src/views/emoji/recent";

describe("finding an emoji", () => {
  it("goes by its name and what else it is called, the name first", () => {
    expect(findEmoji("thumbs u")[0]?.unicode, "as it is written everywhere else").toBe("👍");
    expect(findEmoji("tada").map(({ unicode }) => unicode)).toContain("🎉");
    expect(findEmoji("Grinning FACE")[0]?.label).toContain("grinning face");
  });

  it("finds nothing for nothing, and no more than asked for", () => {
    expect(findEmoji("  ")).toEqual([]);
    expect(findEmoji("zzzz")).toEqual([]);
    expect(findEmoji("face", 5)).toHaveLength(5);
  });

  it("has each emoji as the hub takes it: one character people see, at most 32 bytes", () => {
    const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
    const all = emojiGroups.flatMap(({ emoji }) => emoji);
    expect(all.length).toBeGreaterThan(1_800);
    const tooLong = all.filter(({ unicode }) => new TextEncoder().encode(unicode).length > 32);
    expect(tooLong).toEqual([]);
    for (const { unicode } of all) expect([...segments.segment(unicode)], unicode).toHaveLength(1);
  });
});

describe("recent emoji", () => {
  const storage = (start: Record<string, string> = {}) => {
    const kept = new Map(Object.entries(start));
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
  };

  it("are the newest first, each once, and not without end", () => {
    const own = storage();
    for (const emoji of ["👍", "🎉", "👍"]) rememberEmoji(emoji, own);
    expect(recentEmoji(own)).toEqual(["👍", "🎉"]);
    for (const { unicode } of emojiGroups[0]?.emoji.slice(0, 40) ?? []) rememberEmoji(unicode, own);
    expect(recentEmoji(own)).toHaveLength(16);
  });

  it("are none where storage is denied, or holds something else", () => {
    const denied = {
      getItem: (): never => {
        throw new Error("denied");
      },
      setItem: (): never => {
        throw new Error("denied");
      },
    };
    expect(recentEmoji(denied)).toEqual([]);
    expect(() => rememberEmoji("👍", denied)).not.toThrow();
    expect(recentEmoji(storage({ "conduit-widget:emoji": "{" }))).toEqual([]);
    expect(recentEmoji(storage({ "conduit-widget:emoji": '["👍", 7, {}]' }))).toEqual(["👍"]);
    expect(recentEmoji(null)).toEqual([]);
  });
});
