import type { RefObject, VNode } from "preact";
import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { seqOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { DownIcon } from "../icons";
import { Message } from "../message/message";
import { Outgoing } from "../message/outgoing";
import { useActions } from "../use-actions";
import { Empty } from "./empty";
import { DayLine, HubNotice, UnreadLine } from "./lines";
import { rowsIn } from "./rows";
import { type StickToBottom, stickToBottom } from "./stick-to-bottom";
import { useActive } from "./use-active";
import { targetOf, useTarget } from "./use-target";
import { useWindow } from "./use-window";

export function Transcript({ store }: { store: Store }): VNode {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const stick = useStick(scroller, content);
  const following = stick?.following.value ?? true;
  const messages = store.branches.value.shown;
  const outbox = store.outbox.value;
  const target = targetOf(store, messages);
  const window = useWindow(messages, target, following, stick);
  const unseen = useUnseen(messages.length + outbox.length, following);
  const active = useActive();
  const actions = useActions();
  useTarget(store, target, scroller, stick);

  // An own message always brings the end into view.
  const sent = store.sent.value;
  useEffect(() => {
    if (sent) stick?.jump();
  }, [sent, stick]);
  const newest = seqOf(messages.at(-1));
  useEffect(() => {
    store.inView(following ? newest : 0);
  }, [store, following, newest]);

  const earlier = (): void => {
    if (window.start === 0) store.loadEarlier();
    window.widen();
  };
  const people = new Map(store.select.participants.value.map((person) => [person.userId, person]));
  const self = store.select.selfId.value;
  const rows = rowsIn(messages, window, {
    notices: [...store.select.notices.value, ...(actions?.comings(store) ?? [])],
    unreadAfter: store.unreadAfter.value,
    readMarks: store.select.readMarks.value,
    selfId: self,
  });
  const empty = messages.length + outbox.length === 0 && !store.select.queue.value?.count;

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
        onScroll={(event) => window.onScroll(event.currentTarget)}
        onKeyDown={(event) => actions?.onTranscriptKey(event, event.currentTarget)}
        onPointerOver={active.onPointerOver}
        onPointerLeave={active.onPointerLeave}
        onFocusIn={active.onFocusIn}
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
          {rows.map(({ message, day, isUnread, follows, notices, readers }) => (
            <Fragment key={message.id}>
              {day && <DayLine timestamp={day} />}
              {isUnread && <UnreadLine />}
              <Message
                store={store}
                message={message}
                own={message.author?.userId === self}
                streaming={store.select.streaming(message.id)}
                participant={people.get(message.author?.userId ?? "")}
                follows={follows}
                active={active.id}
              />
              {actions && readers.length > 0 && (
                <actions.Readers store={store} userIds={readers} people={people} />
              )}
              {notices.map((notice) => (
                <HubNotice key={notice.id} notice={notice} />
              ))}
            </Fragment>
          ))}
          {actions && <actions.Waiting store={store} />}
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
      {actions && <actions.Paused store={store} />}
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

/** How many messages came since the view stopped following. */
function useUnseen(count: number, following: boolean): number {
  const seen = useRef(count);
  if (following) seen.current = count;
  return Math.max(0, count - seen.current);
}
