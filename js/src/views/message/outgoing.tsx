import type { VNode } from "preact";
import { Typed } from "../../markdown/typed";
import type { OutgoingMessage } from "../../state/state";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { Sending } from "./sending";

/** An own message on its way. */
export function Outgoing({ store, message }: { store: Store; message: OutgoingMessage }): VNode {
  const failed = message.state === "failed";
  return (
    <article class="message own outgoing" data-message-id={message.id} aria-label={text("message.you")}>
      <div class="column">
        <div class="bubble">
          <Typed text={message.text} />
        </div>
        {message.state === "sending" && <Sending store={store} />}
        {failed && (
          <p class="foot problem" role="alert">
            <span>{text("message.notSent", { reason: message.error ?? "" })}</span>
            <button type="button" class="plain" onClick={() => store.resend(message.id)}>
              {text("message.retry")}
            </button>
            <button type="button" class="quiet" onClick={() => store.discard(message.id)}>
              {text("message.discard")}
            </button>
          </p>
        )}
      </div>
    </article>
  );
}
