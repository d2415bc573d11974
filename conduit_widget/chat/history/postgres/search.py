"""The full-text index in PostgreSQL: a ``tsvector`` beside each message, in a GIN index with its room.

Vectors and queries are written by us, word by word: the server's own parser depends on the database's locale.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conduit_widget.chat.history.postgres.rows import Connection
from conduit_widget.chat.history.postgres.words import vector_of
from conduit_widget.chat.history.search import Search, result_of, room_of
from conduit_widget.chat.history.search_text import Phrase
from conduit_widget.types import SearchResult

NEWEST: Final = 2000
"""How many messages of a conversation are looked through one by one, before the index is asked: a word that
many of them have is found in these at once, one that few have is found in the index at once."""
FILL_SLICE: Final = 500
_AMONG_NEWEST: Final = """
WITH newest AS MATERIALIZED (
    SELECT seq, words, timestamp, author_id FROM conduit_messages
    WHERE conversation_id=%(one)s AND seq<%(before)s ORDER BY seq DESC LIMIT %(newest)s
), found AS MATERIALIZED (
    SELECT seq FROM newest WHERE words @@ %(query)s::tsquery AND timestamp>=%(since)s AND timestamp<%(until)s
    AND (%(author)s::text IS NULL OR author_id=%(author)s)
    AND (%(by_user)s::bool IS NULL OR (author_id<>'')=%(by_user)s)
    ORDER BY seq DESC LIMIT %(limit)s
)
SELECT m.conversation_id, m.body FROM found JOIN conduit_messages m
ON m.conversation_id=%(one)s AND m.seq=found.seq ORDER BY m.seq DESC
"""
_IN_THE_INDEX: Final = """
WITH found AS MATERIALIZED (
    SELECT conversation_id, seq, timestamp FROM conduit_messages
    WHERE words @@ %(query)s::tsquery AND conversation_id = ANY(%(conversations)s::text[])
    AND seq<%(before)s AND timestamp>=%(since)s AND timestamp<%(until)s
    AND (%(author)s::text IS NULL OR author_id=%(author)s)
    AND (%(by_user)s::bool IS NULL OR (author_id<>'')=%(by_user)s)
), newest AS MATERIALIZED (
    SELECT * FROM found ORDER BY timestamp DESC, seq DESC LIMIT %(limit)s
)
SELECT m.conversation_id, m.body FROM newest JOIN conduit_messages m
ON m.conversation_id=newest.conversation_id AND m.seq=newest.seq ORDER BY newest.timestamp DESC, m.seq DESC
"""
_UNFILLED: Final = "SELECT conversation_id, id, body FROM conduit_messages WHERE words IS NULL LIMIT %b"
_FILL: Final = """
UPDATE conduit_messages v SET words=r.w::tsvector
FROM unnest(%b::text[], %b::text[], %b::text[]) AS r (c, m, w) WHERE v.conversation_id=r.c AND v.id=r.m
"""


async def find(db: Connection, search: Search) -> SearchResult:
    """Return the newest messages that have it all."""
    ids = list(search.conversation_ids)
    asked = {
        "one": ids[0] if ids else "",
        "conversations": ids,
        "query": _query(search.phrases, ids),
        **search.bounds(),
        "newest": NEWEST,
    }
    if len(ids) == 1:
        cursor = await db.execute(_AMONG_NEWEST, asked, binary=True)
        rows = await cursor.fetchall()
        if len(rows) > search.limit:
            return result_of(search, rows)
    async with db.pipeline():
        await db.execute("BEGIN READ ONLY")
        # However many messages the planner expects to find: a look at all of them is always slower.
        await db.execute("SET LOCAL enable_seqscan = off")
        cursor = await db.execute(_IN_THE_INDEX, asked, binary=True)
        await db.execute("COMMIT")
    return result_of(search, await cursor.fetchall())


async def fill(db: Connection) -> None:
    """Make the words of messages that were written before there was an index."""
    while True:
        rows = await (await db.execute(_UNFILLED, (FILL_SLICE,), binary=True)).fetchall()
        if not rows:
            return
        vectors = [vector_of(conversation_id, body) for conversation_id, _, body in rows]
        await db.execute(_FILL, ([row[0] for row in rows], [row[1] for row in rows], vectors))


def _query(phrases: Iterable[Phrase], conversation_ids: Iterable[str]) -> str:
    """Return the query as PostgreSQL writes it; words are letters and digits alone, rooms hexadecimal."""
    rooms = " | ".join(f"'r:{room_of(id_)}'" for id_ in conversation_ids)
    wanted = " & ".join(_phrase(phrase) for phrase in phrases)
    return f"({rooms}) & {wanted}"


def _phrase(phrase: Phrase) -> str:
    words = [f"'{word}'" for word in phrase.words]
    if phrase.is_prefix:
        words[-1] += ":*"
    return f"({' <-> '.join(words)})"
