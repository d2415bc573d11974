import type { VNode } from "preact";
import type { ChatMessage, Imported } from "../../contract";
import { plainName } from "../../plain";
import type { Store } from "../../store";
import { text } from "../../texts/texts";
import { personName } from "../message/person-name";
import { fullTime } from "../words";

const SOURCES: Readonly<Record<string, string>> = {
  chatgpt: "ChatGPT",
  librechat: "LibreChat",
  "conduit-chat": "Conduit",
};

/** Where a message was brought in from: whoever reads it shall know that it was not said here. */
export function Marks({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const imported = message.metadata?.imported;
  if (!imported) return null;
  return (
    <p class="foot marks">
      <span title={importedTitle(store, imported)}>
        {text("message.imported", { source: SOURCES[imported.source] ?? plainName(imported.source) })}
      </span>
    </p>
  );
}

function importedTitle(store: Store, { by, at }: Imported): string {
  return text("message.importedBy", { name: personName(store, by), time: fullTime(at) });
}
