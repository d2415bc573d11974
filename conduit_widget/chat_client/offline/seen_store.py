"""The newest messages of conversations that were seen, in one file, to be read while the hub is away.

Everything here blocks; :class:`~conduit_widget.chat_client.offline.seen.Seen` calls it off the loop. Bounded:
:data:`MAX_SEEN` messages of each conversation, :data:`MAX_CONVERSATIONS` conversations, :data:`MAX_BYTES` in
all; the conversation that was not seen for the longest time goes first.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from conduit_widget.chat_client.offline.database import OfflineDatabase, Schema
from conduit_widget.chat_client.offline.entries import Place
from conduit_widget.errors import UNREADABLE

MAX_SEEN: Final = 500
MAX_CONVERSATIONS: Final = 200
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_MESSAGE_BYTES: Final = 256 * 1024
"""A larger one, with pictures in it, is kept without them."""

SCHEMA: Final = Schema(
    "seen.sqlite3",
    1,
    """
    CREATE TABLE conversations (id INTEGER PRIMARY KEY, hub TEXT NOT NULL, user TEXT NOT NULL,
        conversation TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, as_of REAL NOT NULL,
        UNIQUE (hub, user, conversation));
    CREATE TABLE messages (conversation INTEGER NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (conversation, id));
    CREATE INDEX places ON messages (conversation, seq);
    """,
)


class SeenState(NamedTuple):
    """How far a conversation was seen: the log's ``epoch``, its position, the oldest message held."""

    epoch: str
    seq: int
    oldest: int


Version = tuple[str, int, dict[str, Any]]
"""A message's id, its position and its wire form."""


class SeenConversation(NamedTuple):
    """The newest messages of a conversation in wire form, oldest first, and as of when (epoch seconds)."""

    messages: list[dict[str, Any]]
    as_of: float


class SeenStore:
    """What was seen last. ``data_dir`` is None for the user's data directory."""

    def __init__(self, data_dir: Path | None = None) -> None:
        self.database = OfflineDatabase(SCHEMA, data_dir)

    def read(self, place: Place) -> SeenConversation | None:
        """Return what was seen of a conversation; None where nothing was."""

        def read(db: sqlite3.Connection) -> SeenConversation | None:
            found = _find(db, place)
            if found is None:
                return None
            rows = db.execute("SELECT body FROM messages WHERE conversation=? ORDER BY seq", (found[0],))
            try:
                messages = [msgspec.json.decode(row[0], type=dict[str, Any]) for row in rows]
            except UNREADABLE:
                return None  # not with a hole in it
            return SeenConversation(messages, found[3])

        return self.database.read(read)

    def note(self, place: Place, state: SeenState, changed: Sequence[Version]) -> None:
        """Keep new versions of messages.

        Where something between them and what is kept may have been missed, what is kept goes: a hole would
        not be seen.
        """

        def write(db: sqlite3.Connection) -> None:
            found = _find(db, place)
            if found is not None and (found[1] != state.epoch or state.oldest > found[2] + 1):
                _drop(db, found[0])
                found = None
            now = time.time()
            if found is None:
                row = (place.hub, place.user, place.conversation, state.epoch, state.seq, now)
                number = db.execute("INSERT INTO conversations VALUES (NULL,?,?,?,?,?,?)", row).lastrowid or 0
            else:
                number = found[0]
                db.execute("UPDATE conversations SET seq=?, as_of=? WHERE id=?", (state.seq, now, number))
            db.executemany(
                "INSERT OR REPLACE INTO messages VALUES (?,?,?,?)",
                [(number, id_, seq, _body(wire)) for id_, seq, wire in changed],
            )
            db.execute(
                "DELETE FROM messages WHERE conversation=? AND seq<="
                "(SELECT seq FROM messages WHERE conversation=? ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                (number, number, MAX_SEEN),
            )
            _make_room(db, number)

        self.database.write(write)

    def forget(self, place: Place) -> None:
        """Let go of a conversation: one may not read it any more."""

        def write(db: sqlite3.Connection) -> None:
            found = _find(db, place)
            if found is not None:
                _drop(db, found[0])

        self.database.write(write)


def _find(db: sqlite3.Connection, place: Place) -> tuple[int, str, int, float] | None:
    found: tuple[int, str, int, float] | None = db.execute(
        "SELECT id, epoch, seq, as_of FROM conversations WHERE hub=? AND user=? AND conversation=?",
        (place.hub, place.user, place.conversation),
    ).fetchone()
    return found


def _drop(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM messages WHERE conversation=?", (number,))
    db.execute("DELETE FROM conversations WHERE id=?", (number,))


def _body(wire: dict[str, Any]) -> bytes:
    body = msgspec.json.encode(wire)
    content = wire.get("content")
    if len(body) <= MAX_MESSAGE_BYTES or not isinstance(content, list):
        return body
    texts = [part for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return msgspec.json.encode({**wire, "content": texts})


def _make_room(db: sqlite3.Connection, present: int) -> None:
    """Drop the conversations that were not seen for the longest time, while there is too much."""
    others = db.execute("SELECT id FROM conversations WHERE id<>? ORDER BY as_of", (present,)).fetchall()
    (size,) = db.execute("SELECT coalesce(sum(length(body)), 0) FROM messages").fetchone()
    for at, (number,) in enumerate(others):
        if len(others) - at < MAX_CONVERSATIONS and size <= MAX_BYTES:
            return
        (freed,) = db.execute(
            "SELECT coalesce(sum(length(body)), 0) FROM messages WHERE conversation=?", (number,)
        ).fetchone()
        _drop(db, number)
        size -= freed
