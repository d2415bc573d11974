// Why a device could not be opened, in words, with what to do.
import { type PlainKey, text } from "../texts/texts";
import type { TrackKind } from "./carrier";

const PROBLEMS: Readonly<Record<string, "denied" | "none" | "busy">> = {
  NotAllowedError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Null where nothing is to be said: whoever chose no screen after all knows it. */
export function problemOf({ name, message }: Error, kind: TrackKind): string | null {
  const problem = PROBLEMS[name];
  if (problem === "denied" && /\bsystem\b/i.test(message)) return text("capture.denied.system");
  if (kind === "screen") {
    if (problem !== "denied") return text("capture.failed");
    return /policy/i.test(message) ? text("capture.denied.host") : null;
  }
  return text(problem ? (`capture.${problem}.${kind}` satisfies PlainKey) : "capture.failed");
}

/** Whether this page may use a microphone at all: some hosts forbid it, and so does a page without TLS. */
export function mayCapture(page: { document: Document; navigator: Navigator } = globalThis): boolean {
  const policy = (page.document as { featurePolicy?: { allowsFeature(name: string): boolean } })
    .featurePolicy;
  return Boolean(page.navigator.mediaDevices) && (policy?.allowsFeature("microphone") ?? true);
}
