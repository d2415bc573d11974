"""The statements that read and write the rows of the conversation log in PostgreSQL.

Bodies and texts are ``bytea``: PostgreSQL's text cannot hold every character that a message may. Times are
the database's own, so that the nodes' clocks do not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import AsyncConnection, AsyncCursor

from conduit_widget.chat.history.batch import Batch, Change, EventRow, Place
from conduit_widget.chat.history.bodies import newest_of, read_event
from conduit_widget.chat.history.file_records import FileRecord
from conduit_widget.chat.history.parts import ids_of_parts, made_whole
from conduit_widget.chat.history.postgres.words import vector_of
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.errors import UNREADABLE
from conduit_widget.types import LogEvent

Connection = AsyncConnection[tuple[Any, ...]]

NODE_SILENCE: Final = 10.0
"""Seconds after which a node that says nothing is taken for dead."""
ALONE: Final = "alone-"
"""How the names of nodes begin that share the database with nobody."""
PRUNE_SLICE: Final = 4096
BEYOND: Final = 2**62
"""A position after every other."""

RECORD: Final = """
SELECT id, epoch, seq, visibility, assistant, title, system_prompt, pinned
FROM conduit_conversations WHERE id=%b
"""
OF_USER: Final = """
SELECT id, epoch, seq, visibility, assistant, title, system_prompt, pinned, role
FROM (
    SELECT conversation_id, role FROM conduit_members WHERE user_id=%(user)s
    UNION ALL
    SELECT visited.conversation_id, 'member' FROM conduit_read_marks AS visited
    JOIN conduit_conversations AS c ON c.id=visited.conversation_id
    WHERE visited.user_id=%(user)s AND c.visibility='open' AND NOT EXISTS (SELECT 1 FROM conduit_members AS m
        WHERE m.conversation_id=visited.conversation_id AND m.user_id=%(user)s)
) AS own JOIN conduit_conversations ON id=own.conversation_id
ORDER BY active_at DESC, id LIMIT %(limit)s
"""
STREAMS: Final = """
SELECT conversation_id, message_id, seq, text, token_index, model, provider, node_id FROM conduit_streams
WHERE %(one)s::text IS NULL OR conversation_id=%(one)s ORDER BY conversation_id, seq
"""
# A node is judged by a node that has itself been heard all the time: after an outage of the database, or of
# the way to it, everybody has the same time to say that they live.
ABANDONED: Final = """
SELECT s.conversation_id, s.message_id, s.seq, s.text, s.token_index, s.model, s.provider, s.node_id
FROM conduit_streams s LEFT JOIN conduit_nodes n ON n.node_id=s.node_id
WHERE s.node_id<>%(me)s AND (n.node_id IS NULL OR greatest(
    n.seen, coalesce((SELECT since FROM conduit_nodes WHERE node_id=%(me)s), 'infinity')
) < clock_timestamp() - make_interval(secs => %(silence)s))
ORDER BY s.conversation_id, s.seq
"""
HEARTBEAT: Final = """
INSERT INTO conduit_nodes AS n (node_id, since, seen) VALUES (%(me)s, clock_timestamp(), clock_timestamp())
ON CONFLICT (node_id) DO UPDATE SET seen=clock_timestamp(), since=
    CASE WHEN n.seen < clock_timestamp() - make_interval(secs => %(silence)s) THEN clock_timestamp()
    ELSE n.since END
"""
_FORBIDDEN: Final = """
SELECT count(*) FROM conduit_nodes
WHERE node_id<>%(me)s AND seen > clock_timestamp() - make_interval(secs => %(silence)s)
    AND (%(alone)s OR starts_with(node_id, %(prefix)s))
"""
# One row more than fits, so that the reader sees that there is more.
PAGE: Final = """
SELECT body FROM (
    SELECT body, seq, sum(octet_length(body)) OVER (ORDER BY seq DESC) - octet_length(body) AS before
    FROM (SELECT body, seq FROM conduit_messages WHERE conversation_id=%(id)s AND seq<%(before)s
          ORDER BY seq DESC LIMIT %(limit)s) newest
) weighed WHERE before <= %(bytes)s ORDER BY seq DESC
"""
# The walk ends with one row more than fits.
ANCESTORS: Final = """
WITH RECURSIVE chain (seq, parent_seq, body, depth, size) AS (
    SELECT seq, parent_seq, ''::bytea, 0, 0::bigint FROM conduit_messages
    WHERE conversation_id=%(id)s AND id=%(message)s
    UNION ALL
    SELECT m.seq, m.parent_seq, m.body, depth + 1, size + octet_length(m.body)
    FROM chain JOIN conduit_messages m ON m.conversation_id=%(id)s AND m.seq=coalesce(chain.parent_seq,
        (SELECT max(b.seq) FROM conduit_messages b WHERE b.conversation_id=%(id)s AND b.seq<chain.seq))
    WHERE depth <= %(limit)s AND (depth < 2 OR size <= %(bytes)s)
)
SELECT body FROM chain WHERE depth > 0 ORDER BY depth
"""
LOCATE: Final = """
SELECT conversation_id, body FROM conduit_messages WHERE conversation_id = ANY(%b::text[]) AND id=%b
"""
CHILDREN: Final = """
WITH parent (at) AS (SELECT CASE WHEN %(parent)s::text IS NULL THEN 0
    ELSE (SELECT seq FROM conduit_messages WHERE conversation_id=%(id)s AND id=%(parent)s) END)
SELECT id FROM (
    SELECT id, seq FROM parent JOIN conduit_messages ON conversation_id=%(id)s AND parent_seq=at
    UNION ALL
    SELECT id, seq FROM parent JOIN conduit_messages ON conversation_id=%(id)s AND parent_seq IS NULL
    AND seq=(SELECT min(n.seq) FROM conduit_messages n WHERE n.conversation_id=%(id)s AND n.seq>at)
) kin ORDER BY seq
"""
_MISSED: Final = """
SELECT c.seq, (SELECT e.time > clock_timestamp() - make_interval(secs => %(recent)s)
    FROM conduit_events e WHERE e.conversation_id=c.id AND e.seq=%(seq)s+1)
FROM conduit_conversations c WHERE c.id=%(id)s AND c.epoch=%(epoch)s
"""
_EVENTS: Final = """
SELECT seq, target, arguments FROM (
    SELECT seq, target, arguments,
        sum(octet_length(arguments)) OVER (ORDER BY seq) - octet_length(arguments) AS before
    FROM conduit_events WHERE conversation_id=%(id)s AND seq>%(seq)s AND seq<=%(newest)s
) weighed WHERE before <= %(bytes)s ORDER BY seq
"""

_LOCK: Final = (
    "SELECT id, seq FROM conduit_conversations WHERE id = ANY(%b::text[]) ORDER BY id FOR NO KEY UPDATE"
)
_PLACES: Final = """
SELECT m.conversation_id, m.id, m.seq, m.author_id, m.timestamp, m.answer_id
FROM unnest(%b::text[], %b::text[]) AS k (conversation_id, id)
JOIN conduit_messages m ON m.conversation_id=k.conversation_id AND m.id=k.id
"""
_BODIES: Final = """
SELECT m.conversation_id, m.id, m.body
FROM unnest(%b::text[], %b::text[]) AS k (conversation_id, id)
JOIN conduit_messages m ON m.conversation_id=k.conversation_id AND m.id=k.id
"""
# The events that name a message; how many there are to look at is what recovery keeps.
_LOGGED: Final = """
SELECT k.id, e.conversation_id, e.seq, e.target, e.arguments
FROM unnest(%b::text[], %b::text[], %b::bytea[]) AS k (conversation_id, id, quoted)
JOIN conduit_messages m ON m.conversation_id=k.conversation_id AND m.id=k.id
JOIN conduit_events e ON e.conversation_id=m.conversation_id AND e.seq>=m.seq
    AND position(k.quoted IN e.arguments) > 0
"""
PINNED: Final = """
SELECT body FROM conduit_pins p JOIN conduit_messages m
ON m.conversation_id=p.conversation_id AND m.id=p.message_id WHERE p.conversation_id=%b ORDER BY m.seq
"""
_IMPORTS: Final = "SELECT conversation_id FROM conduit_imports WHERE conversation_id = ANY(%b::text[])"
_PINS: Final = "SELECT conversation_id, message_id FROM conduit_pins WHERE conversation_id = ANY(%b::text[])"
_BUSY: Final = (
    "SELECT conversation_id, message_id FROM conduit_streams WHERE conversation_id = ANY(%b::text[])"
)
# Locked until the commit: nobody forgets a file that a message is about to use.
_FILES: Final = """
SELECT id, conversation_id, user_id, name, media_type, size, sha256, is_stored, uses, was_used
FROM conduit_files WHERE id = ANY(%b::text[]) ORDER BY id FOR NO KEY UPDATE
"""
_USE: Final = """
UPDATE conduit_files v SET uses=greatest(uses + r.n, 0), was_used=true, touched_at=clock_timestamp()
FROM unnest(%b::text[], %b::text[], %b::int8[]) AS r (c, f, n) WHERE v.conversation_id=r.c AND v.id=r.f
"""
_INSERT_MESSAGES: Final = """
INSERT INTO conduit_messages
(conversation_id, id, seq, parent_seq, author_id, timestamp, answer_id, body, words)
SELECT c, m, s, p, a, t, nullif(n, ''), b, w::tsvector FROM unnest(
    %b::text[], %b::text[], %b::int8[], %b::int8[], %b::text[], %b::text[], %b::text[], %b::bytea[],
    %b::text[]
) AS r (c, m, s, p, a, t, n, b, w)
"""
_INSERT_EVENTS: Final = """
INSERT INTO conduit_events (conversation_id, seq, target, arguments, time)
SELECT c, s, t, a, %b FROM unnest(%b::text[], %b::int8[], %b::text[], %b::bytea[]) AS r (c, s, t, a)
"""
_ADVANCE: Final = """
UPDATE conduit_conversations v SET seq=r.s, active_at=%b FROM unnest(%b::text[], %b::int8[]) AS r (c, s)
WHERE v.id=r.c
"""
_REWRITE: Final = """
UPDATE conduit_messages v SET body=r.b, words=r.w::tsvector
FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::text[]) AS r (c, m, b, w)
WHERE v.conversation_id=r.c AND v.id=r.m
"""
_REPLACE: Final = """
UPDATE conduit_events v SET arguments=r.a FROM unnest(%b::text[], %b::int8[], %b::bytea[]) AS r (c, s, a)
WHERE v.conversation_id=r.c AND v.seq=r.s
"""
_ANSWERED: Final = """
UPDATE conduit_messages v SET answer_id=r.n FROM unnest(%b::text[], %b::text[], %b::text[]) AS r (c, m, n)
WHERE v.conversation_id=r.c AND v.id=r.m
"""
_OPEN: Final = """
INSERT INTO conduit_streams (conversation_id, message_id, seq, node_id)
SELECT c, m, s, %b FROM unnest(%b::text[], %b::text[], %b::int8[]) AS r (c, m, s)
"""
_CLOSE: Final = """
DELETE FROM conduit_streams v USING unnest(%b::text[], %b::text[]) AS r (c, m)
WHERE v.conversation_id=r.c AND v.message_id=r.m
"""
_CHECKPOINT: Final = """
UPDATE conduit_streams v SET text=r.t, token_index=r.i, model=r.n, provider=r.p
FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::int8[], %b::text[], %b::text[]) AS r (c, m, t, i, n, p)
WHERE v.conversation_id=r.c AND v.message_id=r.m
"""
_NEWEST: Final = "SELECT id, body FROM conduit_messages WHERE conversation_id=%b AND id = ANY(%b::text[])"
_READ_MARKS: Final = """
INSERT INTO conduit_read_marks AS v
SELECT c, u, s FROM unnest(%b::text[], %b::text[], %b::int8[]) AS r (c, u, s)
ON CONFLICT (conversation_id, user_id) DO UPDATE SET seq=excluded.seq WHERE excluded.seq>v.seq
"""
_PIN: Final = """
INSERT INTO conduit_pins SELECT c, m FROM unnest(%b::text[], %b::text[]) AS r (c, m) ON CONFLICT DO NOTHING
"""
_UNPIN: Final = """
DELETE FROM conduit_pins v USING unnest(%b::text[], %b::text[]) AS r (c, m)
WHERE v.conversation_id=r.c AND v.message_id=r.m
"""
_PRUNABLE: Final = """
SELECT id, seq, pruned FROM conduit_conversations WHERE id>%b AND seq-pruned>%b
ORDER BY id LIMIT 1 FOR NO KEY UPDATE
"""
_FIRST_YOUNG: Final = """
SELECT min(seq) FROM conduit_events WHERE conversation_id=%b AND seq>%b AND seq<=%b
AND time >= clock_timestamp() - make_interval(secs => %b)
"""


async def forbidden_nodes(connection: Connection, node_id: str, *, alone: bool) -> int:
    """Return how many nodes live that this one cannot share the database with: any, where it is ``alone``."""
    asked = {"me": node_id, "silence": NODE_SILENCE, "alone": alone, "prefix": ALONE}
    return int((await _one(await connection.execute(_FORBIDDEN, asked)))[0])


async def _one(cursor: AsyncCursor[tuple[Any, ...]]) -> tuple[Any, ...]:
    row = await cursor.fetchone()
    assert row is not None
    return row


async def read_batch(connection: Connection, changes: Sequence[Change[Any]], node_id: str) -> Batch:
    """Begin a transaction, lock the conversations of the changes and read what these need: one round trip.

    Conversations are locked in the order of their ids, on every node, before anything else: no two batches
    wait for each other.
    """
    ids = sorted({change.key[0] for change in changes})
    keys = list({key for change in changes for key in change.places})
    bodies = list({key for change in changes for key in change.bodies})
    logged = [(*key, msgspec.json.encode(key[1])) for key in {k for c in changes for k in c.logged}]
    busy = list({change.key[0] for change in changes if change.needs_streams})
    importing = list({change.key[0] for change in changes if change.needs_imports})
    pinning = list({change.key[0] for change in changes if change.needs_pins})
    files = list({file_id for change in changes for file_id in change.files})
    async with connection.pipeline():
        await connection.execute("BEGIN")
        seqs = await connection.execute(_LOCK, (ids,), binary=True)
        # Each of these statements sees what was committed before the locks were had.
        places = await connection.execute(_PLACES, _columns(keys, 2), binary=True) if keys else None
        current = await connection.execute(_BODIES, _columns(bodies, 2), binary=True) if bodies else None
        events = await connection.execute(_LOGGED, _columns(logged, 3), binary=True) if logged else None
        streams = await connection.execute(_BUSY, (busy,), binary=True) if busy else None
        imports = await connection.execute(_IMPORTS, (importing,), binary=True) if importing else None
        pins = await connection.execute(_PINS, (pinning,), binary=True) if pinning else None
        attached = await connection.execute(_FILES, (files,), binary=True) if files else None
        clock = await connection.execute("SELECT clock_timestamp()", binary=True)
    moment: datetime = (await _one(clock))[0]
    batch = Batch(moment.astimezone(UTC), node_id)
    batch.seqs.update({row[0]: row[1] for row in await seqs.fetchall()})
    if places is not None:
        batch.places.update({(row[0], row[1]): Place(*row[2:]) for row in await places.fetchall()})
    if current is not None:
        batch.current.update({(row[0], row[1]): bytes(row[2]) for row in await current.fetchall()})
    if events is not None:
        for message_id, *event in await events.fetchall():
            row = EventRow(*event)._replace(arguments=bytes(event[-1]))
            batch.logged.setdefault((row.conversation_id, message_id), []).append(row)
    if streams is not None:
        batch.streams.update((row[0], row[1]) for row in await streams.fetchall())
    if imports is not None:
        batch.imports.update(row[0] for row in await imports.fetchall())
    if pins is not None:
        for conversation_id, message_id in await pins.fetchall():
            batch.pins.setdefault(conversation_id, set()).add(message_id)
    if attached is not None:
        batch.files.update({row[0]: FileRecord.of_row(row) for row in await attached.fetchall()})
    return batch


async def write_batch(connection: Connection, batch: Batch, number: int) -> None:
    """Write what a batch changed and commit it as the node's commit ``number``: one round trip."""
    time, execute = batch.moment, connection.execute
    async with connection.pipeline():
        if batch.messages:
            new = [
                (*row[:6], row.answer_id or "", row.body, vector_of(row.conversation_id, row.body))
                for row in batch.messages.values()
            ]
            await execute(_INSERT_MESSAGES, _columns(new, 9))
        if batch.events:
            await execute(_INSERT_EVENTS, [time, *_columns(batch.events, 4)])
            await execute(_ADVANCE, [time, *_columns([(id_, batch.seqs[id_]) for id_ in batch.moved], 2)])
        if batch.bodies:
            versions = [(*key, body, vector_of(key[0], body)) for key, body in batch.bodies.items()]
            await execute(_REWRITE, _columns(versions, 4))
        if batch.replaced:
            replaced = [(*place, arguments) for place, arguments in batch.replaced.items()]
            await execute(_REPLACE, _columns(replaced, 3))
        if batch.answered:
            await execute(_ANSWERED, _columns([(*key, id_) for key, id_ in batch.answered.items()], 3))
        if batch.opened:
            opened = [(*key, seq) for key, seq in batch.opened.items()]
            await execute(_OPEN, [batch.node_id, *_columns(opened, 3)])
        if batch.closed:
            await execute(_CLOSE, _columns(list(batch.closed), 2))
        if batch.checkpoints:
            texts = [
                (*key, s.text.encode(), s.index, s.model, s.provider) for key, s in batch.checkpoints.items()
            ]
            await execute(_CHECKPOINT, _columns(texts, 6))
        if batch.file_uses:
            await execute(_USE, _columns([(*key, count) for key, count in batch.file_uses.items()], 3))
        if batch.read_marks:
            await execute(_READ_MARKS, _columns([(*key, seq) for key, seq in batch.read_marks.items()], 3))
        for statement, is_on in ((_PIN, True), (_UNPIN, False)):
            if keys := [key for key, wanted in batch.repinned.items() if wanted is is_on]:
                await execute(statement, _columns(keys, 2))
        await execute("UPDATE conduit_nodes SET commits=%b WHERE node_id=%b", (number, batch.node_id))
        await execute("COMMIT")


def _columns(rows: Sequence[tuple[Any, ...]], number: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(number)]


def stream_of(row: tuple[Any, ...]) -> StoredStream:
    """Return the open stream of a row of ``STREAMS``."""
    conversation_id, message_id, seq, text, index, model, provider, node_id = row
    return StoredStream(
        conversation_id=conversation_id,
        message_id=message_id,
        seq=seq,
        text=bytes(text).decode(),
        index=index,
        model=model,
        provider=provider,
        node_id=node_id,
    )


def page_request(
    conversation_id: str, *, before_seq: int, limit: int, max_bytes: int
) -> dict[str, str | int]:
    """Return the parameters of ``PAGE``: a row more than wanted shows whether there is more."""
    return {"id": conversation_id, "before": min(before_seq, BEYOND), "limit": limit + 1, "bytes": max_bytes}


class Missed(NamedTuple):
    """What a reader asks for: everything after ``seq``, within bounds."""

    conversation_id: str
    epoch: str
    seq: int
    limit: int
    max_bytes: int
    recent: float


async def events_after(connection: Connection, missed: Missed) -> list[LogEvent] | None:
    """Return all events after a position, None where some are missing or they are too many."""
    asked = {"id": missed.conversation_id, "seq": missed.seq, "bytes": missed.max_bytes}
    cursor = await connection.execute(
        _MISSED, {**asked, "epoch": missed.epoch, "recent": missed.recent}, binary=True
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    newest, is_recent = row
    count = newest - missed.seq
    if count <= 0:
        return [] if count == 0 else None
    if count > missed.limit and not is_recent:
        return None
    cursor = await connection.execute(_EVENTS, {**asked, "newest": newest}, binary=True)
    found = await cursor.fetchall()
    # Pruned in between, or more than fits: not all, so none.
    if len(found) != count or sum(len(row[2]) for row in found) > missed.max_bytes:
        return None
    try:
        events = [LogEvent(seq=seq, target=target, arguments=read_event(body)) for seq, target, body in found]
    except UNREADABLE:
        return None
    newest_versions: dict[str, tuple[dict[str, Any], int]] = {}
    if ids := ids_of_parts(events):
        cursor = await connection.execute(_NEWEST, (missed.conversation_id, ids), binary=True)
        newest_versions = newest_of(await cursor.fetchall())
    return made_whole(events, newest_versions, missed.max_bytes - sum(len(row[2]) for row in found))


async def prune_slice(
    connection: Connection, *, keep_events: int, older_than: float, after_id: str
) -> tuple[int, str | None]:
    """Drop one slice of old events in one transaction.

    Returns:
        How many were dropped, and where to go on (``after_id``); None when through.

    """
    async with connection.transaction():
        row = await (await connection.execute(_PRUNABLE, (after_id, keep_events))).fetchone()
        if row is None:
            return 0, None
        conversation_id, seq, pruned = row
        last = min(seq - keep_events, pruned + PRUNE_SLICE)
        # Only from the front: a clock that jumped must not tear a hole into what recovery may read.
        (young,) = await _one(
            await connection.execute(_FIRST_YOUNG, (conversation_id, pruned, last, older_than))
        )
        until = last if young is None else young - 1
        if until <= pruned:
            return 0, conversation_id
        dropped = await connection.execute(
            "DELETE FROM conduit_events WHERE conversation_id=%b AND seq<=%b", (conversation_id, until)
        )
        await connection.execute(
            "UPDATE conduit_conversations SET pruned=%b WHERE id=%b", (until, conversation_id)
        )
        is_through = young is not None or until == seq - keep_events
        return dropped.rowcount, conversation_id if is_through else after_id
