"""A conversation's other nodes, if there are none: the methods of ``OtherNodes``, with nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from conduit_widget.chat.calls.peers import NodeCall, PeerSignal
from conduit_widget.chat.history.store import ConversationRecord, HistoryStore
from conduit_widget.chat.nodes.channel import News
from conduit_widget.chat.people.remote_presence import NodePeople, PeopleChange
from conduit_widget.types import LogEvent, OpenStream, StreamMetadata

REFILL_EVENTS: Final = 10_000
REFILL_BYTES: Final = 32 * 1024 * 1024

SendDelta = Callable[[str, StreamMetadata], None]
"""``send(text, metadata)``: sends a delta of an answer."""


class Alone:
    """A conversation that is live on this node only."""

    are_there: Final = False
    """Whether other nodes may write answers of the conversation, too."""

    def __init__(self, record: ConversationRecord, store: HistoryStore) -> None:
        self._record = record
        self._store = store

    def close(self, *, node_ends: bool) -> None:
        """Do nothing: nobody has to be told."""

    async def catch_up(self) -> None:
        """Do nothing: nothing can have been missed."""

    async def read_people(self) -> None:
        """Do nothing: nobody is elsewhere."""

    async def check_epoch(self) -> None:
        """Do nothing: nobody else can have replaced the log."""

    async def refill(self, position: int) -> list[LogEvent] | None:
        """Return the stored events after a position, or None if the log cannot be continued from there."""
        return await events_from(self._store, self._record.id, self._record.epoch, position)

    def committed(self, events: Iterable[LogEvent]) -> None:
        """Do nothing: nobody has to be told."""

    def forget(self, seq: int) -> None:
        """Do nothing: events are read in the store only."""

    def on_delivering(self, event: LogEvent) -> None:
        """Do nothing: no other node's deltas have to go before the event."""

    def on_delivered(self, event: LogEvent) -> None:
        """Do nothing: no other node's deltas follow the event."""

    def turn(self, _answer_seq: int) -> Coroutine[Any, Any, bool] | None:
        """Return None: no other node's answers have to be waited for."""
        return None

    def streams(self, here: list[OpenStream]) -> list[OpenStream]:
        """Return the answers being written: those written ``here``."""
        return here

    def text_heard(self, _message_id: str) -> str | None:
        """Return the empty text: the writer was this node in an earlier life, and nobody else heard more."""
        return ""

    def is_written_elsewhere(self, _message_id: str) -> bool:
        """Return False."""
        return False

    def has(self, _message_id: str) -> bool:
        """Return False: nothing depends on whose the answer is."""
        return False

    def stop(self, _message_id: str) -> bool:
        """Return False: there is nobody to ask."""
        return False

    def own(self, message_id: str) -> None:
        """Do nothing: every answer is this node's own."""

    def disown(self, message_id: str) -> None:
        """Do nothing: no other node could write the answer."""

    def telling(self, send: SendDelta) -> SendDelta:
        """Return ``send`` itself: a delta goes to the connections here."""
        return send

    def tell_role(self, user_id: str) -> None:
        """Do nothing: nobody has to be told."""

    def tell(self, news: News) -> None:
        """Do nothing: nobody has to be told."""

    def tell_people(self, people: NodePeople, change: PeopleChange) -> None:
        """Do nothing: nobody has to be told."""

    def tell_call(self, part: NodeCall) -> None:
        """Do nothing: nobody has to be told."""

    def tell_signal(self, signal: PeerSignal) -> None:
        """Do nothing: there is no other node that could have the peer."""


async def events_from(
    store: HistoryStore, conversation_id: str, epoch: str, position: int
) -> list[LogEvent] | None:
    """Return the stored events after a position, or None if the log cannot be continued from there."""
    return await store.events_after(
        conversation_id, epoch, position, limit=REFILL_EVENTS, max_bytes=REFILL_BYTES
    )
