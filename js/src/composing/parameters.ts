// What a person asks of the answers in a conversation: the parameters sent with each message.

/** As `metadata.parameters` of a message has them; what is left out, the hub and its provider choose. */
export interface Parameters {
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  seed?: number;
  stop?: string[];
  systemPrompt?: string;
}

export type ParameterName = keyof Parameters;

/** What a form holds: a text for each field. */
export type ParameterTexts = Record<ParameterName, string>;

// The hub's own limits (conduit_widget/chat/answers/answer_options.py).
export const LIMITS = {
  temperature: { least: 0, most: 2 },
  topP: { least: 0, most: 1 },
  maxTokens: { least: 1, most: 32_768 },
  seed: { least: -(2 ** 53 - 1), most: 2 ** 53 - 1 },
  stops: 4,
  stopChars: 64,
  systemPromptBytes: 4_096,
} as const;

/** What is wrong with a field; its words are the view's. */
export type Problem =
  | { kind: "number" | "whole"; least: number; most: number }
  | { kind: "stops"; most: number; chars: number }
  | { kind: "bytes"; bytes: number; most: number };

export type Problems = Partial<Record<ParameterName, Problem>>;

export const PRESETS: Readonly<Record<"precise" | "balanced" | "creative", Parameters>> = {
  precise: { temperature: 0.2, topP: 0.9 },
  balanced: { temperature: 0.7, topP: 0.95 },
  creative: { temperature: 1.2, topP: 1 },
};

/** Writes parameters into a form; a stop text has a line of its own, its line breaks written `\n`. */
export function toTexts(parameters: Parameters): ParameterTexts {
  const number = (value: number | undefined): string => (value === undefined ? "" : String(value));
  return {
    temperature: number(parameters.temperature),
    topP: number(parameters.topP),
    maxTokens: number(parameters.maxTokens),
    seed: number(parameters.seed),
    stop: (Array.isArray(parameters.stop) ? parameters.stop : [])
      .map((each) => escaped(String(each)))
      .join("\n"),
    systemPrompt: parameters.systemPrompt ?? "",
  };
}

/** Reads a form: the parameters that are right, and what is wrong with the others. */
export function fromTexts(texts: ParameterTexts): { parameters: Parameters; problems: Problems } {
  const parameters: Parameters = {};
  const problems: Problems = {};
  for (const name of ["temperature", "topP", "maxTokens", "seed"] as const) {
    const read = readNumber(name, texts[name].trim().replace(",", "."));
    if (typeof read === "number") parameters[name] = read;
    else if (read) problems[name] = read;
  }
  const stop = texts.stop.split("\n").filter(Boolean).map(unescaped);
  const tooLong = stop.some((each) => [...each].length > LIMITS.stopChars);
  if (stop.length > LIMITS.stops || tooLong)
    problems.stop = { kind: "stops", most: LIMITS.stops, chars: LIMITS.stopChars };
  else if (stop.length > 0) parameters.stop = stop;
  const bytes = new TextEncoder().encode(texts.systemPrompt).length;
  if (bytes > LIMITS.systemPromptBytes)
    problems.systemPrompt = { kind: "bytes", bytes, most: LIMITS.systemPromptBytes };
  else if (texts.systemPrompt.trim()) parameters.systemPrompt = texts.systemPrompt;
  return { parameters, problems };
}

/** Reads a number; null where there is none. */
function readNumber(
  name: "temperature" | "topP" | "maxTokens" | "seed",
  text: string,
): number | Problem | null {
  if (!text) return null;
  const { least, most } = LIMITS[name];
  const whole = name === "maxTokens" || name === "seed";
  const value = Number(text);
  const fits = Number.isFinite(value) && value >= least && value <= most;
  // "1,000" may be a thousand or one: nobody asks for the wrong one by accident.
  if (fits && (!whole || /^[-+]?\d+$/.test(text))) return value;
  return { kind: whole ? "whole" : "number", least, most };
}

function escaped(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/\t/g, "\\t");
}

function unescaped(text: string): string {
  return text.replace(/\\([\\nt])/g, (_all, letter: string) => ({ n: "\n", t: "\t" })[letter] ?? "\\");
}
