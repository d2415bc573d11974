import { afterEach, describe, expect, it } from "vitest";
import { catalogue as de } from "../../src/texts/de";
import { chatTexts } from "../../src/texts/en/chat";
import { names } from "../../src/texts/en/names";
import {
  addTexts,
  type Forms,
  language,
  listed,
  numeral,
  retold,
  speak,
  text,
  textNodes,
} from "../../src/texts/texts";

addTexts(names);

afterEach(() => speak("en-GB"));

describe("what Python said", () => {
  const said = {
    key: "{provider} has {left} {kind} left.",
    values: { provider: "open", left: "3", kind: "tokens" },
  };
  const written = "open has 3 tokens left.";

  it("is in the language spoken, where that has every sentence of it", () => {
    expect(retold(written, [said])).toBe(written);
    speak("de", de);
    expect(retold(written, [said])).toBe("open, tokens: noch 3 übrig.");
    expect(retold(written, [said, { key: "No such sentence.", values: {} }])).toBe(written);
    expect(retold("The hub is restarting.")).toBe("Der Hub startet neu.");
    expect(retold("The café is closed.")).toBe("The café is closed.");
  });

  it.each([null, undefined, 5, "text", { key: "toString" }, { key: {} }, { key: "plot", values: null }])(
    "does no harm where it comes from others: %o",
    (each) => {
      speak("de", de);
      expect(["as written", "Diagramm"]).toContain(retold("as written", [each]));
    },
  );
});

describe("a text", () => {
  it("is a sentence with its places filled", () => {
    expect(text("message.copy")).toBe("Copy");
    expect(text("message.notSent", { reason: "No." })).toBe("Not sent. No.");
  });

  it("counts as the language does, and writes numbers its way", () => {
    expect([0, 1, 2, 1234].map((count) => text("transcript.new", { count }))).toEqual([
      "0 new messages",
      "1 new message",
      "2 new messages",
      "1,234 new messages",
    ]);
    speak("pl", {
      "transcript.new": { one: "{count} nowa", few: "{count} nowe", other: "{count} nowych" },
    });
    expect([1, 3, 5, 12345].map((count) => text("transcript.new", { count }))).toEqual([
      "1 nowa",
      "3 nowe",
      "5 nowych",
      "12 345 nowych".replace(" ", "\u00a0"),
    ]);
  });

  it("puts nothing of what others wrote in place of its own places", () => {
    expect(text("message.notSent", { reason: "{reason} $& {count}" })).toBe("Not sent. {reason} $& {count}");
  });

  it("is English where a language lacks it, with English plurals", () => {
    speak("de", { "message.copy": "Kopieren" });
    expect(text("message.copy")).toBe("Kopieren");
    expect(text("message.retry")).toBe("Retry");
    expect(text("transcript.new", { count: 1 })).toBe("1 new message");
    expect(text("transcript.new", { count: 1234 })).toBe("1,234 new messages");
  });

  it("lets a view draw what is in a place", () => {
    const who = { node: true };
    expect(textNodes("typing.typing", { who, count: 2 })).toEqual(["", who, " are typing…"]);
  });
});

it("takes the texts of a part that comes later", () => {
  addTexts({ "message.copy": "Copy" });
  expect(text("message.copy")).toBe("Copy");
});

it("joins names and writes numbers in the language spoken", () => {
  expect(listed(["A", "B", "C"])).toBe("A, B and C");
  speak("de");
  expect(language()).toBe("de");
  expect(listed(["A", "B", "C"])).toBe("A, B und C");
  expect(numeral(1.5, { minimumFractionDigits: 2 })).toBe("1,50");
});

it("is always a whole: no text begins or ends in the middle of space, and each that counts has a form for the rest", () => {
  for (const [key, entry] of Object.entries<string | Forms>(chatTexts)) {
    for (const form of typeof entry === "string" ? [entry] : Object.values<string>({ ...entry })) {
      expect(form, key).toBe(form.trim());
      expect(form, key).not.toBe("");
    }
    if (typeof entry !== "string") expect(entry.other, key).toBeTruthy();
  }
});
