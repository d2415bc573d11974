"""The other nodes of a live conversation: what they say is applied here, what happens here is told to them.

The store is the truth and every message may be lost: holes in the log are filled from the bus's hot window or
the store, holes in an answer by asking its writer, and lists of people by reading them anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from conduit_widget.chat.calls.conversation_call import ConversationCall
from conduit_widget.chat.calls.peers import NodeCall, PeerSignal
from conduit_widget.chat.history.feed import EventFeed
from conduit_widget.chat.history.store import ConversationRecord, HistoryStore, StoredStream
from conduit_widget.chat.nodes.alone import Alone, SendDelta, events_from
from conduit_widget.chat.nodes.channel import (
    Configured,
    Deleted,
    HaveRead,
    Logged,
    News,
    NodeChannel,
    NodeMessage,
    RoleChanged,
    Stop,
    TextWanted,
    Token,
    WholeText,
)
from conduit_widget.chat.nodes.remote_streams import Relay, RemoteStreams
from conduit_widget.chat.nodes.turns import wait_for_turn
from conduit_widget.chat.people.conversation_presence import ConversationPresence
from conduit_widget.chat.people.remote_presence import NodePeople, PeopleChange
from conduit_widget.contract import ChatEvent
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.types import ChatMessage, LogEvent, OpenStream, StreamMetadata

TELL_TEXT_DELAY: Final = 0.02
"""Seconds in which the requests of several nodes for a text share one reply."""

MAX_EARLY_ANSWERS: Final = 64
_OPEN: Final = frozenset({"streaming", "queued"})


class AnswersHere(Protocol):
    """The answers this node writes."""

    def open_streams(self, conversation_id: str) -> list[OpenStream]:
        """Return the answers being written, with their text so far."""

    def cancel(self, answer_id: str) -> bool:
        """End an answer, keeping its text; return False if it is not written here (any more)."""

    def supersede(self, answer_id: str, end: ChatMessage) -> None:
        """Give up an answer, which another node has ended as ``end``; store and send nothing more of it."""

    def abandon(self, conversation_id: str) -> None:
        """Give up the answers of a conversation that is gone; store and send nothing more of them."""


class OtherNodes:
    """One live conversation's dealings with the other nodes on which it is live.

    Call :meth:`begin` once the conversation has been read, then every method may be called.
    """

    are_there: Final = True
    """Whether other nodes may write answers of the conversation, too."""

    _feed: EventFeed
    _presence: ConversationPresence
    _call: ConversationCall
    _send_delta: SendDelta
    _on_ended: Callable[[str], None]
    _on_role_changed: Callable[[str], None]
    _on_news: Callable[[News], None]

    def __init__(
        self, record: ConversationRecord, channel: NodeChannel, store: HistoryStore, answers: AnswersHere
    ) -> None:
        self._conversation_id = record.id
        self._epoch = record.epoch
        self._channel = channel
        self._store = store
        self._answers = answers
        self._streams = RemoteStreams()
        self._early: dict[str, None] = {}
        self._own: set[str] = set()
        self._told_soon: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- lifetime --------------------------------------------------------------------------------------

    def begin(
        self,
        feed: EventFeed,
        presence: ConversationPresence,
        call: ConversationCall,
        *,
        streams: Iterable[StoredStream],
        people: dict[str, NodePeople] | None,
        calls: dict[str, NodeCall] | None,
        send_delta: SendDelta,
        on_ended: Callable[[str], None],
        on_role_changed: Callable[[str], None],
        on_news: Callable[[News], None],
    ) -> None:
        """Go on from what was read after the subscription held, then handle what has been said since.

        ``send_delta`` sends a delta to the connections here. ``on_ended`` is called with the id of an answer
        of which no delta comes any more, ``on_role_changed`` with the id of a user whose role changed,
        ``on_news`` with what was read, configured or deleted on another node.
        """
        self._on_news = on_news
        self._feed, self._presence, self._send_delta = feed, presence, send_delta
        self._call = call
        self._on_ended, self._on_role_changed = on_ended, on_role_changed
        for stream in streams:
            if stream.seq <= feed.position:
                self._streams.restore(stream)
        if people is not None:
            presence.replace(people, {})
        if calls is not None:
            call.replace(calls, {})
        self._channel.attach(self._received)
        if self._streams.ids():
            self._channel.publish(TextWanted())

    def close(self, *, node_ends: bool) -> None:
        """Listen no more. If this node ends, its people get their grace on the other nodes."""
        for task in self._tasks:
            task.cancel()
        if node_ends:
            self._channel.abandon()
        else:
            self._channel.close()

    async def catch_up(self) -> None:
        """Read again everything but the log that may have been missed on the bus."""
        await self.read_people()
        if self._streams.ids():
            self._channel.publish(TextWanted())

    async def read_people(self) -> None:
        """Read the people at the other nodes, and who of them is in the call."""
        known_before, in_call_before = self._presence.versions(), self._call.versions()
        people, calls = await asyncio.gather(self._channel.people(), self._channel.call())
        if people is not None:
            self._presence.replace(people, known_before)
        if calls is not None:
            self._call.replace(calls, in_call_before)

    # ---- the log ---------------------------------------------------------------------------------------

    async def refill(self, position: int) -> list[LogEvent] | None:
        """Return the events after a position, from the hot window if possible, else from the store."""
        kept = await self._channel.window(self._epoch, position)
        if any(event.seq == position + 1 for event in kept):
            return kept
        return await events_from(self._store, self._conversation_id, self._epoch, position)

    def committed(self, events: Iterable[LogEvent]) -> None:
        """Tell the other nodes of events that this node committed; call it before they are delivered here."""
        for event in events:
            self._channel.log(self._epoch, event)

    def forget(self, seq: int) -> None:
        """Let no node read events up to ``seq`` anywhere but in the store, which has them without secrets."""
        self._channel.forget(seq)

    def on_delivering(self, event: LogEvent) -> None:
        """Send what must go before an event to the connections here: the last delta before a final text."""
        if event.target != ChatEvent.MESSAGE_UPDATED:
            return
        wire = event.arguments[0]
        message_id = wire["id"]
        if _status(wire) in _OPEN:
            return
        if message_id in self._streams:
            self._send(self._streams.finish(ChatMessage.from_wire(wire)))
        elif message_id in self._own:
            self._answers.supersede(message_id, ChatMessage.from_wire(wire))
            self._own.discard(message_id)
        self._on_ended(message_id)

    def on_delivered(self, event: LogEvent) -> None:
        """Note that an event has been sent to the connections here: deltas may follow a new answer."""
        wire = event.arguments[0]
        if event.target == ChatEvent.MESSAGE_UPDATED:
            if _status(wire) not in _OPEN:
                self._streams.forget(wire["id"])
        elif wire.get("role") == "assistant" and _status(wire) in _OPEN and wire["id"] not in self._own:
            self._streams.open(wire["id"], event.seq)
            if self._early.pop(wire["id"], self) is None:
                self._channel.publish(TextWanted([wire["id"]]))

    def turn(self, answer_seq: int) -> Coroutine[Any, Any, bool] | None:
        """Return what waits until the answer may be written; its result is False if another node ended it."""
        return wait_for_turn(self._conversation_id, answer_seq, self._store, self._feed)

    # ---- answers ---------------------------------------------------------------------------------------

    def streams(self, here: list[OpenStream]) -> list[OpenStream]:
        """Return the answers being written, here and elsewhere, with the text the connections here have."""
        return here + self._streams.streams(with_first=not here)

    def text_heard(self, message_id: str) -> str | None:
        """Return what was heard of an answer that another node writes, from its beginning without a hole.

        It is None if this node subscribed later and has heard nothing of it since.
        """
        return self._streams.text_heard(message_id)

    def is_written_elsewhere(self, message_id: str) -> bool:
        """Whether another node writes, or will write, that answer."""
        return message_id in self._streams

    def has(self, message_id: str) -> bool:
        """Whether an answer is being written, or will be, here or elsewhere."""
        return message_id in self._own or message_id in self._streams

    def stop(self, message_id: str) -> bool:
        """Ask the writer of an answer to end it; return False while the other nodes cannot be asked."""
        if not self._channel.connected:
            return False
        self._channel.publish(Stop(message_id))
        return True

    def own(self, message_id: str) -> None:
        """Note that this node writes an answer; call it before its message is committed."""
        self._own.add(message_id)
        self._streams.forget(message_id)

    def disown(self, message_id: str) -> None:
        """Note that this node has ended an answer, or will not write it."""
        self._own.discard(message_id)

    def telling(self, send: SendDelta) -> SendDelta:
        """Return what tells the other nodes of a delta written here, then sends it to the connections here.

        It does nothing once the answer is not this node's own any more.
        """

        def tell_and_send(text: str, metadata: StreamMetadata) -> None:
            if metadata.message_id in self._own:
                self._channel.publish(Token(text, metadata))
                send(text, metadata)

        return tell_and_send

    def tell_role(self, user_id: str) -> None:
        """Tell the other nodes that a user's role changed."""
        self._channel.publish(RoleChanged(user_id))

    def tell(self, news: News) -> None:
        """Tell the other nodes what was read, configured or deleted here."""
        self._channel.publish(news)

    def tell_people(self, people: NodePeople, change: PeopleChange) -> None:
        """Tell the other nodes who is here now."""
        self._channel.put_people(people)
        self._channel.publish(change)

    def tell_call(self, part: NodeCall) -> None:
        """Tell the other nodes who is in the call here."""
        self._channel.put_call(part)
        self._channel.publish(part)

    def tell_signal(self, signal: PeerSignal) -> None:
        """Pass a signal to whichever node has its receiver; it is kept nowhere on the way."""
        self._channel.publish(signal)

    # ---- what the others say ---------------------------------------------------------------------------

    def _received(self, node_id: str, message: NodeMessage) -> None:
        match message:
            case Logged(epoch, event):
                self._on_event(epoch, event)
            case Token(text, metadata):
                self._on_token(text, metadata)
            case WholeText(stream):
                self._send(self._streams.whole_reasoning(stream))
                self._send(self._streams.whole(stream))
            case TextWanted(message_ids):
                self._tell_text_soon(message_ids)
            case Stop(message_id):
                self._answers.cancel(message_id)
            case RoleChanged(user_id):
                self._on_role_changed(user_id)
            case HaveRead() | Configured():
                self._on_news(message)
            case Deleted():
                self._answers.abandon(self._conversation_id)
                self._on_news(message)
            case NodeCall():
                self._call.apply(node_id, message)
            case PeerSignal():
                self._call.signalled(message)
            case PeopleChange():
                if not self._presence.apply(node_id, message):
                    self._spawn(self.read_people())

    def _on_event(self, epoch: str, event: LogEvent) -> None:
        if epoch == self._epoch:
            self._feed.accept((event,))
        else:
            self._spawn(self.check_epoch())

    async def check_epoch(self) -> None:
        """Stop the feed if another log is stored under this id now."""
        try:
            record = await self._store.find(self._conversation_id)
        except StoreUnavailableError:
            return
        if record is None or record.epoch != self._epoch:
            self._feed.lose()

    def _on_token(self, text: str, metadata: StreamMetadata) -> None:
        self._send(self._streams.token(text, metadata))
        if metadata.message_id not in self._streams:
            if metadata.seq > self._feed.position and len(self._early) < MAX_EARLY_ANSWERS:
                self._early[metadata.message_id] = None
                self._feed.expect(metadata.seq)
        elif self._streams.wants_text(metadata, asyncio.get_running_loop().time()):
            self._channel.publish(TextWanted([metadata.message_id]))

    def _send(self, relay: Relay | None) -> None:
        if relay is not None:
            self._send_delta(relay.text, relay.metadata)

    def _tell_text_soon(self, message_ids: list[str]) -> None:
        for stream in self._answers.open_streams(self._conversation_id):
            wanted = not message_ids or stream.message_id in message_ids
            if wanted and stream.message_id not in self._told_soon:
                self._told_soon.add(stream.message_id)
                self._spawn(self._tell_text(stream.message_id))

    async def _tell_text(self, message_id: str) -> None:
        await asyncio.sleep(TELL_TEXT_DELAY)
        self._told_soon.discard(message_id)
        for stream in self._answers.open_streams(self._conversation_id):
            if stream.message_id == message_id:
                self._channel.publish(WholeText(stream))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _status(wire: dict[str, Any]) -> object:
    return wire.get("metadata", {}).get("status")


Nodes = Alone | OtherNodes
"""The other nodes of a conversation, whether or not there are any."""
