"""What SQLite keeps of conversations beside their log: lists, settings, read marks, and how all of it goes.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from conduit_widget.chat.history.read_marks import MAX_READ_MARKS
from conduit_widget.chat.history.sqlite import files as sqlite_files
from conduit_widget.chat.history.sqlite.rows import find
from conduit_widget.chat.history.store import ConversationRecord, Overview
from conduit_widget.contract import MAX_UNREAD
from conduit_widget.types import ConversationPatch

_OVERVIEWS: Final = """
WITH mine AS MATERIALIZED (
    SELECT id, epoch, conversations.seq, visibility, assistant, title, system_prompt, pinned, role,
        coalesce(mark.seq, 0) AS read
    FROM (
        SELECT conversation_id, role FROM members WHERE user_id=:user
        UNION ALL
        SELECT visited.conversation_id, 'member' FROM read_marks AS visited
        JOIN conversations AS c ON c.id=visited.conversation_id
        WHERE visited.user_id=:user AND c.visibility='open' AND NOT EXISTS (SELECT 1 FROM members AS m
            WHERE m.conversation_id=visited.conversation_id AND m.user_id=:user)
    ) AS own JOIN conversations ON id=own.conversation_id
    LEFT JOIN read_marks AS mark ON mark.conversation_id=id AND mark.user_id=:user
    ORDER BY active_at DESC, id LIMIT :limit
)
SELECT mine.*,
    (SELECT count(*) FROM (SELECT 1 FROM messages AS m WHERE m.conversation_id=mine.id AND m.seq>mine.read
        AND m.author_id<>:user LIMIT :most)),
    (SELECT body FROM messages AS m WHERE m.conversation_id=mine.id AND NOT EXISTS
        (SELECT 1 FROM streams AS s WHERE s.conversation_id=m.conversation_id AND s.message_id=m.id)
        ORDER BY m.seq DESC LIMIT 1)
FROM mine
"""
_READ_MARKS: Final = """
SELECT r.user_id, r.seq FROM read_marks AS r JOIN conversations AS c ON c.id=r.conversation_id
WHERE c.id=? AND r.seq>0 AND (c.visibility='open' OR EXISTS
    (SELECT 1 FROM members AS m WHERE m.conversation_id=c.id AND m.user_id=r.user_id))
ORDER BY r.seq DESC, r.user_id LIMIT ?
"""
# Null keeps what is there, an empty text takes it away.
_CONFIGURE: Final = """
UPDATE conversations SET title=nullif(coalesce(?, title), ''), assistant=coalesce(?, assistant),
    system_prompt=nullif(coalesce(?, system_prompt), ''), pinned=coalesce(?, pinned)
WHERE id=?
"""
_DELETE: Final = (
    "DELETE FROM streams WHERE conversation_id=?",
    "DELETE FROM members WHERE conversation_id=?",
    "DELETE FROM read_marks WHERE conversation_id=?",
    "DELETE FROM pins WHERE conversation_id=?",
    "DELETE FROM imports WHERE conversation_id=?",
    "DELETE FROM conversations WHERE id=?",
)
_ERASE: Final = (
    "DELETE FROM messages WHERE conversation_id=:id AND seq IN"
    " (SELECT seq FROM messages WHERE conversation_id=:id ORDER BY seq LIMIT :limit)",
    "DELETE FROM events WHERE conversation_id=:id AND seq IN"
    " (SELECT seq FROM events WHERE conversation_id=:id ORDER BY seq LIMIT :limit)",
    "DELETE FROM search_places WHERE conversation_id=:id AND seq IN"
    " (SELECT seq FROM search_places WHERE conversation_id=:id ORDER BY seq LIMIT :limit)",
)
ERASE_SLICE: Final = 50
"""How many rows of a deleted conversation one slice erases: some ten milliseconds."""


def overviews(db: sqlite3.Connection, user_id: str, limit: int) -> list[Overview]:
    """Return the conversations of a user, as a list shows them."""
    asked = {"user": user_id, "limit": limit, "most": MAX_UNREAD}
    return [Overview.of_row(row) for row in db.execute(_OVERVIEWS, asked)]


def configure(
    db: sqlite3.Connection, conversation_id: str, patch: ConversationPatch
) -> ConversationRecord | None:
    """Change what an owner sets; return the conversation as it is then."""
    values = (patch.title, patch.assistant, patch.system_prompt, patch.pinned)
    db.execute(_CONFIGURE, (*values, conversation_id))
    return find(db, conversation_id)


def delete(db: sqlite3.Connection, conversation_id: str) -> bool:
    """Delete a conversation: nobody finds anything of it any more; ``erase`` takes its rows out."""
    deleted = [db.execute(statement, (conversation_id,)).rowcount for statement in _DELETE]
    if not deleted[-1]:
        return False
    sqlite_files.delete_of(db, conversation_id)
    db.execute("INSERT INTO deleted_conversations VALUES (?)", (conversation_id,))
    return True


def is_being_erased(db: sqlite3.Connection, conversation_id: str) -> bool:
    """Whether rows of a deleted conversation of this id may be left."""
    found = db.execute("SELECT 1 FROM deleted_conversations WHERE id=?", (conversation_id,)).fetchone()
    return found is not None


def erase(db: sqlite3.Connection) -> bool:
    """Erase a slice of what deleted conversations have left; return whether there was anything to do."""
    found = db.execute("SELECT id FROM deleted_conversations LIMIT 1").fetchone()
    if found is None:
        return False
    for statement in _ERASE:
        if db.execute(statement, {"id": found[0], "limit": ERASE_SLICE}).rowcount:
            return True
    db.execute("DELETE FROM deleted_conversations WHERE id=?", found)
    return True


def read_marks(db: sqlite3.Connection, conversation_id: str) -> dict[str, int]:
    """Return how far each user who may read has read, of those who have read furthest."""
    return dict(db.execute(_READ_MARKS, (conversation_id, MAX_READ_MARKS)).fetchall())


def read_mark(db: sqlite3.Connection, conversation_id: str, user_id: str) -> int:
    """Return how far a user has read."""
    row = db.execute(
        "SELECT seq FROM read_marks WHERE conversation_id=? AND user_id=?", (conversation_id, user_id)
    ).fetchone()
    return row[0] if row else 0
