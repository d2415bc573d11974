"""The statements that read and write the rows of the conversation log in SQLite.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from conduit_widget.chat.history.batch import Batch, Change, EventRow, Place, apply_changes
from conduit_widget.chat.history.bodies import newest_of, page_of, read_event
from conduit_widget.chat.history.file_records import FileRecord
from conduit_widget.chat.history.parts import ids_of_parts, made_whole
from conduit_widget.chat.history.sqlite import files as sqlite_files, search as sqlite_search
from conduit_widget.chat.history.store import LAST_OWNER, ConversationRecord, StoredStream
from conduit_widget.errors import UNREADABLE, NotInHistoryError, ValidationError
from conduit_widget.types import HistoryPage, LogEvent, MemberRole

_FIND: Final = """
SELECT id, epoch, seq, visibility, assistant, title, system_prompt, pinned FROM conversations WHERE id=?
"""
_OF_USER: Final = """
SELECT id, epoch, seq, visibility, assistant, title, system_prompt, pinned, role
FROM (
    SELECT conversation_id, role FROM members WHERE user_id=?1
    UNION ALL
    SELECT visited.conversation_id, 'member' FROM read_marks AS visited
    JOIN conversations AS c ON c.id=visited.conversation_id
    WHERE visited.user_id=?1 AND c.visibility='open' AND NOT EXISTS (SELECT 1 FROM members AS m
        WHERE m.conversation_id=visited.conversation_id AND m.user_id=?1)
) AS own JOIN conversations ON id=own.conversation_id ORDER BY active_at DESC, id LIMIT ?2
"""
_STREAMS: Final = """
SELECT conversation_id, message_id, seq, text, token_index, model, provider, node_id FROM streams
WHERE (?1 IS NULL OR conversation_id=?1) AND (?2 IS NULL OR node_id<>?2) ORDER BY conversation_id, seq
"""
_FIRST_YOUNG: Final = "SELECT min(seq) FROM events WHERE conversation_id=? AND seq>? AND seq<=? AND time>=?"
# The walk ends with one row more than fits.
_ANCESTORS: Final = """
WITH RECURSIVE chain (seq, parent_seq, body, depth, size) AS (
    SELECT seq, parent_seq, NULL, 0, 0 FROM messages WHERE conversation_id=:conversation AND id=:message
    UNION ALL
    SELECT m.seq, m.parent_seq, m.body, depth + 1, size + length(m.body)
    FROM chain JOIN messages m ON m.conversation_id=:conversation AND m.seq=coalesce(chain.parent_seq,
        (SELECT max(b.seq) FROM messages b WHERE b.conversation_id=:conversation AND b.seq<chain.seq))
    WHERE depth <= :limit AND (depth < 2 OR size <= :bytes)
)
SELECT body FROM chain WHERE depth > 0 ORDER BY depth
"""
_CHILDREN: Final = """
WITH parent (at) AS (SELECT CASE WHEN :parent IS NULL THEN 0
    ELSE (SELECT seq FROM messages WHERE conversation_id=:conversation AND id=:parent) END)
SELECT id FROM (
    SELECT id, seq FROM parent JOIN messages ON conversation_id=:conversation AND parent_seq=at
    UNION ALL
    SELECT id, seq FROM parent JOIN messages ON conversation_id=:conversation AND parent_seq IS NULL
    AND seq=(SELECT min(n.seq) FROM messages n WHERE n.conversation_id=:conversation AND n.seq>at)
) ORDER BY seq
"""
PRUNE_SLICE: Final = 4096

# Statements of many rows of values, in place of {}.
# One row is found, whatever there is: every row is a step, and every step waits for the interpreter.
_SEQS: Final = "SELECT json_group_object(id, seq) FROM conversations WHERE id IN (VALUES {})"
# A join: row values IN a list would scan the table.
_PLACES: Final = """
WITH wanted(conversation, message) AS (VALUES {})
SELECT conversation_id, id, seq, author_id, timestamp, answer_id
FROM wanted CROSS JOIN messages ON conversation_id=conversation AND id=message
"""
_BODIES: Final = """
WITH wanted(conversation, message) AS (VALUES {})
SELECT conversation_id, id, body
FROM wanted CROSS JOIN messages ON conversation_id=conversation AND id=message
"""
# The events that name a message; how many there are to look at is what recovery keeps.
_LOGGED: Final = """
SELECT conversation_id, seq, target, arguments FROM events
WHERE conversation_id=? AND seq>=? AND instr(arguments, ?)>0
"""
_IMPORTS: Final = "SELECT conversation_id FROM imports WHERE conversation_id IN (VALUES {})"
_PINS: Final = "SELECT conversation_id, message_id FROM pins WHERE conversation_id IN (VALUES {})"
_OPEN_STREAMS: Final = "SELECT conversation_id, message_id FROM streams WHERE conversation_id IN (VALUES {})"
# OR ROLLBACK: what fails undoes the transaction anyhow. Else SQLite keeps every page a statement of
# many rows changes in a file beside, to undo that statement alone: more than all the rest it writes.
_NEW_MESSAGES: Final = """
INSERT OR ROLLBACK INTO messages
(conversation_id, id, seq, parent_seq, author_id, timestamp, answer_id, body)
SELECT * FROM (VALUES {}) LIMIT ?
"""
_NEW_EVENTS: Final = """
INSERT OR ROLLBACK INTO events (conversation_id, seq, target, arguments, time)
SELECT * FROM (VALUES {}) LIMIT ?
"""
# Never inserts: each of them was found. An upsert is the one statement that updates many rows each its
# own way in every SQLite we meet.
_MOVED: Final = """
INSERT INTO conversations (id, seq, active_at, epoch, visibility, assistant, created_at)
SELECT *, '', '', '', '' FROM (VALUES {}) WHERE true LIMIT ?
ON CONFLICT (id) DO UPDATE SET seq=excluded.seq, active_at=excluded.active_at
"""
_NEW_STREAMS: Final = """
INSERT OR ROLLBACK INTO streams (conversation_id, message_id, seq, node_id)
SELECT * FROM (VALUES {}) LIMIT ?
"""
_NEW_BODY: Final = "UPDATE messages SET body=? WHERE conversation_id=? AND id=?"
_REPLACED_EVENT: Final = "UPDATE events SET arguments=? WHERE conversation_id=? AND seq=?"
_ANSWERED: Final = "UPDATE messages SET answer_id=? WHERE conversation_id=? AND id=?"
_CLOSED_STREAM: Final = "DELETE FROM streams WHERE conversation_id=? AND message_id=?"
_CHECKPOINT: Final = """
UPDATE streams SET text=?, token_index=?, model=?, provider=? WHERE conversation_id=? AND message_id=?
"""
_READ_MARK: Final = """
INSERT INTO read_marks VALUES (?,?,?)
ON CONFLICT (conversation_id, user_id) DO UPDATE SET seq=excluded.seq WHERE excluded.seq>seq
"""
_PINNED: Final = "INSERT OR REPLACE INTO pins VALUES (?,?)"
_UNPINNED: Final = "DELETE FROM pins WHERE conversation_id=? AND message_id=?"
_PROBE_BYTES: Final = 64 * 1024
_MOST_ROWS: Final = 64
"""Rows a statement takes: of eight columns each, within the 999 parameters that every SQLite takes."""


def probe(db: sqlite3.Connection) -> None:
    """Write an event of no conversation, as large as one may be: shows whether there is room."""
    db.execute("INSERT OR REPLACE INTO events VALUES ('', 0, '', zeroblob(?), 0)", (_PROBE_BYTES,))


def end_probe(db: sqlite3.Connection) -> None:
    """Delete what ``probe`` wrote."""
    db.execute("DELETE FROM events WHERE conversation_id=''")


def find(db: sqlite3.Connection, conversation_id: str) -> ConversationRecord | None:
    """Return the conversation, or None."""
    row = db.execute(_FIND, (conversation_id,)).fetchone()
    return ConversationRecord.of_row(row) if row is not None else None


def conversations_of(
    db: sqlite3.Connection, user_id: str, limit: int
) -> list[tuple[ConversationRecord, MemberRole]]:
    """Return the conversations of the user, and their role; newest activity first."""
    return [(ConversationRecord.of_row(row), role) for *row, role in db.execute(_OF_USER, (user_id, limit))]


def pinned(db: sqlite3.Connection, conversation_id: str) -> list[bytes]:
    """Return the bodies of the pinned messages, the oldest first."""
    found = db.execute(
        "SELECT body FROM pins AS p JOIN messages AS m ON m.conversation_id=p.conversation_id"
        " AND m.id=p.message_id WHERE p.conversation_id=? ORDER BY m.seq",
        (conversation_id,),
    )
    return [body for (body,) in found]


def create(
    db: sqlite3.Connection, record: ConversationRecord, owner_id: str | None, now: str, time: float
) -> None:
    """Insert a conversation and its owner, if it has one yet."""
    db.execute(
        "INSERT INTO conversations (id, epoch, visibility, assistant, title, created_at, active_at)"
        " VALUES (?,?,?,?,?,?,?)",
        (record.id, record.epoch, record.visibility, record.assistant, record.title, now, time),
    )
    if owner_id is not None:
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


def set_role(db: sqlite3.Connection, conversation_id: str, user_id: str, role: MemberRole | None) -> None:
    """Set or, with None, take away a user's role; refuse to leave a conversation without an owner."""
    newest_seq(db, conversation_id)
    if role != "owner":
        owners = db.execute(
            "SELECT user_id FROM members WHERE conversation_id=? AND role='owner'", (conversation_id,)
        ).fetchall()
        if owners == [(user_id,)]:
            raise ValidationError("user", LAST_OWNER)
    if role is None:
        db.execute("DELETE FROM members WHERE conversation_id=? AND user_id=?", (conversation_id, user_id))
    else:
        db.execute("INSERT OR REPLACE INTO members VALUES (?,?,?)", (conversation_id, user_id, role))


def write_changes(
    db: sqlite3.Connection, changes: Sequence[Change[Any]], moment: datetime, node_id: str
) -> list[Any]:
    """Do a batch of changes; return their results, an exception standing for one that refused.

    Every statement hands the interpreter over to the event loop and waits to get it back, so their number
    counts, not their rows: none is run once a message.
    """
    batch = _load(db, changes, Batch(moment, node_id))
    outcomes = apply_changes(batch, changes)
    _save(db, batch)
    return outcomes


def _load(db: sqlite3.Connection, changes: Sequence[Change[Any]], batch: Batch) -> Batch:
    keys = {key for change in changes for key in change.places}
    conversations = [(conversation_id,) for conversation_id in {key[0] for key in keys}]
    for (seqs,) in _select(db, _SEQS, conversations):
        batch.seqs.update(msgspec.json.decode(seqs))
    batch.places.update(((row[0], row[1]), Place(*row[2:])) for row in _select(db, _PLACES, list(keys)))
    bodies = list({key for change in changes for key in change.bodies})
    batch.current.update(((row[0], row[1]), row[2]) for row in _select(db, _BODIES, bodies))
    for key in {key for change in changes for key in change.logged} & batch.places.keys():
        asked = (key[0], batch.places[key].seq, msgspec.json.encode(key[1]))
        batch.logged[key] = [EventRow(*row) for row in db.execute(_LOGGED, asked)]
    files = [(file_id,) for file_id in {file_id for change in changes for file_id in change.files}]
    batch.files.update((row[0], FileRecord.of_row(row)) for row in _select(db, sqlite_files.WANTED, files))
    busy = [(conversation_id,) for conversation_id in {c.key[0] for c in changes if c.needs_streams}]
    batch.streams.update(_select(db, _OPEN_STREAMS, busy))
    imported = [(conversation_id,) for conversation_id in {c.key[0] for c in changes if c.needs_imports}]
    batch.imports.update(conversation_id for (conversation_id,) in _select(db, _IMPORTS, imported))
    pinning = [(conversation_id,) for conversation_id in {c.key[0] for c in changes if c.needs_pins}]
    for conversation_id, message_id in _select(db, _PINS, pinning):
        batch.pins.setdefault(conversation_id, set()).add(message_id)
    return batch


def _save(db: sqlite3.Connection, batch: Batch) -> None:
    time = batch.moment.timestamp()
    _insert(db, _NEW_MESSAGES, list(batch.messages.values()))
    _insert(db, sqlite_search.NEW_PLACES, sqlite_search.new_places(batch))
    _insert(db, _NEW_EVENTS, [(*event, time) for event in batch.events])
    _insert(db, _MOVED, [(id_, batch.seqs[id_], time) for id_ in batch.moved])
    _insert(db, _NEW_STREAMS, [(*key, seq, batch.node_id) for key, seq in batch.opened.items()])
    if batch.bodies:
        sqlite_search.rewrite(db, batch)
    bodies = [(body, *key) for key, body in batch.bodies.items()]
    replaced = [(arguments, *place) for place, arguments in batch.replaced.items()]
    answered = [(answer_id, *key) for key, answer_id in batch.answered.items()]
    checkpoints = [(s.text, s.index, s.model, s.provider, *key) for key, s in batch.checkpoints.items()]
    for statement, rows in (
        (_NEW_BODY, bodies),
        (_REPLACED_EVENT, replaced),
        (_ANSWERED, answered),
        (_CLOSED_STREAM, list(batch.closed)),
        (_CHECKPOINT, checkpoints),
        (sqlite_files.USE, sqlite_files.use_rows(batch.file_uses, time)),
        (_READ_MARK, [(*key, seq) for key, seq in batch.read_marks.items()]),
        (_PINNED, [key for key, is_on in batch.repinned.items() if is_on]),
        (_UNPINNED, [key for key, is_on in batch.repinned.items() if not is_on]),
    ):
        if rows:  # one without any costs as much
            db.executemany(statement, rows)


def _select(
    db: sqlite3.Connection, statement: str, keys: Sequence[tuple[str, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Run a query whose ``{}`` takes rows of values, for all keys."""
    for start in range(0, len(keys), _MOST_ROWS):
        some = _filled_up(keys[start : start + _MOST_ROWS])
        yield from db.execute(
            _with_rows(statement, len(some), len(some[0])), [v for row in some for v in row]
        )


def _insert(db: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run an insertion whose ``{}`` takes rows of values, and its last value how many count, for all rows."""
    for start in range(0, len(rows), _MOST_ROWS):
        some = rows[start : start + _MOST_ROWS]
        filled = _filled_up(some)
        values = [v for row in filled for v in row]
        db.execute(_with_rows(statement, len(filled), len(filled[0])), [*values, len(some)])


def _filled_up(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Repeat the last row up to a power of two: few statements are ever prepared."""
    return [*rows, *[rows[-1]] * ((1 << (len(rows) - 1).bit_length()) - len(rows))]


@functools.cache
def _with_rows(statement: str, rows: int, columns: int) -> str:
    """Return the statement with as many placeholders; its texts are all in this module."""
    row = f"({','.join('?' * columns)})"
    return statement.format(",".join([row] * rows))


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
        try:
            events.append(LogEvent(seq=at, target=target, arguments=read_event(arguments)))
        except UNREADABLE:
            return None
    if len(events) != newest - seq:
        return None
    keys = [(conversation_id, message_id) for message_id in ids_of_parts(events)]
    return made_whole(
        events, newest_of((row[1], row[2]) for row in _select(db, _BODIES, keys)), max_bytes - size
    )


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
    return page_of(rows, limit, max_bytes)


def ancestors(
    db: sqlite3.Connection, conversation_id: str, message_id: str, *, limit: int, max_bytes: int
) -> HistoryPage:
    """Return the messages that lead to a message, oldest first, bounded in number and bytes."""
    asked = {"conversation": conversation_id, "message": message_id, "limit": limit, "bytes": max_bytes}
    return page_of(db.execute(_ANCESTORS, asked), limit, max_bytes)


def locate(db: sqlite3.Connection, conversation_ids: list[str], message_id: str) -> list[tuple[str, bytes]]:
    """Return a message of that id in each of the conversations that has one, with the conversation's id."""
    keys = [(conversation_id, message_id) for conversation_id in conversation_ids]
    return [(row[0], row[2]) for row in dict.fromkeys(_select(db, _BODIES, keys))]


def children(db: sqlite3.Connection, conversation_id: str, parent_id: str | None) -> list[str]:
    """Return the ids of the messages that continue a message, oldest first."""
    found = db.execute(_CHILDREN, {"conversation": conversation_id, "parent": parent_id})
    return [message_id for (message_id,) in found]
