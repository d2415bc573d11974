import { describe, expect, it } from "vitest";
import { fromTexts, LIMITS, type ParameterTexts, PRESETS, toTexts } from "../../src/composing/parameters";

const NONE = toTexts({});
const read = (change: Partial<ParameterTexts>) => fromTexts({ ...NONE, ...change });

describe("a form of parameters", () => {
  it("that is empty asks for nothing", () => {
    expect(fromTexts(NONE)).toEqual({ parameters: {}, problems: {} });
  });

  it("gives back what was put into it", () => {
    const all = {
      ...{ temperature: 0, topP: 0.5, maxTokens: 100, seed: -7 },
      ...{ stop: ["END", "a\nb", "back\\slash", "\t"], systemPrompt: " Be brief. " },
    };
    expect(fromTexts(toTexts(all))).toEqual({ parameters: all, problems: {} });
  });

  it("takes a comma for a point, as many languages write it", () => {
    expect(read({ temperature: " 0,7 " }).parameters).toEqual({ temperature: 0.7 });
  });

  it.each([
    ["temperature", "2.1", { kind: "number", least: 0, most: 2 }],
    ["temperature", "warm", { kind: "number", least: 0, most: 2 }],
    ["temperature", "NaN", { kind: "number", least: 0, most: 2 }],
    ["topP", "-0.1", { kind: "number", least: 0, most: 1 }],
    ["topP", "Infinity", { kind: "number", least: 0, most: 1 }],
    ["maxTokens", "0", { kind: "whole", least: 1, most: 32_768 }],
    ["maxTokens", "1.5", { kind: "whole", least: 1, most: 32_768 }],
    ["maxTokens", "1,000", { kind: "whole", least: 1, most: 32_768 }],
    ["maxTokens", "1.000", { kind: "whole", least: 1, most: 32_768 }],
    ["maxTokens", "0x10", { kind: "whole", least: 1, most: 32_768 }],
    ["maxTokens", "1e3", { kind: "whole", least: 1, most: 32_768 }],
    ["maxTokens", "--1", { kind: "whole", least: 1, most: 32_768 }],
    ["seed", "12345678901234567890", { kind: "whole", least: LIMITS.seed.least, most: LIMITS.seed.most }],
    ["seed", "1e300", { kind: "whole", least: LIMITS.seed.least, most: LIMITS.seed.most }],
  ] as const)("names what is wrong with %s %j, and its limits", (name, text, problem) => {
    expect(read({ [name]: text })).toEqual({ parameters: {}, problems: { [name]: problem } });
  });

  it("takes at most four stops of 64 characters, by line", () => {
    expect(read({ stop: "\nEND\n\n###\n" }).parameters).toEqual({ stop: ["END", "###"] });
    const wrong = { stop: { kind: "stops", most: 4, chars: 64 } };
    expect(read({ stop: "1\n2\n3\n4\n5" }).problems).toEqual(wrong);
    expect(read({ stop: "x".repeat(65) }).problems).toEqual(wrong);
    expect(read({ stop: "🙂".repeat(64) }).problems).toEqual({});
  });

  it("counts a system prompt in bytes, as the hub does", () => {
    expect(read({ systemPrompt: "é".repeat(2_048) }).problems).toEqual({});
    expect(read({ systemPrompt: "é".repeat(2_049) }).problems).toEqual({
      systemPrompt: { kind: "bytes", bytes: 4_098, most: 4_096 },
    });
    expect(read({ systemPrompt: " \n" }).parameters).toEqual({});
  });

  it.each([
    ["a\\nb", ["a\nb"]],
    ["a\\\\nb", ["a\\nb"]],
    ["\\x", ["\\x"]],
    ["\\", ["\\"]],
    ["  two  ", ["  two  "]],
    ["\\t\\n", ["\t\n"]],
  ])("reads the stop %j as it is meant", (typed, stop) => {
    expect(read({ stop: typed }).parameters).toEqual({ stop });
  });

  it.each([
    { stop: "END" },
    { stop: {} },
    { stop: [7, null] },
    { temperature: "hot", seed: null },
    { nobody: "knows" },
  ])("can be drawn of what should not be there: %j", (kept) => {
    expect(() => fromTexts(toTexts(kept as never))).not.toThrow();
  });

  it("keeps what is right beside what is wrong", () => {
    expect(read({ temperature: "9", seed: "4" })).toMatchObject({ parameters: { seed: 4 } });
  });

  it("has presets within the limits", () => {
    for (const preset of Object.values(PRESETS))
      expect(fromTexts(toTexts(preset))).toEqual({ parameters: preset, problems: {} });
  });
});
