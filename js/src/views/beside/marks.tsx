import type { VNode } from "preact";
import type { ChatMessage, Imported } from "../../contract";
import { plainName } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { PinIcon } from "../actions/icons";
import { personName } from "../message/person-name";
import { fullTime } from "../words";

const SOURCES: Readonly<Record<string, string>> = {
  chatgpt: "ChatGPT",
  librechat: "LibreChat",
  "conduit-chat": "Conduit",
};

/** That a message is pinned, and where one was brought in from: it was not said here. */
export function Marks({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const { pinned, imported } = message.metadata ?? {};
  if (!pinned && !imported) return null;
  return (
    <p class="foot marks">
      {pinned && (
        <span class="pin" title={fullTime(pinned.at)}>
          <PinIcon /> {pinnedWords(store, pinned.by)}
        </span>
      )}
      {imported && (
        <span title={importedTitle(store, imported)}>
          {text("message.imported", { source: sourceName(imported.source) })}
        </span>
      )}
    </p>
  );
}

/** Whoever brings messages in names their source as they like. */
function sourceName(source: string): string {
  return (Object.hasOwn(SOURCES, source) && SOURCES[source]) || plainName(source);
}

/** Who pinned a message, in words. */
export function pinnedWords(store: Store, userId: string): string {
  if (userId === store.select.selfId.value) return text("message.pinnedByYou");
  return text("message.pinnedBy", { name: personName(store, userId) });
}

function importedTitle(store: Store, { by, at }: Imported): string {
  return text("message.importedBy", { name: personName(store, by), time: fullTime(at) });
}
