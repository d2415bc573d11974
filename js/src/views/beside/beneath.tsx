import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { Lazy, useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { Reactions } from "./reactions";

/** What stands beneath the text of a message: its files, what went to the model with it, and the reactions to it. */
export function Beneath({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const attached = message.role === "user" && Boolean(message.metadata?.context);
  const { module: context } = useChunk("context", attached);
  return (
    <>
      {message.attachments && (
        <Lazy chunk="files">{({ MessageFiles }) => <MessageFiles store={store} message={message} />}</Lazy>
      )}
      {attached && context && <context.Attached message={message} />}
      <Reactions store={store} message={message} />
    </>
  );
}
