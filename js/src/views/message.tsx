import { useComputed } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import type { ChatMessage, Participant } from "../contract";
import { Markdown } from "../markdown/markdown";
import { MessageImage } from "../markdown/message-image";
import { TextBoundary } from "../markdown/text-boundary";
import { Typed } from "../markdown/typed";
import { imagesOf, isFinal, lostText, noticeOf, streamOf, textOf } from "../messages";
import { seamsOf, segmentsLine } from "../segments";
import type { OutgoingMessage } from "../state";
import type { Store } from "../store";
import { text } from "../texts/texts";
import { AssistantAvatar, Avatar } from "./avatar";
import { CopyButton } from "./copy-button";
import { FirstWord } from "./first-word";
import { memo } from "./memo";
import { PlainMessage } from "./plain-message";
import { Reasoning } from "./reasoning";
import { Sending } from "./sending";
import { Dots } from "./typing";
import { assistantName, emptyLine, endingLine, metricsLine, shownName, timeLabel } from "./words";

interface MessageProps {
  store: Store;
  message: ChatMessage;
  own: boolean;
  streaming: boolean;
  participant: Participant | undefined;
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
  const { message, own } = props;
  if (message.role === "assistant") return <Answer {...props} />;
  if (message.role !== "user") return <Note message={message} />;
  const name = shownName(message.author?.userName ?? text("message.someone"));
  return (
    <article
      class={own ? "message own" : "message"}
      data-message-id={message.id}
      aria-label={own ? text("message.you") : name}
    >
      {!own && <Avatar name={name} participant={props.participant} />}
      <div class="column">
        <Byline name={own ? null : name} message={message} />
        <div class="bubble">
          <UserText message={message} />
          <Images message={message} />
        </div>
      </div>
    </article>
  );
}

function UserText({ message }: { message: ChatMessage }): VNode | null {
  const words = textOf(message);
  if (words.trim()) return <Typed text={words} />;
  const line = emptyLine(message);
  return line && imagesOf(message).length === 0 ? <p class="waiting">{line}</p> : null;
}

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

function Answer({ store, message, streaming }: MessageProps): VNode {
  const status = message.metadata?.status;
  const done = !streaming && isFinal(message);
  // The hub names the model when the answer ends; until then it is the one in the provider line.
  const model = message.metadata?.model || (done ? null : store.select.provider.value?.model);
  const name = assistantName(model);
  return (
    <article
      class={done ? "message answer" : "message answer open"}
      data-message-id={message.id}
      data-status={status}
      aria-label={name}
      aria-busy={!done}
    >
      <AssistantAvatar />
      <div class="column">
        <Byline name={name} message={message} />
        <Reasoning store={store} message={message} />
        {streaming ? (
          <StreamingText store={store} message={message} />
        ) : (
          <FinalText store={store} message={message} />
        )}
        {done ? <AnswerFoot message={message} /> : <StreamingFoot store={store} id={message.id} />}
      </div>
    </article>
  );
}

function StreamingText({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const words = store.liveText(message.id).value;
  return words ? (
    <Body>
      <Markdown text={words} open seams={seamsOf(message)} />
    </Body>
  ) : (
    <NoWord store={store} message={message} />
  );
}

function FinalText({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const words = textOf(message);
  const lost = lostText(message);
  if (message.metadata?.status === "queued") return <p class="waiting">{text("answer.queued")}</p>;
  if (!isFinal(message) && !words) return <FirstWord store={store} message={message} />;
  const line = words.trim() || lost || imagesOf(message).length > 0 ? null : emptyLine(message);
  if (line) return <p class="waiting">{line}</p>;
  return (
    <Body>
      <Markdown text={words} seams={seamsOf(message)} />
      <Images message={message} />
      {lost && <LostText words={lost} />}
    </Body>
  );
}

/** What people had read before the hub broke off, and the hub then had no more. */
function LostText({ words }: { words: string }): VNode {
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

function StreamingFoot({ store, id }: { store: Store; id: string }): VNode | null {
  const metrics = useComputed(() => streamOf(store.chat.value?.streams, id)?.metrics ?? null).value;
  // The hub measures once a second: until there is a rate, a token count would only look stuck.
  const line = metrics?.tokensPerSecond ? metricsLine(metrics) : "";
  return line ? <p class="foot metrics">{line}</p> : null;
}

function AnswerFoot({ message }: { message: ChatMessage }): VNode | null {
  const ending = endingLine(message);
  const line = metricsLine(message.metadata ?? {});
  const notice = noticeOf(message);
  const words = textOf(message);
  const switched = segmentsLine(message);
  return (
    <>
      {switched && <p class="foot switched">{switched}</p>}
      {notice && <p class="foot ending">{notice}</p>}
      {ending && <p class={message.error ? "foot ending problem" : "foot ending"}>{ending}</p>}
      {(line || words) && (
        <p class="foot metrics">
          {line && <span>{line}</span>}
          {words && <CopyButton text={words} what="answer" />}
        </p>
      )}
    </>
  );
}

/** A system or tool message: a quiet line. */
function Note({ message }: { message: ChatMessage }): VNode {
  return (
    <article class="message note" data-message-id={message.id}>
      <Markdown text={textOf(message)} />
    </article>
  );
}

function Byline({ name, message }: { name: string | null; message: ChatMessage }): VNode | null {
  const timestamp = message.metadata?.timestamp;
  const time = timeLabel(timestamp);
  if (!name && !time) return null;
  return (
    <p class="byline">
      {name && <bdi class="name">{name}</bdi>}
      {time && <time dateTime={timestamp}>{time}</time>}
    </p>
  );
}

function Images({ message }: { message: ChatMessage }): VNode | null {
  const images = imagesOf(message);
  return images.length > 0 ? (
    <p class="images">
      {images.map((url) => (
        <MessageImage key={url} href={url} alt="" />
      ))}
    </p>
  ) : null;
}
