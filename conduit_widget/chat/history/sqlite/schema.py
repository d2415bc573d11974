"""The tables of the conversation log in SQLite, their versions, and the steps from one to the next."""

from __future__ import annotations

import sqlite3
from typing import Final

from conduit_widget.chat.history.sqlite import files as sqlite_files, search as sqlite_search

SCHEMA_VERSION: Final = 9

# Times are seconds since 1970. ``pruned``: events up to this position have been dropped. ``parent_seq``: the
# place of the message that a message continues; NULL: of the message before it; 0: of none.
_SCHEMA: Final = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0,
    visibility TEXT NOT NULL, assistant TEXT NOT NULL, created_at TEXT NOT NULL,
    title TEXT, active_at REAL NOT NULL DEFAULT 0, pruned INTEGER NOT NULL DEFAULT 0,
    system_prompt TEXT, pinned INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE members (
    conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, role TEXT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id);
CREATE TABLE events (
    conversation_id TEXT NOT NULL, seq INTEGER NOT NULL, target TEXT NOT NULL, arguments BLOB NOT NULL,
    time REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, seq)
);
CREATE TABLE messages (
    conversation_id TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, author_id TEXT NOT NULL,
    timestamp TEXT NOT NULL, answer_id TEXT, parent_seq INTEGER, body BLOB NOT NULL,
    PRIMARY KEY (conversation_id, id)
);
CREATE UNIQUE INDEX messages_by_seq ON messages (conversation_id, seq);
CREATE INDEX messages_by_parent ON messages (conversation_id, parent_seq) WHERE parent_seq IS NOT NULL;
CREATE TABLE streams (
    conversation_id TEXT NOT NULL, message_id TEXT NOT NULL, seq INTEGER NOT NULL,
    text TEXT NOT NULL DEFAULT '', token_index INTEGER NOT NULL DEFAULT 0,
    model TEXT NOT NULL DEFAULT '', provider TEXT NOT NULL DEFAULT '',
    node_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (conversation_id, message_id)
) WITHOUT ROWID;
CREATE TABLE read_marks (
    conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITHOUT ROWID;
"""

# 2440587.5 is the Julian day of 1970.
_TO_VERSION_2: Final = """
ALTER TABLE conversations ADD COLUMN title TEXT;
ALTER TABLE conversations ADD COLUMN active_at REAL NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN time REAL NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN node_id TEXT NOT NULL DEFAULT '';
CREATE INDEX members_by_user ON members (user_id);
UPDATE events SET time = coalesce((julianday(coalesce(
    json_extract(CAST(arguments AS TEXT), '$[0].metadata.updatedAt'),
    json_extract(CAST(arguments AS TEXT), '$[0].metadata.timestamp'))) - 2440587.5) * 86400.0, 0);
UPDATE conversations SET active_at = coalesce(
    (SELECT time FROM events WHERE conversation_id = id AND events.seq = conversations.seq),
    (julianday(created_at) - 2440587.5) * 86400.0, 0);
"""

# A parent that a message names itself counts where it is an older message of the same conversation.
_TO_VERSION_3: Final = """
ALTER TABLE messages ADD COLUMN parent_seq INTEGER;
UPDATE messages SET parent_seq = nullif(
    (SELECT parent.seq FROM messages AS parent
     WHERE parent.conversation_id = messages.conversation_id AND parent.seq < messages.seq
     AND parent.id = CASE WHEN json_valid(CAST(messages.body AS TEXT))
         THEN json_extract(CAST(messages.body AS TEXT), '$.parentId') END),
    (SELECT max(before.seq) FROM messages AS before
     WHERE before.conversation_id = messages.conversation_id AND before.seq < messages.seq))
WHERE instr(messages.body, CAST('"parentId"' AS BLOB)) > 0;
CREATE INDEX messages_by_parent ON messages (conversation_id, parent_seq) WHERE parent_seq IS NOT NULL;
"""

_TO_VERSION_4: Final = """
ALTER TABLE conversations ADD COLUMN system_prompt TEXT;
ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
CREATE TABLE read_marks (
    conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITHOUT ROWID;
"""

_TO_VERSION_5: Final = sqlite_search.SCHEMA + sqlite_search.FILL

_TO_VERSION_6: Final = """
CREATE TABLE deleted_conversations (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""

# ``imports``: conversations that are being brought in, and whose they will be.
_TO_VERSION_7: Final = """
CREATE TABLE pins (
    conversation_id TEXT NOT NULL, message_id TEXT NOT NULL, PRIMARY KEY (conversation_id, message_id)
) WITHOUT ROWID;
CREATE TABLE imports (conversation_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL) WITHOUT ROWID;
"""

_TO_VERSION_8: Final = sqlite_files.SCHEMA

# A mark of 0 says that somebody has written there and read nothing.
_MARKS_BY_USER: Final = "CREATE INDEX read_marks_by_user ON read_marks (user_id);"
_TO_VERSION_9: Final = (
    _MARKS_BY_USER
    + """
INSERT OR IGNORE INTO read_marks
SELECT DISTINCT conversation_id, author_id, 0 FROM messages WHERE author_id<>'';
"""
)

_NEW: Final = _SCHEMA + sqlite_search.SCHEMA + _TO_VERSION_6 + _TO_VERSION_7 + _TO_VERSION_8 + _MARKS_BY_USER
_UP: Final = (
    *(_TO_VERSION_2, _TO_VERSION_3, _TO_VERSION_4, _TO_VERSION_5),
    *(_TO_VERSION_6, _TO_VERSION_7, _TO_VERSION_8, _TO_VERSION_9),
)
"""The steps from each version to the next, the first one's first."""


class ForeignHistoryError(ValueError):
    """A file is no history that this version can use; the text says why, and what to do."""


def migrate(db: sqlite3.Connection) -> None:
    """Switch to WAL with full durability; bring the tables to this version in one transaction.

    Raises:
        ForeignHistoryError: a newer version wrote them, or another program; they are left alone.

    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise ForeignHistoryError(f"has format {version}, newer than {SCHEMA_VERSION}: update conduit_widget")
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and (version == 0 or "conversations" not in tables):
        raise ForeignHistoryError("is a database of another program: move it away or choose another folder")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    if version < SCHEMA_VERSION:
        sqlite_search.add_functions(db)
        steps = "".join(_UP[version - 1 :]) if version else _NEW
        db.executescript(f"BEGIN IMMEDIATE;{steps}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
