"""The statements that read and write the rows of the conversation log in SQLite.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from conduit_widget.contract import ChatEvent
from conduit_widget.errors import ValidationError
from conduit_widget.types import ChatMessage, HistoryPage, LogEvent, MemberRole, SendReceipt

from .history_store import LAST_OWNER, ConversationRecord, NotInHistoryError, StoredStream

NOBODY: Final = ""
"""The author id of messages no user wrote; a token's subject is never empty."""

_FIND: Final = "SELECT id, epoch, seq, visibility, assistant, title FROM conversations WHERE id=?"
_OF_USER: Final = """
SELECT id, epoch, seq, visibility, assistant, title FROM conversations
WHERE id IN (SELECT conversation_id FROM members WHERE user_id=?) ORDER BY active_at DESC, id LIMIT ?
"""
_STREAMS: Final = """
SELECT conversation_id, message_id, seq, text, token_index, model, provider, node_id FROM streams
WHERE (?1 IS NULL OR conversation_id=?1) AND (?2 IS NULL OR node_id<>?2) ORDER BY conversation_id, seq
"""
_FIRST_YOUNG: Final = "SELECT min(seq) FROM events WHERE conversation_id=? AND seq>? AND seq<=? AND time>=?"
PRUNE_SLICE: Final = 4096


def find(db: sqlite3.Connection, conversation_id: str) -> ConversationRecord | None:
    """Return the conversation, or None."""
    row = db.execute(_FIND, (conversation_id,)).fetchone()
    return _record(row) if row is not None else None


def conversations_of(db: sqlite3.Connection, user_id: str, limit: int) -> list[ConversationRecord]:
    """Return the conversations in which the user has a role, newest activity first."""
    return [_record(row) for row in db.execute(_OF_USER, (user_id, limit))]


def _record(row: tuple[Any, ...]) -> ConversationRecord:
    return ConversationRecord(**dict(zip(ConversationRecord.__struct_fields__, row, strict=True)))


def create(db: sqlite3.Connection, record: ConversationRecord, owner_id: str, now: str, time: float) -> None:
    """Insert a conversation and its owner."""
    db.execute(
        "INSERT INTO conversations (id, epoch, visibility, assistant, title, created_at, active_at)"
        " VALUES (?,?,?,?,?,?,?)",
        (record.id, record.epoch, record.visibility, record.assistant, record.title, now, time),
    )
    db.execute("INSERT INTO members VALUES (?,?,?)", (record.id, owner_id, "owner"))


def streams(
    db: sqlite3.Connection, *, conversation_id: str | None = None, not_of: str | None = None
) -> list[StoredStream]:
    """Return open streams in the order of their seq: of one conversation, of other nodes than one."""
    fields = StoredStream.__struct_fields__
    found = db.execute(_STREAMS, (conversation_id, not_of))
    return [StoredStream(**dict(zip(fields, row, strict=True))) for row in found]


def newest_seq(db: sqlite3.Connection, conversation_id: str) -> int:
    """Return the position of the newest event; raise NotInHistoryError for an unknown conversation."""
    row = db.execute("SELECT seq FROM conversations WHERE id=?", (conversation_id,)).fetchone()
    if row is None:
        raise NotInHistoryError("The conversation does not exist.")
    return int(row[0])


def newest_seqs(db: sqlite3.Connection, conversation_ids: list[str]) -> dict[str, int]:
    """Return the newest position of each conversation that exists."""
    found: dict[str, int] = {}
    for conversation_id in conversation_ids:
        found.update(
            db.execute("SELECT id, seq FROM conversations WHERE id=?", (conversation_id,)).fetchall()
        )
    return found


def advance(db: sqlite3.Connection, conversation_id: str, seq: int, time: float) -> None:
    """Make ``seq`` the newest position, reached at ``time``."""
    db.execute("UPDATE conversations SET seq=?, active_at=? WHERE id=?", (seq, time, conversation_id))


def set_role(db: sqlite3.Connection, conversation_id: str, user_id: str, role: MemberRole | None) -> None:
    """Set or, with None, take away a user's role; refuse to leave a conversation without an owner."""
    newest_seq(db, conversation_id)
    if role != "owner":
        owners = db.execute(
            "SELECT user_id FROM members WHERE conversation_id=? AND role='owner'", (conversation_id,)
        ).fetchall()
        if owners == [(user_id,)]:
            raise ValidationError("userId", LAST_OWNER)
    if role is None:
        db.execute("DELETE FROM members WHERE conversation_id=? AND user_id=?", (conversation_id, user_id))
    else:
        db.execute("INSERT OR REPLACE INTO members VALUES (?,?,?)", (conversation_id, user_id, role))


def receipt_of(
    db: sqlite3.Connection, conversation_id: str, message_id: str, author_id: str
) -> SendReceipt | None:
    """Return the receipt of an earlier append, None for a new id; refuse another author's id."""
    row = db.execute(
        "SELECT seq, author_id, timestamp, answer_id FROM messages WHERE conversation_id=? AND id=?",
        (conversation_id, message_id),
    ).fetchone()
    if row is None:
        return None
    seq, first_author, timestamp, answer_id = row
    if first_author != author_id:
        raise ValidationError("message.id", "is already in use in this conversation; send with a new id")
    return SendReceipt(id=message_id, seq=seq, timestamp=timestamp, answer_id=answer_id)


def queued_if_busy(db: sqlite3.Connection, conversation_id: str, answer: ChatMessage) -> ChatMessage:
    """Return the placeholder, "queued" instead of "streaming" where another answer is not through yet."""
    if answer.metadata.get("status") != "streaming":
        return answer
    busy = db.execute("SELECT 1 FROM streams WHERE conversation_id=? LIMIT 1", (conversation_id,)).fetchone()
    if busy is None:
        return answer
    return msgspec.structs.replace(answer, metadata={**answer.metadata, "status": "queued"})


def open_stream(
    db: sqlite3.Connection, conversation_id: str, message_id: str, *, seq: int, node_id: str
) -> None:
    """Note that the answer at ``seq`` is being written by a node."""
    db.execute(
        "INSERT INTO streams (conversation_id, message_id, seq, node_id) VALUES (?,?,?,?)",
        (conversation_id, message_id, seq, node_id),
    )


def close_stream(db: sqlite3.Connection, conversation_id: str, message_id: str) -> bool:
    """End an open stream; False when it is not open."""
    ended = db.execute(
        "DELETE FROM streams WHERE conversation_id=? AND message_id=?", (conversation_id, message_id)
    )
    return ended.rowcount == 1


def insert_message(
    db: sqlite3.Connection,
    conversation_id: str,
    message: ChatMessage,
    *,
    seq: int,
    now: str,
    time: float,
    author_id: str,
    answer_id: str | None = None,
) -> LogEvent:
    """Store a new message at ``seq`` and log it."""
    wire = message.to_wire()
    stamp = {"conversationId": conversation_id, "seq": seq, "timestamp": now}
    body = msgspec.json.encode({**wire, "metadata": {**wire.get("metadata", {}), **stamp}})
    db.execute(
        "INSERT INTO messages VALUES (?,?,?,?,?,?,?)",
        (conversation_id, message.id, seq, author_id, now, answer_id, body),
    )
    return log_event(db, conversation_id, ChatEvent.RECEIVE_MESSAGE, body, seq=seq, time=time)


def log_event(
    db: sqlite3.Connection, conversation_id: str, target: str, body: bytes, *, seq: int, time: float
) -> LogEvent:
    """Append an event whose one argument is the message ``body`` (JSON)."""
    db.execute(
        "INSERT INTO events (conversation_id, seq, target, arguments, time) VALUES (?,?,?,?,?)",
        (conversation_id, seq, target, b"[" + body + b"]", time),
    )
    # Decoded again so that live readers get, byte for byte, what later readers get from the log.
    return LogEvent(seq=seq, target=target, arguments=[msgspec.json.decode(body)])


def events_after(
    db: sqlite3.Connection,
    conversation_id: str,
    seq: int,
    *,
    limit: int,
    max_bytes: int,
    since: float,
) -> list[LogEvent] | None:
    """Return all events after ``seq``, None where some are missing or they are too many.

    More than ``limit`` are not too many while the oldest is younger than ``since``.
    """
    (newest,) = db.execute("SELECT seq FROM conversations WHERE id=?", (conversation_id,)).fetchone()
    found = db.execute(
        "SELECT seq, target, arguments, time FROM events WHERE conversation_id=? AND seq>? ORDER BY seq",
        (conversation_id, seq),
    )
    events: list[LogEvent] = []
    size = 0
    for at, target, arguments, time in found:
        size += len(arguments)
        is_too_many = newest - seq > limit and not events and time < since
        if at != seq + len(events) + 1 or size > max_bytes or is_too_many:
            return None
        events.append(LogEvent(seq=at, target=target, arguments=msgspec.json.decode(arguments)))
    return events if len(events) == newest - seq else None


def prune(
    db: sqlite3.Connection, *, keep_events: int, before: float, after_id: str
) -> tuple[int, str | None]:
    """Drop one slice of old events.

    Returns:
        How many were dropped, and where to go on (``after_id``); None when through.

    """
    row = db.execute(
        "SELECT id, seq, pruned FROM conversations WHERE id>? AND seq-pruned>? ORDER BY id LIMIT 1",
        (after_id, keep_events),
    ).fetchone()
    if row is None:
        return 0, None
    conversation_id, seq, pruned = row
    last = min(seq - keep_events, pruned + PRUNE_SLICE)
    # Only from the front: a clock that jumped must not tear a hole into what recovery may read.
    (young,) = db.execute(_FIRST_YOUNG, (conversation_id, pruned, last, before)).fetchone()
    until = last if young is None else young - 1
    if until <= pruned:
        return 0, conversation_id
    dropped = db.execute(
        "DELETE FROM events WHERE conversation_id=? AND seq<=?", (conversation_id, until)
    ).rowcount
    db.execute("UPDATE conversations SET pruned=? WHERE id=?", (until, conversation_id))
    is_through = young is not None or until == seq - keep_events
    return dropped, conversation_id if is_through else after_id


def page_before(
    db: sqlite3.Connection, conversation_id: str, *, before_seq: int, limit: int, max_bytes: int
) -> HistoryPage:
    """Return the newest messages before a position, oldest first, bounded in number and bytes."""
    rows = db.execute(
        "SELECT body FROM messages WHERE conversation_id=? AND seq<? ORDER BY seq DESC LIMIT ?",
        (conversation_id, before_seq, limit + 1),
    )
    bodies, has_more = _newest(rows, limit, max_bytes)
    return HistoryPage(messages=[msgspec.json.decode(body) for body in reversed(bodies)], has_more=has_more)


def _newest(rows: Iterable[tuple[bytes]], limit: int, max_bytes: int) -> tuple[list[bytes], bool]:
    """Take rows while they fit, one at least; also say whether any was left."""
    taken: list[bytes] = []
    size = 0
    for (body,) in rows:
        size += len(body)
        if len(taken) == limit or (taken and size > max_bytes):
            return taken, True
        taken.append(body)
    return taken, False
