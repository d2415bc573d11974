"""The durable queues: everything that waits for hubs, of all conversations of this OS user, in one file.

Everything here blocks; :class:`~conduit_widget.chat_client.offline.outbox.Outbox` calls it off the loop.
Whatever is written is on disk when the call returns.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from conduit_widget.chat_client.offline import outcomes
from conduit_widget.chat_client.offline.database import OfflineDatabase, Schema
from conduit_widget.chat_client.offline.entries import (
    MAX_BYTES,
    MAX_MESSAGES,
    Place,
    QueuedEntry,
    too_large,
    too_many,
)
from conduit_widget.errors import UNREADABLE
from conduit_widget.types import SendReceipt

KEPT_RECEIPTS: Final = 1_000
RECEIPT_AGE: Final = 24 * 3600.0

SCHEMA: Final = Schema(
    "outbox.sqlite3",
    2,
    """
    CREATE TABLE queues (id INTEGER PRIMARY KEY, hub TEXT NOT NULL, user TEXT NOT NULL,
        conversation TEXT NOT NULL, UNIQUE (hub, user, conversation));
    CREATE TABLE entries (queue INTEGER NOT NULL REFERENCES queues (id), id TEXT NOT NULL,
        position INTEGER NOT NULL, is_message INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (queue, id));
    CREATE TABLE receipts (queue INTEGER NOT NULL, id TEXT NOT NULL, at REAL NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (queue, id));
    CREATE TABLE files (queue INTEGER NOT NULL, entry TEXT NOT NULL, number INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (queue, entry, number));
    CREATE TRIGGER gone AFTER DELETE ON entries
        BEGIN DELETE FROM files WHERE queue = old.queue AND entry = old.id; END;
    CREATE TABLE salt (value BLOB NOT NULL);
    """,
)

_T = TypeVar("_T")

Change = Callable[[list[QueuedEntry]], list[QueuedEntry]]


class Numbered(msgspec.Struct, frozen=True):
    """An entry and its place in the queue's order."""

    position: int
    entry: QueuedEntry


class Attempt(NamedTuple):
    """An entry as the hub is asked for it, and whether for the first time."""

    entry: QueuedEntry
    is_first: bool


class QueueStore:
    """The queues in one file. ``data_dir`` is None for the user's data directory."""

    def __init__(self, data_dir: Path | None = None) -> None:
        self.database = OfflineDatabase(SCHEMA, data_dir)

    def read(self, place: Place) -> list[Numbered]:
        """Return what waits in one queue, in order."""
        return self.database.read(lambda db: self._load(db, _queue(db, place)))

    def change(
        self,
        place: Place,
        change: Change,
        files: Mapping[str, Sequence[bytes]] | None = None,
        *,
        has_room: bool = False,
    ) -> list[Numbered]:
        """Replace a queue by what ``change`` makes of it; return what it is then.

        ``files`` are the bytes of what goes with a new message, by its id. What became of something
        ``has_room`` always: else it would be asked for again and again.

        Raises:
            QueueFullError: it would have more than is kept.
            KeepingError: it cannot be kept.
            ConduitError: what ``change`` raises.

        """

        def write(db: sqlite3.Connection) -> list[Numbered]:
            queue = _made_queue(db, place)
            before = self._load(db, queue)
            after = _placed(before, change([each.entry for each in before]))
            if not has_room:
                _check_room(before, after)
            _store(db, queue, before, after)
            rows = [
                (queue, id_, number, body)
                for id_, bodies in (files or {}).items()
                for number, body in enumerate(bodies)
            ]
            db.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?)", rows)
            return after

        return self.database.write(write)

    def file(self, place: Place, entry_id: str, number: int) -> bytes:
        """Return the bytes of a file that goes with a message; none where it waits no more."""

        def read(db: sqlite3.Connection) -> bytes:
            found = db.execute(
                "SELECT body FROM files WHERE queue=? AND entry=? AND number=?",
                (_queue(db, place), entry_id, number),
            ).fetchone()
            return b"" if found is None else bytes(found[0])

        return self.database.read(read)

    def attempt(self, place: Place, entry_id: str) -> Attempt | None:
        """Note that the hub is being asked; None where it waits no more."""

        def write(db: sqlite3.Connection) -> Attempt | None:
            queue = _made_queue(db, place)
            found = db.execute(
                "SELECT body FROM entries WHERE queue=? AND id=?", (queue, entry_id)
            ).fetchone()
            entry = None if found is None else self._decoded(found[0], QueuedEntry)
            if entry is None or entry.state != "waiting":
                return None
            if entry.attempted:
                return Attempt(entry, is_first=False)
            (entry,) = outcomes.attempted([entry], entry_id)
            db.execute(
                "UPDATE entries SET body=? WHERE queue=? AND id=?",
                (msgspec.json.encode(entry), queue, entry_id),
            )
            return Attempt(entry, is_first=True)

        return self.database.write(write)

    def settle(
        self, place: Place, entry_id: str, revision: int, receipt: SendReceipt | None
    ) -> list[Numbered]:
        """Take out what the hub has done, unless it was changed meanwhile; return the rest.

        The receipt is kept for a day, for whoever waits for it in another process.
        """

        def write(db: sqlite3.Connection) -> list[Numbered]:
            queue = _made_queue(db, place)
            before = self._load(db, queue)
            left = outcomes.settled([each.entry for each in before], entry_id, revision, receipt)
            after = _placed(before, left)
            _store(db, queue, before, after)
            now = time.time()
            body = msgspec.json.encode(receipt)
            db.execute("INSERT OR REPLACE INTO receipts VALUES (?,?,?,?)", (queue, entry_id, now, body))
            db.execute("DELETE FROM receipts WHERE at<?", (now - RECEIPT_AGE,))
            db.execute(
                "DELETE FROM receipts WHERE rowid NOT IN"
                " (SELECT rowid FROM receipts ORDER BY at DESC LIMIT ?)",
                (KEPT_RECEIPTS,),
            )
            return after

        return self.database.write(write)

    def receipts(self, place: Place, ids: Sequence[str]) -> dict[str, SendReceipt | None]:
        """Return the receipts there are of these entries."""

        def read(db: sqlite3.Connection) -> dict[str, SendReceipt | None]:
            queue = _queue(db, place)
            found = {
                id_: db.execute("SELECT body FROM receipts WHERE queue=? AND id=?", (queue, id_)).fetchone()
                for id_ in ids
            }
            return {id_: self._decoded(row[0], SendReceipt) for id_, row in found.items() if row is not None}

        return self.database.read(read)

    def fingerprint(self, key: str) -> str:
        """Return what an opaque key is told apart by here, from which nobody learns the key."""

        def write(db: sqlite3.Connection) -> bytes:
            found = db.execute("SELECT value FROM salt").fetchone()
            if found is None:
                found = (secrets.token_bytes(16),)
                db.execute("INSERT INTO salt VALUES (?)", found)
            return bytes(found[0])

        salt = self.database.write(write)
        return "key-" + hashlib.scrypt(key.encode(), salt=salt, n=2**14, r=8, p=1, dklen=8).hex()

    def _load(self, db: sqlite3.Connection, queue: int) -> list[Numbered]:
        rows = db.execute("SELECT position, body FROM entries WHERE queue=? ORDER BY position", (queue,))
        return [
            Numbered(position, entry)
            for position, body in rows
            if (entry := self._decoded(body, QueuedEntry)) is not None
        ]

    def _decoded(self, body: object, kind: type[_T]) -> _T | None:
        """Return what was written down; None where it cannot be read, which must not hold up what can.

        It stays in the file: a later version of this package may have written it, and may read it again.
        """
        try:
            return msgspec.json.decode(body, type=kind | None) if isinstance(body, bytes) else None
        except UNREADABLE:
            self.database.say_once(
                f"Some of what waits for the hub cannot be read: it stays in {self.database.path}."
            )
            return None


def _queue(db: sqlite3.Connection, place: Place) -> int:
    found = db.execute(
        "SELECT id FROM queues WHERE hub=? AND user=? AND conversation=?",
        (place.hub, place.user, place.conversation),
    ).fetchone()
    return 0 if found is None else int(found[0])


def _made_queue(db: sqlite3.Connection, place: Place) -> int:
    queue = _queue(db, place)
    if queue:
        return queue
    row = (place.hub, place.user, place.conversation)
    made = db.execute("INSERT INTO queues (hub, user, conversation) VALUES (?,?,?)", row)
    return made.lastrowid or 0


def _placed(before: Sequence[Numbered], after: Sequence[QueuedEntry]) -> list[Numbered]:
    """Give positions to a queue: those there were, in order, and new ones behind them."""
    places = {each.entry.id: each.position for each in before}
    newest = max(places.values(), default=0)
    known = iter(sorted(places[each.id] for each in after if each.id in places))
    placed = []
    for entry in after:
        if entry.id in places:
            placed.append(Numbered(next(known), entry))
        else:
            newest += 1
            placed.append(Numbered(newest, entry))
    return placed


def _store(db: sqlite3.Connection, queue: int, before: Sequence[Numbered], after: Sequence[Numbered]) -> None:
    old = {each.entry.id: each for each in before}
    kept = {each.entry.id for each in after}
    db.executemany(
        "DELETE FROM entries WHERE queue=? AND id=?", [(queue, id_) for id_ in old if id_ not in kept]
    )
    rows = []
    for each in after:
        if old.get(each.entry.id) != each:
            body = msgspec.json.encode(each.entry)
            is_message = each.entry.kind == "message"
            rows.append((queue, each.entry.id, each.position, is_message, len(body), body))
    db.executemany("INSERT OR REPLACE INTO entries VALUES (?,?,?,?,?,?)", rows)


def _check_room(before: Sequence[Numbered], after: Sequence[Numbered]) -> None:
    """Refuse what would be too much; what makes the queue smaller, or adds nothing, never is."""
    count, was = (sum(each.entry.kind == "message" for each in entries) for entries in (after, before))
    if count > MAX_MESSAGES and count > was:
        raise too_many()
    size, size_before = (sum(_size(each.entry) for each in entries) for entries in (after, before))
    if size > MAX_BYTES and size > size_before:
        raise too_large(size)


def _size(entry: QueuedEntry) -> int:
    return len(msgspec.json.encode(entry)) + sum(file.size for file in entry.files)
