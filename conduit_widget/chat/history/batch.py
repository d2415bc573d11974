"""What a batch of writes does to the log, worked out in memory: a store loads, applies, saves, commits.

A store reads the rows the changes need into a :class:`Batch` (one statement a table), lets each change apply
itself, in order, and writes what the batch holds then (again one statement a table). So the rules of the log
stand here once, whatever the database, and a commit costs the same few statements for one message or many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from conduit_widget.chat.history.file_records import FileRecord, attached_ids
from conduit_widget.chat.history.store import Commit, StoredStream
from conduit_widget.contract import ChatEvent
from conduit_widget.errors import UNREADABLE, NotInHistoryError, ValidationError
from conduit_widget.hub.delivery.payload import JsonObject
from conduit_widget.text.times import iso_time
from conduit_widget.types import ChatMessage, LogEvent, SendReceipt

T_co = TypeVar("T_co", covariant=True)

NOBODY = ""
"""The author id of messages no user wrote; a token's subject is never empty."""

Key = tuple[str, str]
"""Conversation id and message id."""


class Place(NamedTuple):
    """Where a stored message stands and what its append was told."""

    seq: int
    author_id: str
    timestamp: str
    answer_id: str | None


class MessageRow(NamedTuple):
    """A new message; ``parent_seq`` is the place of the message it continues, None for the one before it."""

    conversation_id: str
    id: str
    seq: int
    parent_seq: int | None
    author_id: str
    timestamp: str
    answer_id: str | None
    body: bytes


class EventRow(NamedTuple):
    """A new event; ``arguments`` is JSON."""

    conversation_id: str
    seq: int
    target: str
    arguments: bytes


class Batch:
    """The rows a batch of changes reads (``seqs`` to ``pins``) and those it writes (the rest).

    ``seqs`` are the positions of the conversations' newest events, ``current`` the messages' newest versions,
    ``logged`` the events in the log that may be about a message (all that are, and perhaps others).
    ``imports`` are the conversations that are being brought in, ``pins`` the pinned messages by conversation.
    ``moment`` is the time of its commit (UTC); ``node_id`` the node that opens its streams.
    """

    def __init__(self, moment: datetime, node_id: str) -> None:
        self.moment = moment
        self.now = iso_time(moment)
        self.node_id = node_id
        self.seqs: dict[str, int] = {}
        self.places: dict[Key, Place] = {}
        self.streams: set[Key] = set()
        self.current: dict[Key, bytes] = {}
        self.logged: dict[Key, list[EventRow]] = {}
        self.imports: set[str] = set()
        self.pins: dict[str, set[str]] = {}
        self.files: dict[str, FileRecord] = {}

        self.moved: set[str] = set()
        self.messages: dict[Key, MessageRow] = {}
        self.bodies: dict[Key, bytes] = {}
        self.events: list[EventRow] = []
        self.replaced: dict[tuple[str, int], bytes] = {}
        self.answered: dict[Key, str] = {}
        self.opened: dict[Key, int] = {}
        self.closed: set[Key] = set()
        self.checkpoints: dict[Key, StoredStream] = {}
        self.read_marks: dict[Key, int] = {}  # by conversation and user; 0: was there, read nothing
        self.repinned: dict[Key, bool] = {}
        self.file_uses: Counter[Key] = Counter()  # by conversation and file: messages more, or fewer

    def next_seq(self, conversation_id: str) -> int:
        """Return the position after the newest; raise NotInHistoryError for an unknown conversation."""
        seq = self.seqs.get(conversation_id)
        if seq is None:
            raise NotInHistoryError("The conversation does not exist.")
        return seq + 1

    def log(
        self, conversation_id: str, seq: int, target: str, body: bytes, *, kept: bytes | None = None
    ) -> LogEvent:
        """Add the event at ``seq``, the next position, whose one argument is the message ``body``.

        ``kept`` is what the log has of it where that is less: :mod:`conduit_widget.chat.history.parts`.
        """
        arguments = b"[" + (body if kept is None else kept) + b"]"
        self.events.append(EventRow(conversation_id, seq, target, arguments))
        self.seqs[conversation_id] = seq
        self.moved.add(conversation_id)
        # Live readers get, byte for byte, what later readers get from the log, but for parts.
        return LogEvent(seq=seq, target=target, arguments=[JsonObject(body)])

    def insert(self, row: MessageRow) -> LogEvent:
        """Add a new message and its event."""
        key = (row.conversation_id, row.id)
        self.messages[key] = row
        self.places[key] = Place(row.seq, row.author_id, row.timestamp, row.answer_id)
        if row.author_id != NOBODY:  # who has written somewhere finds it in their list
            self.read_marks.setdefault((row.conversation_id, row.author_id), 0)
        return self.log(row.conversation_id, row.seq, ChatEvent.RECEIVE_MESSAGE, row.body)

    def rewrite(self, key: Key, body: bytes) -> None:
        """Replace a message's latest version."""
        new = self.messages.get(key)
        if new is None:
            self.bodies[key] = body
        else:
            self.messages[key] = new._replace(body=body)

    def body(self, key: Key) -> bytes | None:
        """Return a message's newest version, which the change has asked for (``Change.bodies``)."""
        new = self.messages.get(key)
        return new.body if new is not None else self.bodies.get(key, self.current.get(key))

    def replace_logged(self, key: Key, write: Callable[[dict[str, Any]], bytes]) -> None:
        """Replace what the log has of a message (``Change.logged``): ``write(old)`` returns the new message.

        An event that cannot be read might hold anything: nothing is left of it.
        """
        conversation_id, message_id = key
        for event in self.logged.get(key, ()):
            arguments = _replaced(event.arguments, message_id, write)
            if arguments is not None:
                self.replaced[conversation_id, event.seq] = arguments
        quoted = msgspec.json.encode(message_id)
        for index, event in enumerate(self.events):
            if event.conversation_id == conversation_id and quoted in event.arguments:
                arguments = _replaced(event.arguments, message_id, write)
                if arguments is not None:
                    self.events[index] = event._replace(arguments=arguments)

    def answer(self, key: Key, answer_id: str) -> None:
        """Note a message's first answer."""
        self.places[key] = self.places[key]._replace(answer_id=answer_id)
        new = self.messages.get(key)
        if new is None:
            self.answered[key] = answer_id
        else:
            self.messages[key] = new._replace(answer_id=answer_id)

    def pin(self, key: Key, *, is_on: bool) -> None:
        """Note that a message is pinned, or is not any more."""
        pinned = self.pins.setdefault(key[0], set())
        (pinned.add if is_on else pinned.discard)(key[1])
        self.repinned[key] = is_on

    def attach(self, conversation_id: str, author_id: str, message: ChatMessage) -> ChatMessage:
        """Return the message with what the store knows of its files, which it uses from now on.

        Raises:
            ValidationError: a file is not of this conversation, or not there (any more), or somebody else's
                that no message has.

        """
        ids = attached_ids(message.attachments)
        if not ids:
            return message
        known: list[dict[str, Any]] = []
        for file_id in ids:
            record = self.files.get(file_id)
            if record is None or not self._may_attach(record, conversation_id, author_id):
                raise ValidationError("attachments", "names a file that this conversation does not have")
            known.append(record.attachment().to_wire())
        self.file_uses.update((conversation_id, file_id) for file_id in ids)
        return msgspec.structs.replace(message, attachments=known)

    def _may_attach(self, record: FileRecord, conversation_id: str, author_id: str) -> bool:
        if record.conversation_id != conversation_id or not record.is_stored:
            return False
        uses = record.uses + self.file_uses[conversation_id, record.id]
        return uses > 0 or record.user_id == author_id

    def detach(self, conversation_id: str, wire: dict[str, Any]) -> None:
        """Note that a message in wire form uses its files no longer."""
        self.file_uses.subtract(
            (conversation_id, file_id) for file_id in attached_ids(wire.get("attachments"))
        )

    def is_busy(self, conversation_id: str) -> bool:
        """Whether an answer of the conversation is not through yet."""
        return any(stream[0] == conversation_id for stream in self.streams)

    def open_stream(self, key: Key, seq: int) -> None:
        """Note that the answer at ``seq`` is being written."""
        self.streams.add(key)
        self.opened[key] = seq

    def close_stream(self, key: Key) -> bool:
        """End an open stream; False when it is not open."""
        if key not in self.streams:
            return False
        self.streams.remove(key)
        self.checkpoints.pop(key, None)
        if self.opened.pop(key, None) is None:
            self.closed.add(key)
        return True


class Change(Generic[T_co]):
    """One write. ``apply`` raises before it changes anything in the batch."""

    __slots__ = ()

    key: Key
    """The message it is about."""
    places: tuple[Key, ...] = ()
    """The messages whose places must be loaded, and with them their conversation's position."""
    bodies: tuple[Key, ...] = ()
    """The messages, among those, whose newest versions must be loaded."""
    logged: tuple[Key, ...] = ()
    """The messages, among those, whose events must be loaded."""
    files: tuple[str, ...] = ()
    """The files whose records must be loaded."""
    needs_streams = False
    """Whether the conversation's open streams must be loaded."""
    needs_imports = False
    """Whether it must be known if the conversation is being brought in."""
    needs_pins = False
    """Whether the conversation's pinned messages must be loaded."""
    leaves_nothing = False
    """Whether nothing may be left of what it replaces, not in files beside the store's own either."""

    def apply(self, batch: Batch) -> T_co:
        """Apply the change to ``batch`` and return its result."""
        raise NotImplementedError


ID_IN_USE: Final = "is already in use in this conversation; send with a new one"


class Append(Change[Commit]):
    """A new message and, perhaps, the placeholder of its answer; the same id again changes nothing.

    The message continues the one its ``parent_id`` names, without one the conversation's newest message, with
    ``is_root`` none; the answer continues the message. The message it replies to must be there.
    """

    __slots__ = (
        *("answer", "author_id", "files", "is_root", "key", "message", "needs_streams", "parent"),
        *("places", "source"),
    )

    def __init__(
        self,
        conversation_id: str,
        author_id: str,
        message: ChatMessage,
        answer: ChatMessage | None,
        *,
        is_root: bool = False,
    ) -> None:
        self.key = (conversation_id, message.id)
        self.parent = None if message.parent_id is None else (conversation_id, message.parent_id)
        source = message.metadata.get("replyTo")
        self.source = (conversation_id, source) if isinstance(source, str) else None
        self.places = tuple(key for key in (self.key, self.parent, self.source) if key is not None)
        self.is_root = is_root
        self.author_id = author_id
        self.message = message
        self.answer = answer
        self.files = attached_ids(message.attachments)
        self.needs_streams = answer is not None and answer.error is None

    def apply(self, batch: Batch) -> Commit:
        """Give the message, and its answer, the next positions of the log."""
        conversation_id, message_id = self.key
        place = batch.places.get(self.key)
        if place is not None:
            return self._repeated(place)
        seq, answer = batch.next_seq(conversation_id), self.answer
        answer_id = answer.id if answer is not None else None
        parent_seq = self._parent_seq(batch)
        message = batch.attach(conversation_id, self.author_id, self.message)
        rows = [
            new_row(batch, self.key, message, seq, self.author_id, parent_seq=parent_seq, answer_id=answer_id)
        ]
        if answer is not None:
            answer_key = (conversation_id, answer.id)
            if self.needs_streams and batch.is_busy(conversation_id):
                answer = queued(answer)
            rows.append(new_row(batch, answer_key, answer, seq + 1, NOBODY))
            if self.needs_streams:
                batch.open_stream(answer_key, seq + 1)
        receipt = SendReceipt(id=message_id, seq=seq, timestamp=batch.now, answer_id=answer_id)
        return Commit(receipt=receipt, events=tuple(batch.insert(row) for row in rows))

    def _repeated(self, place: Place) -> Commit:
        if place.author_id != self.author_id:
            raise ValidationError("message id", ID_IN_USE)
        receipt = SendReceipt(
            id=self.key[1], seq=place.seq, timestamp=place.timestamp, answer_id=place.answer_id
        )
        return Commit(receipt=receipt, duplicate=True)

    def _parent_seq(self, batch: Batch) -> int | None:
        if self.source is not None and self.source not in batch.places:
            raise ValidationError("replyTo", "names no message of this conversation")
        if self.parent is None:
            return 0 if self.is_root else None
        place = batch.places.get(self.parent)
        if place is None:
            raise ValidationError(
                "parent id",
                "names no message of this conversation; without a parentId it continues the newest",
            )
        return place.seq


class Update(Change[Commit]):
    """A new version of a message; ``close_stream`` also ends its stream, once.

    Reactions to the answer while it was being written stay, and so does its pin.
    """

    __slots__ = ("bodies", "key", "message", "needs_streams", "places")

    def __init__(self, conversation_id: str, message: ChatMessage, *, close_stream: bool) -> None:
        self.key = (conversation_id, message.id)
        self.places = (self.key,)
        self.bodies = (self.key,) if close_stream else ()
        self.message = message
        self.needs_streams = close_stream

    def apply(self, batch: Batch) -> Commit:
        """Give the new version its position in the log; the message keeps its own."""
        conversation_id, message_id = self.key
        seq, place = batch.next_seq(conversation_id), batch.places.get(self.key)
        if place is None:
            raise NotInHistoryError("The message to update is not in the conversation.")
        receipt = SendReceipt(id=message_id, seq=place.seq, timestamp=place.timestamp)
        if self.needs_streams and self.key not in batch.streams:
            return Commit(receipt=receipt, duplicate=True)
        stamp = {
            "conversationId": conversation_id,
            "seq": place.seq,
            "timestamp": place.timestamp,
            "eventSeq": seq,
            "updatedAt": batch.now,
        }
        body = _stamped(self.message, {**_kept_of(batch.body(self.key)), **stamp})
        if self.needs_streams:
            batch.close_stream(self.key)
        batch.rewrite(self.key, body)
        event = batch.log(conversation_id, seq, ChatEvent.MESSAGE_UPDATED, body)
        return Commit(receipt=receipt, events=(event,))


class Checkpoint(Change[None]):
    """An open stream's text so far; one that has ended is left alone."""

    __slots__ = ("key", "stream")

    def __init__(self, stream: StoredStream) -> None:
        self.key = (stream.conversation_id, stream.message_id)
        self.stream = stream

    def apply(self, batch: Batch) -> None:
        """Keep the text; saving it has no effect on a stream that is no longer open."""
        if self.key not in batch.closed:
            batch.checkpoints[self.key] = self.stream


def apply_changes(batch: Batch, changes: Sequence[Change[Any]]) -> list[Any]:
    """Apply each change, in order; return their results, an exception standing for one that refused."""
    outcomes: list[Any] = []
    for change in changes:
        try:
            outcomes.append(change.apply(batch))
        except Exception as error:  # noqa: BLE001 - the change's own outcome; it has changed nothing
            outcomes.append(error)
    return outcomes


def _replaced(arguments: bytes, message_id: str, write: Callable[[dict[str, Any]], bytes]) -> bytes | None:
    """Return an event's new arguments; None for one about another message."""
    try:
        (message,) = msgspec.json.decode(arguments, type=tuple[dict[str, Any]])
    except UNREADABLE:
        return b""
    return b"[" + write(message) + b"]" if message.get("id") == message_id else None


def new_row(
    batch: Batch,
    key: Key,
    message: ChatMessage,
    seq: int,
    author_id: str,
    *,
    parent_seq: int | None = None,
    answer_id: str | None = None,
    written_at: str | None = None,
) -> MessageRow:
    """Return the row of a new message at ``seq``; without ``written_at`` it was written now."""
    conversation_id, when = key[0], written_at or batch.now
    body = _stamped(message, {"conversationId": conversation_id, "seq": seq, "timestamp": when})
    return MessageRow(conversation_id, key[1], seq, parent_seq, author_id, when, answer_id, body)


_ADDED: Final = ("reactions", "pinned")
_QUOTED: Final = tuple(b'"' + key.encode() + b'"' for key in _ADDED)


def queued(answer: ChatMessage) -> ChatMessage:
    """Return a placeholder that waits for others, unless it says already how it is."""
    if answer.metadata.get("status") != "streaming":
        return answer
    return msgspec.structs.replace(answer, metadata={**answer.metadata, "status": "queued"})


def _kept_of(body: bytes | None) -> dict[str, Any]:
    """Return what people added to a stored message, as a part of its metadata."""
    if body is None or not any(quoted in body for quoted in _QUOTED):
        return {}  # as nearly all
    try:
        metadata = msgspec.json.decode(body, type=dict[str, Any]).get("metadata")
    except UNREADABLE:
        return {}
    found = metadata if isinstance(metadata, dict) else {}
    return {key: found[key] for key in _ADDED if isinstance(found.get(key), dict)}


def _stamped(message: ChatMessage, stamp: dict[str, Any]) -> bytes:
    """Return the message's wire form as JSON, the store's own metadata winning."""
    wire = message.to_wire()
    wire["metadata"] = {**wire.get("metadata", {}), **stamp}
    return msgspec.json.encode(wire)
