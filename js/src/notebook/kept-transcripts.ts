// What a notebook keeps of its chats: the extension of JupyterLab and Notebook has each such output on the page, by the
// class that its chat has given it. A kernel writes there through the page that ran the cell. Where that page is closed or
// was loaded again, or the kernel has ended, another page that shows the chat brings the output up to date.
import type { Clock } from "../clock";
import type { ChatState } from "../kernel/messages";
import { isFinal } from "../messages/parts";

const OUTPUTS = Symbol.for("conduit.kept");
/** The page that ran the cell writes after a second of rest; of the others the first is to write alone. */
const PATIENCE_MS = 6_000;
const SPREAD_MS = 8_000;

/** The output as a kernel would write it: MIME type → data. */
export type Kept = Readonly<Record<string, unknown>>;

/**
 * Writes what the notebook should keep, unless it keeps it already; `ask` gets that. Without a kernel the conversation may be
 * another one of the same name: then it has to go `on` from what the notebook keeps.
 */
export type BringUpToDate = (ask: () => Promise<Kept>, on?: boolean) => Promise<void>;

const page = globalThis as { [OUTPUTS]?: Map<string, BringUpToDate> };

/** The outputs on this page, by class. */
export function keptOutputs(): Map<string, BringUpToDate> {
  page[OUTPUTS] ??= new Map();
  return page[OUTPUTS];
}

interface Conversing {
  clock: Clock;
  lifetime: AbortSignal;
  chat(): ChatState | null;
  output(): BringUpToDate | undefined;
  ask(): Promise<Kept>;
}

/** Returns what is to be called when the conversation has changed: once it has rested, the output is looked at. */
export function watchRests({ clock, lifetime, chat, output, ask }: Conversing): () => void {
  let cancel = (): void => {};
  lifetime.addEventListener("abort", () => cancel(), { once: true });
  const rested = (): void => {
    const now = chat();
    // Who may only read writes no notebook, and while an answer is on its way nobody does.
    if (!now || now.readOnly || now.connection.state !== "live" || !now.messages.every(isFinal)) return;
    output()?.(ask).catch(() => {}); // the next rest is another try
  };
  return () => {
    cancel();
    if (!lifetime.aborted) cancel = clock.after(PATIENCE_MS + Math.random() * SPREAD_MS, rested);
  };
}
