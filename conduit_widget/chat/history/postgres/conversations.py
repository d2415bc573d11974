"""What PostgreSQL keeps of conversations beside their log: lists, settings, read marks, and their end."""

from __future__ import annotations

from typing import Final

from conduit_widget.chat.history.postgres import files as postgres_files
from conduit_widget.chat.history.postgres.rows import Connection
from conduit_widget.chat.history.read_marks import MAX_READ_MARKS
from conduit_widget.chat.history.store import ConversationRecord, Overview
from conduit_widget.contract import MAX_UNREAD
from conduit_widget.types import ConversationPatch

_OVERVIEWS: Final = """
WITH mine AS MATERIALIZED (
    SELECT id, epoch, c.seq, visibility, assistant, title, system_prompt, pinned, role,
        coalesce(r.seq, 0) AS read
    FROM (
        SELECT conversation_id, role FROM conduit_members WHERE user_id=%(user)s
        UNION ALL
        SELECT visited.conversation_id, 'member' FROM conduit_read_marks AS visited
        JOIN conduit_conversations AS c ON c.id=visited.conversation_id
        WHERE visited.user_id=%(user)s AND c.visibility='open' AND NOT EXISTS (
            SELECT 1 FROM conduit_members AS m
            WHERE m.conversation_id=visited.conversation_id AND m.user_id=%(user)s)
    ) AS own JOIN conduit_conversations c ON c.id=own.conversation_id
    LEFT JOIN conduit_read_marks r ON r.conversation_id=c.id AND r.user_id=%(user)s
    ORDER BY active_at DESC, id LIMIT %(limit)s
)
SELECT mine.*,
    (SELECT count(*) FROM (SELECT 1 FROM conduit_messages v WHERE v.conversation_id=mine.id
        AND v.seq>mine.read AND v.author_id<>%(user)s LIMIT %(most)s) unread),
    (SELECT body FROM conduit_messages v WHERE v.conversation_id=mine.id AND NOT EXISTS
        (SELECT 1 FROM conduit_streams s WHERE s.conversation_id=v.conversation_id AND s.message_id=v.id)
        ORDER BY v.seq DESC LIMIT 1)
FROM mine
"""
# Null keeps what is there, an empty text takes it away.
_CONFIGURE: Final = """
UPDATE conduit_conversations SET title=nullif(coalesce(%b, title), ''),
    assistant=coalesce(%b, assistant), system_prompt=nullif(coalesce(%b, system_prompt), ''),
    pinned=coalesce(%b, pinned)
WHERE id=%b RETURNING id, epoch, seq, visibility, assistant, title, system_prompt, pinned
"""
# First its row: what is being written to it, on whatever node, waits for that lock and then finds nothing.
_DELETE: Final = (
    "DELETE FROM conduit_conversations WHERE id=%b",
    "DELETE FROM conduit_messages WHERE conversation_id=%b",
    "DELETE FROM conduit_events WHERE conversation_id=%b",
    "DELETE FROM conduit_streams WHERE conversation_id=%b",
    "DELETE FROM conduit_members WHERE conversation_id=%b",
    "DELETE FROM conduit_read_marks WHERE conversation_id=%b",
    "DELETE FROM conduit_pins WHERE conversation_id=%b",
    "DELETE FROM conduit_imports WHERE conversation_id=%b",
)
_READ_MARKS: Final = """
SELECT r.user_id, r.seq FROM conduit_read_marks r JOIN conduit_conversations c ON c.id=r.conversation_id
WHERE c.id=%b AND r.seq>0 AND (c.visibility='open' OR EXISTS
    (SELECT 1 FROM conduit_members m WHERE m.conversation_id=c.id AND m.user_id=r.user_id))
ORDER BY r.seq DESC, r.user_id LIMIT %b
"""


async def overviews(db: Connection, user_id: str, limit: int) -> list[Overview]:
    """Return the conversations of a user, as a list shows them."""
    cursor = await db.execute(_OVERVIEWS, {"user": user_id, "limit": limit, "most": MAX_UNREAD}, binary=True)
    return [Overview.of_row(row) for row in await cursor.fetchall()]


async def configure(
    db: Connection, conversation_id: str, patch: ConversationPatch
) -> ConversationRecord | None:
    """Change what an owner sets; return the conversation as it is then."""
    values = (patch.title, patch.assistant, patch.system_prompt, patch.pinned)
    cursor = await db.execute(_CONFIGURE, (*values, conversation_id), binary=True)
    row = await cursor.fetchone()
    return None if row is None else ConversationRecord.of_row(row)


async def delete(db: Connection, conversation_id: str) -> bool:
    """Delete a conversation and everything in it, in one transaction."""
    async with db.transaction():
        deleted = [(await db.execute(statement, (conversation_id,))).rowcount for statement in _DELETE]
        await postgres_files.delete_of(db, conversation_id)
        return bool(deleted[0])


async def read_marks(db: Connection, conversation_id: str) -> dict[str, int]:
    """Return how far each user who may read has read, of those who have read furthest."""
    cursor = await db.execute(_READ_MARKS, (conversation_id, MAX_READ_MARKS), binary=True)
    return dict(await cursor.fetchall())
