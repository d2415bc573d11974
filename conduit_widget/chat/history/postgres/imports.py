"""Conversations that are being brought in, in PostgreSQL."""

from __future__ import annotations

from typing import Final

from conduit_widget.chat.history.imports import IMPORT_PATIENCE
from conduit_widget.chat.history.postgres import conversations
from conduit_widget.chat.history.postgres.rows import Connection
from conduit_widget.chat.history.store import ConversationRecord

_STALE: Final = """
SELECT i.conversation_id FROM conduit_imports i JOIN conduit_conversations c ON c.id=i.conversation_id
WHERE c.active_at < clock_timestamp() - make_interval(secs => %b)
"""


async def begin(db: Connection, record: ConversationRecord, owner_id: str) -> bool:
    """Make the conversation, unless it is there; return whether messages can be added."""
    async with db.transaction():
        made = await db.execute(
            "INSERT INTO conduit_conversations (id, epoch, visibility, assistant, title)"
            " VALUES (%b, %b, %b, %b, %b) ON CONFLICT DO NOTHING",
            (record.id, record.epoch, record.visibility, record.assistant, record.title),
        )
        if made.rowcount:
            await db.execute("INSERT INTO conduit_imports VALUES (%b, %b)", (record.id, owner_id))
            return True
    found = await db.execute(
        "SELECT 1 FROM conduit_imports WHERE conversation_id=%b AND owner_id=%b", (record.id, owner_id)
    )
    return await found.fetchone() is not None


async def finish(db: Connection, conversation_id: str, owner_id: str) -> bool:
    """Make the owner one; return whether they are."""
    key = (conversation_id, owner_id)
    async with db.transaction():
        # The row of the conversation first, as every writer: nothing is added after the end.
        await db.execute(
            "SELECT 1 FROM conduit_conversations WHERE id=%b FOR NO KEY UPDATE", (conversation_id,)
        )
        gone = await db.execute("DELETE FROM conduit_imports WHERE conversation_id=%b AND owner_id=%b", key)
        if gone.rowcount:
            await db.execute("INSERT INTO conduit_members VALUES (%b, %b, 'owner')", key)
            return True
    found = await db.execute(
        "SELECT 1 FROM conduit_members WHERE conversation_id=%b AND user_id=%b AND role='owner'", key
    )
    return await found.fetchone() is not None


async def drop_stale(db: Connection) -> None:
    """Delete the conversations that nothing was added to for long."""
    found = await (await db.execute(_STALE, (IMPORT_PATIENCE,))).fetchall()
    for (conversation_id,) in found:
        await conversations.delete(db, conversation_id)
