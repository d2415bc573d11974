import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { copyText } from "./copy-text";
import { CheckIcon, CopyIcon } from "./icons";

const SHOWN_MS = 1_500;

/** Copies `text`; `what` names it for a screen reader ("code", "answer"). */
export function CopyButton({ text, what }: { text: string; what: string }): VNode {
  const [result, setResult] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (!result) return undefined;
    const timer = setTimeout(() => setResult(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = async (): Promise<void> => setResult((await copyText(text)) ? "copied" : "failed");
  const label = result === "copied" ? "Copied" : result === "failed" ? "Select and copy by hand" : "Copy";
  return (
    <button type="button" class="quiet copy" aria-label={result ? label : `Copy ${what}`} onClick={copy}>
      {result === "copied" ? <CheckIcon /> : <CopyIcon />}
      <span aria-hidden="true">{label}</span>
    </button>
  );
}
