"""Conversations that are being brought in, in SQLite.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from conduit_widget.chat.history.sqlite import conversations, rows
from conduit_widget.chat.history.store import ConversationRecord
from conduit_widget.text.times import iso_time

_STALE: Final = """
SELECT conversation_id FROM imports JOIN conversations ON id=conversation_id WHERE active_at<? LIMIT 1
"""


def begin(db: sqlite3.Connection, record: ConversationRecord, owner_id: str, now: datetime) -> bool | None:
    """Make the conversation; return whether messages can be added, None while an older one is erased."""
    if conversations.is_being_erased(db, record.id):
        return None
    if rows.find(db, record.id) is not None:
        found = db.execute(
            "SELECT 1 FROM imports WHERE conversation_id=? AND owner_id=?", (record.id, owner_id)
        )
        return found.fetchone() is not None
    rows.create(db, record, None, iso_time(now), now.timestamp())
    db.execute("INSERT INTO imports VALUES (?,?)", (record.id, owner_id))
    return True


def finish(db: sqlite3.Connection, conversation_id: str, owner_id: str) -> bool:
    """Make the owner one; return whether they are."""
    key = (conversation_id, owner_id)
    if db.execute("DELETE FROM imports WHERE conversation_id=? AND owner_id=?", key).rowcount:
        db.execute("INSERT INTO members VALUES (?,?,'owner')", key)
        return True
    found = db.execute("SELECT 1 FROM members WHERE conversation_id=? AND user_id=? AND role='owner'", key)
    return found.fetchone() is not None


def drop_stale(db: sqlite3.Connection, before: float) -> bool:
    """Delete one conversation that nothing was added to since; return whether there was one."""
    found = db.execute(_STALE, (before,)).fetchone()
    return found is not None and conversations.delete(db, found[0])
