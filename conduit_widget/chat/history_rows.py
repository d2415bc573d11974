"""The tables of the conversation log in SQLite, and the statements that read and write their rows.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from conduit_widget.contract import ChatEvent
from conduit_widget.errors import ValidationError
from conduit_widget.types import ChatMessage, HistoryPage, LogEvent, MemberRole, SendReceipt

from .history_store import ConversationRecord, NotInHistoryError

SCHEMA_VERSION: Final = 1

NOBODY: Final = ""
"""The author id of messages no user wrote; a token's subject is never empty."""

_SCHEMA: Final = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0,
    visibility TEXT NOT NULL, assistant TEXT NOT NULL, created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE members (
    conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, role TEXT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITHOUT ROWID;
CREATE TABLE events (
    conversation_id TEXT NOT NULL, seq INTEGER NOT NULL, target TEXT NOT NULL, arguments BLOB NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE TABLE messages (
    conversation_id TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, author_id TEXT NOT NULL,
    timestamp TEXT NOT NULL, answer_id TEXT, body BLOB NOT NULL,
    PRIMARY KEY (conversation_id, id)
);
CREATE UNIQUE INDEX messages_by_seq ON messages (conversation_id, seq);
CREATE TABLE streams (
    conversation_id TEXT NOT NULL, message_id TEXT NOT NULL, seq INTEGER NOT NULL,
    text TEXT NOT NULL DEFAULT '', token_index INTEGER NOT NULL DEFAULT 0,
    model TEXT NOT NULL DEFAULT '', provider TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (conversation_id, message_id)
) WITHOUT ROWID;
"""


def migrate(db: sqlite3.Connection) -> None:
    """Switch to WAL with full durability and create the tables; refuse a newer format."""
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise RuntimeError(
            f"The chat history has format {version}, newer than {SCHEMA_VERSION}; update conduit_widget."
        )
    if version < SCHEMA_VERSION:
        db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")


def find(db: sqlite3.Connection, conversation_id: str) -> ConversationRecord | None:
    """Return the conversation, or None."""
    row = db.execute(
        "SELECT epoch, seq, visibility, assistant FROM conversations WHERE id=?", (conversation_id,)
    ).fetchone()
    if row is None:
        return None
    epoch, seq, visibility, assistant = row
    return ConversationRecord(
        id=conversation_id, epoch=epoch, seq=seq, visibility=visibility, assistant=assistant
    )


def newest_seq(db: sqlite3.Connection, conversation_id: str) -> int:
    """Return the position of the newest event; raise NotInHistoryError for an unknown conversation."""
    row = db.execute("SELECT seq FROM conversations WHERE id=?", (conversation_id,)).fetchone()
    if row is None:
        raise NotInHistoryError("The conversation does not exist.")
    return int(row[0])


def advance(db: sqlite3.Connection, conversation_id: str, seq: int) -> None:
    """Make ``seq`` the newest position."""
    db.execute("UPDATE conversations SET seq=? WHERE id=?", (seq, conversation_id))


def set_role(db: sqlite3.Connection, conversation_id: str, user_id: str, role: MemberRole | None) -> None:
    """Set or, with None, take away a user's role."""
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


def insert_message(
    db: sqlite3.Connection,
    conversation_id: str,
    message: ChatMessage,
    *,
    seq: int,
    now: str,
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
    return log_event(db, conversation_id, seq, ChatEvent.RECEIVE_MESSAGE, body)


def log_event(db: sqlite3.Connection, conversation_id: str, seq: int, target: str, body: bytes) -> LogEvent:
    """Append an event whose one argument is the message ``body`` (JSON)."""
    db.execute("INSERT INTO events VALUES (?,?,?,?)", (conversation_id, seq, target, b"[" + body + b"]"))
    # Decoded again so that live readers get, byte for byte, what later readers get from the log.
    return LogEvent(seq=seq, target=target, arguments=[msgspec.json.decode(body)])


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
