import { useSignal } from "@preact/signals";
import type { RefObject, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ChatMessage, NoticeLine } from "../contract";
import { noticesAfter } from "../notices";
import { plainLine } from "../plain";
import type { Store } from "../store";
import { text } from "../texts/texts";
import { DownIcon } from "./icons";
import { Message, Outgoing } from "./message";
import { type StickToBottom, stickToBottom } from "./stick-to-bottom";

/** So many messages are in the document at once; more come in pages of this size. */
const WINDOW = 200;

export function Transcript({ store }: { store: Store }): VNode {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const stick = useStick(scroller, content);
  const following = stick?.following.value ?? true;
  const messages = store.select.messages.value;
  const outbox = store.outbox.value;
  const window = useWindow(messages, following);
  const unseen = useUnseen(messages.length + outbox.length, following);

  // An own message always brings the end into view.
  const own = outbox.at(-1)?.id;
  useEffect(() => {
    if (own) stick?.jump();
  }, [own, stick]);

  const earlier = (): void => {
    stick?.holdPosition();
    if (window.start > 0) window.widen();
    else store.loadEarlier();
  };
  const people = new Map(store.select.participants.value.map((person) => [person.userId, person]));
  const self = store.select.selfId.value;
  const notices = noticesAfter(messages, store.select.notices.value);
  const empty = messages.length === 0 && outbox.length === 0;

  return (
    <div class="transcript">
      <div
        class="scroller"
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label={text("transcript.label")}
        aria-live="off"
      >
        <div class="content" ref={content}>
          {(window.start > 0 || store.select.hasMore.value) && (
            <button
              type="button"
              class="plain earlier"
              onClick={earlier}
              disabled={store.loadingEarlier.value}
            >
              {store.loadingEarlier.value ? text("transcript.loading") : text("transcript.earlier")}
            </button>
          )}
          {empty && <Empty store={store} />}
          {messages
            .slice(window.start)
            .flatMap((message) => [
              <Message
                key={message.id}
                store={store}
                message={message}
                own={message.author?.userId === self}
                streaming={store.select.streaming(message.id)}
                participant={people.get(message.author?.userId ?? "")}
              />,
              ...(notices.get(message.id) ?? []).map((notice) => (
                <HubNotice key={notice.id} notice={notice} />
              )),
            ])}
          {outbox.map((message) => (
            <Outgoing key={message.id} store={store} message={message} />
          ))}
        </div>
      </div>
      {!following && (
        <button type="button" class="pill" onClick={() => stick?.jump()}>
          <DownIcon />
          {unseen > 0 ? text("transcript.new", { count: unseen }) : text("transcript.latest")}
        </button>
      )}
    </div>
  );
}

/** What the hub told everybody: a quiet line where it came. */
function HubNotice({ notice }: { notice: NoticeLine }): VNode {
  return (
    <p class="message note" data-kind={notice.kind}>
      {plainLine(notice.text)}
    </p>
  );
}

function Empty({ store }: { store: Store }): VNode {
  const joined = store.chat.value && store.connection.value?.state !== "connecting";
  if (!joined) return <p class="empty">{text("transcript.opening")}</p>;
  return (
    <div class="empty">
      <p class="lead">{text("transcript.empty")}</p>
      <p>{text("transcript.emptyShared", { conversation: store.select.conversationId.value })}</p>
    </div>
  );
}

function useStick(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
): StickToBottom | null {
  const [stick, setStick] = useState<StickToBottom | null>(null);
  useEffect(() => {
    if (!scroller.current || !content.current) return undefined;
    const life = new AbortController();
    setStick(stickToBottom(scroller.current, content.current, life.signal));
    return () => life.abort();
  }, [scroller, content]);
  return stick;
}

interface MessageWindow {
  /** Index of the first message shown. */
  start: number;
  widen(): void;
}

/** The newest messages while the view follows; while somebody reads further up, nothing leaves above. */
function useWindow(messages: readonly ChatMessage[], following: boolean): MessageWindow {
  const firstId = useRef<string | null>(null);
  const extra = useSignal(0);
  const newest = Math.max(0, messages.length - WINDOW - extra.value);
  const held = following ? -1 : messages.findIndex((message) => message.id === firstId.current);
  const start = held < 0 ? newest : Math.min(held, newest);
  firstId.current = messages[start]?.id ?? null;
  return {
    start,
    widen: () => {
      extra.value += WINDOW;
    },
  };
}

/** How many messages came since the view stopped following. */
function useUnseen(count: number, following: boolean): number {
  const seen = useRef(count);
  if (following) seen.current = count;
  return Math.max(0, count - seen.current);
}
