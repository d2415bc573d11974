// Which providers wrote an answer, where more than one was asked (`metadata.segments`).
import type { ChatMessage } from "../contract";
import type { Seam } from "../markdown/rendering/seams";
import { plainLine, plainName } from "../plain";
import { wordFor } from "../views/words";

/** What the codes mean for whoever reads the answer; other codes say it themselves. */
const REASONS: Record<string, string> = {
  truncated: "its connection ended",
  idle_timeout: "it fell silent",
  answer_timeout: "it took too long",
  first_token_timeout: "no word in time",
  connect_timeout: "not reachable",
  unreachable: "not reachable",
  malformed: "unreadable reply",
};

interface Part {
  provider: string;
  model: string;
  from: number;
  to: number;
  reason: string;
}

/** Reads the segments of a message; what is none is left out. */
function partsOf({ metadata }: ChatMessage): Part[] {
  const segments: unknown = metadata?.segments;
  if (!Array.isArray(segments)) return [];
  return segments.flatMap((value: unknown) => {
    const { provider, model, from, to, reason } = Object(value) as Record<string, unknown>;
    if (typeof from !== "number" || typeof to !== "number" || !(to >= from)) return [];
    return [
      { provider: plainName(provider), model: plainName(model), from, to, reason: reasonWords(reason) },
    ];
  });
}

/** The seams inside an answer's text: where a provider went on from what another had written. */
export function seamsOf(message: ChatMessage): Seam[] {
  const parts = partsOf(message);
  return parts.flatMap((part, index): Seam[] => {
    if (part.to === part.from) return [];
    const next = parts.slice(index + 1).find((each) => each.to > each.from);
    const last = next ?? (index === parts.length - 1 ? successor(message, part) : undefined);
    if (!last) return [];
    return [{ at: part.to, words: `continued by ${last.provider}`, reason: part.reason }];
  });
}

/** While an answer is written, its own metadata names who goes on. */
function successor({ metadata }: ChatMessage, part: Part): Part | undefined {
  const provider = plainName(metadata?.provider);
  if (metadata?.status !== "streaming" || !provider || provider === part.provider) return undefined;
  return { ...part, provider, from: part.to };
}

/** What became of the providers that were asked, in a line; empty where only one was. */
export function segmentsLine(message: ChatMessage): string {
  const parts = partsOf(message);
  const lines = parts.slice(0, -1).map(({ provider, from, to, reason }) => {
    const what = to > from ? "broke off" : "did not answer";
    return `${provider || "A provider"} ${what}${reason ? ` (${reason})` : ""}`;
  });
  const last = parts.at(-1);
  if (!last || lines.length === 0) return "";
  const before = parts.slice(0, -1).some(({ from, to }) => to > from);
  const name = last.provider || "another";
  if (last.to === last.from) return `${lines.join("; ")}; ${name} could not go on.`;
  return `${lines.join("; ")}; ${name} ${before ? "went on" : "answered"}.`;
}

function reasonWords(reason: unknown): string {
  const code = plainLine(reason, 80);
  return wordFor(REASONS, code) ?? code.replaceAll("_", " ");
}
