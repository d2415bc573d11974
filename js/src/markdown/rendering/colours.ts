import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { whenIdle } from "../../drawing/idle";
import { useChunk } from "../../lazy/lazy";

/** What models write where there is no language. */
const NO_LANGUAGE = new Set(["", "text", "txt", "plain", "plaintext", "output", "log", "none"]);

/**
 * The lines of a code in colours; null until they are known, and for languages that have none. Finding them never delays
 * a frame: the code stands there before, and its colours move nothing.
 */
export function useColours(text: string, language: string, wanted: boolean): VNode[] | null {
  const isWanted = wanted && !NO_LANGUAGE.has(language);
  const { module } = useChunk("code", isWanted);
  const [found, setFound] = useState<{ of: string; lines: VNode[] | null } | null>(null);
  const of = `${language}\n${text}`;
  useEffect(() => {
    if (!isWanted || !module) return undefined;
    return whenIdle(() => setFound({ of, lines: module.colouredLines(text, language) }));
  }, [isWanted, module, of]);
  return found?.of === of ? found.lines : null;
}
