// Keeps what the notebook keeps of the chat up to date from this page, where no other page has written it.
import type { Clock } from "../clock";
import type { Host } from "../host/host";
import type { KernelLink } from "../kernel/link";
import type { ChatState } from "../kernel/messages";
import { type Kept, keptOutputs, watchRests } from "../notebook/kept-transcripts";
import type { ViewState } from "../state/state";

export interface Conversing {
  host: Host;
  clock: Clock;
  lifetime: AbortSignal;
  link: Pick<KernelLink, "request">;
  state(): { chat: ChatState | null };
  onChange(listener: (before: ViewState, after: ViewState) => void): void;
}

const kept = new WeakSet<object>();

/** Looks after each rest of the conversation; once for a chat, however often it is asked. */
export function keepUpToDate(core: Conversing): void {
  if (kept.has(core)) return;
  kept.add(core);
  const cssClass = String(core.host.trait("saved_class"));
  const restBegins = watchRests({
    ...core,
    chat: () => core.state().chat,
    output: () => keptOutputs().get(cssClass),
    ask: () =>
      new Promise<Kept>((resolve, reject) => {
        core.link.request({ kind: "transcript", cssClass }, (reply) => {
          if (reply.ok) resolve(Object(reply.result));
          else reject(new Error(reply.error.message));
        });
      }),
  });
  core.onChange((before, after) => {
    if (before.chat?.messages !== after.chat?.messages) restBegins();
  });
  restBegins();
}
