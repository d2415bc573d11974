import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { text } from "../texts/texts";
import { copyText } from "./copy-text";
import { CheckIcon, CopyIcon } from "./icons";

const SHOWN_MS = 1_500;

const RESULTS = {
  none: "message.copy",
  copied: "message.copied",
  failed: "message.copyFailed",
} as const;
const LABELS = { answer: "message.copyAnswer", code: "message.copyCode" } as const;

/** Copies `text`; `what` names it for a screen reader. */
export function CopyButton({ text: copied, what }: { text: string; what: keyof typeof LABELS }): VNode {
  const [result, setResult] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (!result) return undefined;
    const timer = setTimeout(() => setResult(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = async (): Promise<void> => setResult((await copyText(copied)) ? "copied" : "failed");
  const label = text(RESULTS[result ?? "none"]);
  return (
    <button type="button" class="quiet copy" aria-label={result ? label : text(LABELS[what])} onClick={copy}>
      {result === "copied" ? <CheckIcon /> : <CopyIcon />}
      <span aria-hidden="true">{label}</span>
    </button>
  );
}
