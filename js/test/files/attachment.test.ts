// What the hub tells of the files of messages.
import { describe, expect, it } from "vitest";
import { attachmentsOf, isVoice, kindOf, sizeText } from "../../src/files/attachment";

const FILE = { id: "f", name: "a.png", mediaType: "image/png", size: 3, sha256: "00" };

describe("the files of a message", () => {
  const of = (attachments: unknown): unknown =>
    attachmentsOf({
      id: "m",
      role: "user",
      content: "",
      attachments: attachments as Record<string, unknown>[],
    });

  it("are those that the hub tells of, with what else it says of them", () => {
    const more = { ...FILE, id: "g", size: 0, added: { by: "a newer hub" } };
    expect(of([FILE, more])).toEqual([FILE, more]);
  });

  it.each([[undefined], [null], [[]]])("are none where it says %j", (attachments) => {
    expect(of(attachments)).toEqual([]);
  });

  it.each([
    [null],
    [7],
    ["file"],
    [[]],
    [{ id: "only" }],
    ...Object.keys(FILE).map((name): [object] => [{ ...FILE, [name]: null }]),
    [{ ...FILE, id: 7 }],
    [{ ...FILE, size: "3" }],
    [{ ...FILE, size: 1.5 }],
    [{ ...FILE, size: Number.POSITIVE_INFINITY }],
    [{ ...FILE, size: 2 ** 60 }],
  ])("leave out what is none: %j", (value) => {
    expect(of([value, FILE])).toEqual([FILE]);
  });
});

it.each([
  ["image/png", "image"],
  ["image/avif", "image"],
  ["image/svg+xml", "other"],
  ["image/tiff", "other"],
  ["IMAGE/PNG", "other"],
  ["image/png; charset=x", "other"],
  ["text/html", "text"],
  ["text/csv", "table"],
  ["text/tab-separated-values", "table"],
  ["application/vnd.apache.parquet", "table"],
  ["application/x-ipynb+json", "text"],
  ["application/javascript", "other"],
  ["application/xhtml+xml", "other"],
  ["application/pdf", "pdf"],
  ["audio/ogg", "audio"],
  ["audio/midi", "other"],
  ["video/mp4", "video"],
  ["video/x-matroska", "other"],
  ["", "other"],
  ["constructor", "other"],
  ["__proto__", "other"],
])("a file of type %j is shown as %s", (mediaType, kind) => {
  expect(kindOf({ mediaType })).toBe(kind);
});

it.each([
  ["voice-2026-01-05-101500.webm", "audio/webm", true],
  ["voice-1.ogg", "audio/ogg", true],
  ["voice-2026-01-05-101500.webm", "text/html", false],
  ["my voice-1.ogg", "audio/ogg", false],
  ["voice-1.ogg.html", "audio/ogg", false],
  ["voice-.ogg", "audio/ogg", false],
  ["voice-one.ogg", "audio/ogg", false],
  ["tune.ogg", "audio/ogg", false],
])("%s of type %s is a voice message: %s", (name, mediaType, voice) => {
  expect(isVoice({ name, mediaType })).toBe(voice);
});

describe("a size", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1_000, "1 kB"],
    [1_500, "1.5 kB"],
    [26_214_400, "26.2 MB"],
    [1e9, "1 GB"],
    [5e15, "5,000,000 GB"],
  ])("of %d is %s", (size, words) => {
    expect(sizeText(size, "en")).toBe(words);
  });

  it.each([
    ["de", "1,5 kB"],
    ["es", "1,5 kB"],
    ["zh", "1.5 kB"],
  ])("is written as in %s", (language, words) => {
    expect(sizeText(1_500, language)).toBe(words);
  });
});
