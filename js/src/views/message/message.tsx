import { type ReadonlySignal, useComputed } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import type { ChatMessage, Participant } from "../../contract";
import { isLost } from "../../kernel/link";
import { Lazy } from "../../lazy/lazy";
import { Markdown } from "../../markdown/markdown";
import { TextBoundary } from "../../markdown/rendering/text-boundary";
import { Typed } from "../../markdown/typed";
import { imagesOf, isDeleted, isFinal, lostText, streamOf, textOf } from "../../messages/parts";
import { seamsOf } from "../../messages/segments";
import { plainLine } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { Dots } from "../dots";
import { memo } from "../memo";
import { AssistantAvatar, Avatar } from "../people/avatar";
import { useActions } from "../use-actions";
import { assistantName, emptyLine, metricsLine, shownName } from "../words";
import { AnswerFoot } from "./answer-foot";
import { Byline } from "./byline";
import { Gone } from "./gone";
import { Images } from "./images";
import { MessageTools, useEditing } from "./message-tools";
import { PlainMessage } from "./plain-message";
import { Quote } from "./quote";

interface MessageProps {
  store: Store;
  message: ChatMessage;
  own: boolean;
  streaming: boolean;
  participant: Participant | undefined;
  /** Whether it goes on what the same person wrote just before. */
  follows: boolean;
  /** Id of the message that is looked at: its actions are at hand. */
  active: ReadonlySignal<string | null>;
}

/** One message of the conversation. One that cannot be drawn is plain text and leaves the others alone. */
export const Message = memo(function Message(props: MessageProps): VNode {
  const { store, message, streaming } = props;
  return (
    <TextBoundary
      retryWith={message}
      fallback={() => <PlainMessage store={store} message={message} streaming={streaming} />}
    >
      <MessageContent {...props} />
    </TextBoundary>
  );
});

function MessageContent(props: MessageProps): VNode {
  const { store, message } = props;
  const hidden = useComputed(() => store.deleting.value.has(message.id)).value;
  if (hidden || isDeleted(message)) return <Gone store={store} message={message} />;
  if (message.role === "assistant") return <Answer {...props} />;
  if (message.role === "user") return <UserMessage {...props} />;
  return <Note message={message} />;
}

function UserMessage({ store, message, own, follows, participant, active }: MessageProps): VNode {
  const name = shownName(message.author?.userName ?? text("message.someone"));
  const editing = useEditing(store, message.id);
  const actions = useActions();
  return (
    <article
      class={classes("message", own && "own", follows && "follows")}
      data-message-id={message.id}
      aria-label={own ? text("message.you") : name}
      tabIndex={-1}
    >
      {!own && <Avatar name={name} participant={participant} />}
      <div class="column">
        <Quote store={store} message={message} />
        <Byline store={store} name={own ? null : name} message={message} follows={follows} />
        {actions && <actions.Mentioned store={store} message={message} />}
        {editing ?? (
          <div class="bubble">
            <UserText message={message} />
            <Images message={message} />
          </div>
        )}
        {actions && <actions.Beneath store={store} message={message} />}
      </div>
      {!editing && <MessageTools store={store} message={message} active={active} />}
    </article>
  );
}

function UserText({ message }: { message: ChatMessage }): VNode | null {
  const words = textOf(message);
  if (plainLine(words)) return <Typed text={words} />;
  const line = emptyLine(message);
  return line && imagesOf(message).length === 0 ? <p class="waiting">{line}</p> : null;
}

function Answer({ store, message, streaming, active }: MessageProps): VNode {
  const status = message.metadata?.status;
  // Without a kernel nothing more of it comes here.
  const done = isLost(store.kernel.value) || (!streaming && isFinal(message));
  const actions = useActions();
  // The hub names the model when the answer ends; until then it is the one in the provider line.
  const model = message.metadata?.model || (done ? null : store.select.provider.value?.model);
  const name = assistantName(model);
  const calls = message.metadata?.toolCalls;
  return (
    <article
      class={classes("message answer", !done && "open")}
      data-message-id={message.id}
      data-status={status}
      aria-label={name}
      aria-busy={!done}
      tabIndex={-1}
    >
      <AssistantAvatar />
      <div class="column">
        <Byline store={store} name={name} message={message} follows={false} />
        {actions && <actions.Reasoning store={store} message={message} />}
        {calls && <Lazy chunk="tools">{({ ToolCalls }) => <ToolCalls calls={calls} />}</Lazy>}
        <AnswerText store={store} message={message} streaming={streaming} />
        {done ? (
          <AnswerFoot store={store} message={message} />
        ) : (
          <StreamingFoot store={store} id={message.id} />
        )}
        {actions && <actions.Beneath store={store} message={message} />}
      </div>
      {done && <MessageTools store={store} message={message} active={active} />}
    </article>
  );
}

type Written = Pick<MessageProps, "store" | "message" | "streaming">;

/** What was drawn while an answer was written stays when it has ended. */
function AnswerText({ store, message, streaming }: Written): VNode {
  const words = streaming ? store.liveText(message.id).value : textOf(message);
  const instead = streaming
    ? !words && <NoWord store={store} message={message} />
    : inPlaceOf(words, store, message);
  return (
    instead || (
      <Body>
        <Markdown text={words} open={streaming} seams={seamsOf(message)} />
        {!streaming && <Images message={message} />}
        {!streaming && <LostText words={lostText(message)} />}
      </Body>
    )
  );
}

/** What is shown of an answer that is not being written and has nothing to be drawn. */
function inPlaceOf(words: string, store: Store, message: ChatMessage): VNode | null {
  if (message.metadata?.status === "queued" && !isLost(store.kernel.value))
    return <p class="waiting">{text("answer.queued")}</p>;
  if (!isFinal(message) && !words) return <FirstWord store={store} message={message} />;
  const isShown = plainLine(words) || lostText(message) || imagesOf(message).length > 0;
  const line = isShown ? null : emptyLine(message);
  return line ? <p class="waiting">{line}</p> : null;
}

/** What people had read before the hub broke off, and the hub then had no more. */
function LostText({ words }: { words: string }): VNode | null {
  if (!words) return null;
  return (
    <div class="lost">
      <p class="foot">{text("answer.lost")}</p>
      <Markdown text={words} />
    </div>
  );
}

/** The words of an answer; what of them is read aloud is the announcer's business. */
function Body({ children }: { children: ComponentChildren }): VNode {
  return (
    <div class="body" aria-live="off">
      {children}
    </div>
  );
}

/** A model that thinks is at work; one that has said nothing at all is waited for. */
function NoWord({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const thinks = useComputed(() => Boolean(streamOf(store.chat.value?.streams, message.id)?.reasoning)).value;
  return thinks ? (
    <p class="waiting">
      <Dots />
      <span class="sr-only">{text("answer.thinking")}</span>
    </p>
  ) : (
    <FirstWord store={store} message={message} />
  );
}

/** What is waited for; the words for it come with the actions. */
function FirstWord({ store, message }: Omit<Written, "streaming">): VNode {
  const actions = useActions();
  return <p class="waiting">{actions ? <actions.FirstWord store={store} message={message} /> : <Dots />}</p>;
}

function StreamingFoot({ store, id }: { store: Store; id: string }): VNode | null {
  const metrics = useComputed(() => streamOf(store.chat.value?.streams, id)?.metrics ?? null).value;
  // The hub measures once a second: until there is a rate, a token count would only look stuck.
  const line = metrics?.tokensPerSecond ? metricsLine(metrics) : "";
  return line ? <p class="foot metrics">{line}</p> : null;
}

/** A system or tool message: a quiet line. */
function Note({ message }: { message: ChatMessage }): VNode {
  return (
    <article class="message note" data-message-id={message.id}>
      <Markdown text={textOf(message)} />
    </article>
  );
}

function classes(...names: (string | false)[]): string {
  return names.filter(Boolean).join(" ");
}
