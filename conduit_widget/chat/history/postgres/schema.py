"""The tables of the conversation log in PostgreSQL, their formats, and the steps from one to the next.

Bodies and texts are ``bytea``: PostgreSQL's text cannot hold every character that a message may.
"""

from __future__ import annotations

import logging
from typing import Final

from conduit_widget.chat.history.postgres import files as postgres_files, search as postgres_search
from conduit_widget.chat.history.postgres.rows import Connection

_logger = logging.getLogger(__name__)

FORMAT: Final = 7
SCHEMA_LOCK: Final = 0x636F6E64756974  # "conduit"

# ``pruned``: events up to this position have been dropped. ``parent_seq``: the place of the message that a
# message continues; NULL: of the message before it; 0: of none. ``since``: when the node was last heard of
# after a silence. ``commits``: the number of the node's last commit.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS conduit_format (version int NOT NULL);
CREATE TABLE conduit_conversations (
    id text PRIMARY KEY, epoch text NOT NULL, seq bigint NOT NULL DEFAULT 0,
    visibility text NOT NULL, assistant text NOT NULL, title text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    active_at timestamptz NOT NULL DEFAULT clock_timestamp(), pruned bigint NOT NULL DEFAULT 0,
    system_prompt text, pinned boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);
CREATE TABLE conduit_members (
    conversation_id text NOT NULL, user_id text NOT NULL, role text NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX conduit_members_by_user ON conduit_members (user_id);
CREATE TABLE conduit_messages (
    conversation_id text NOT NULL, id text NOT NULL, seq bigint NOT NULL, author_id text NOT NULL,
    timestamp text NOT NULL, answer_id text, parent_seq bigint, body bytea NOT NULL, words tsvector,
    PRIMARY KEY (conversation_id, id)
);
CREATE UNIQUE INDEX conduit_messages_by_seq ON conduit_messages (conversation_id, seq);
CREATE INDEX conduit_messages_by_parent ON conduit_messages (conversation_id, parent_seq)
WHERE parent_seq IS NOT NULL;
CREATE INDEX conduit_messages_by_words ON conduit_messages USING gin (words) WITH (fastupdate = off);
CREATE TABLE conduit_events (
    conversation_id text NOT NULL, seq bigint NOT NULL, target text NOT NULL, arguments bytea NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE TABLE conduit_streams (
    conversation_id text NOT NULL, message_id text NOT NULL, seq bigint NOT NULL,
    text bytea NOT NULL DEFAULT '', token_index int NOT NULL DEFAULT 0,
    model text NOT NULL DEFAULT '', provider text NOT NULL DEFAULT '', node_id text NOT NULL,
    PRIMARY KEY (conversation_id, message_id)
) WITH (fillfactor = 50);
CREATE TABLE conduit_read_marks (
    conversation_id text NOT NULL, user_id text NOT NULL, seq bigint NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITH (fillfactor = 50);
CREATE TABLE conduit_nodes (
    node_id text PRIMARY KEY, since timestamptz NOT NULL, seen timestamptz NOT NULL,
    commits bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
"""
# ``conduit_imports``: conversations that are being brought in, and whose they will be.
_TO_FORMAT_5: Final = """
CREATE TABLE conduit_pins (
    conversation_id text NOT NULL, message_id text NOT NULL, PRIMARY KEY (conversation_id, message_id)
);
CREATE TABLE conduit_imports (conversation_id text PRIMARY KEY, owner_id text NOT NULL);
"""

# A parent that a message names itself counts where it is an older message of the same conversation. Bodies
# may be damaged: casts that fail are caught one by one; one that holds a NUL could not be cast either.
_TO_FORMAT_2: Final = """
ALTER TABLE conduit_messages ADD COLUMN parent_seq bigint;
CREATE FUNCTION pg_temp.conduit_parent_id(body bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN position('"parentId"'::bytea IN body) > 0
        THEN replace(convert_from(body, 'UTF8'), '\\u0000', '\\u0020')::json ->> 'parentId' END;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
END $$;
UPDATE conduit_messages v SET parent_seq = p.seq FROM (
    SELECT conversation_id, id, seq, lag(seq) OVER (PARTITION BY conversation_id ORDER BY seq) AS before,
        pg_temp.conduit_parent_id(body) AS parent_id
    FROM conduit_messages
) r JOIN conduit_messages p ON p.conversation_id=r.conversation_id AND p.id=r.parent_id AND p.seq < r.before
WHERE v.conversation_id=r.conversation_id AND v.id=r.id;
CREATE INDEX conduit_messages_by_parent ON conduit_messages (conversation_id, parent_seq)
WHERE parent_seq IS NOT NULL;
DROP FUNCTION pg_temp.conduit_parent_id;
"""

_TO_FORMAT_3: Final = """
ALTER TABLE conduit_conversations ADD COLUMN system_prompt text;
ALTER TABLE conduit_conversations ADD COLUMN pinned boolean NOT NULL DEFAULT false;
CREATE TABLE conduit_read_marks (
    conversation_id text NOT NULL, user_id text NOT NULL, seq bigint NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITH (fillfactor = 50);
"""

# A mark of 0 says that somebody has written there and read nothing.
_MARKS_BY_USER: Final = "CREATE INDEX conduit_read_marks_by_user ON conduit_read_marks (user_id);"
_TO_FORMAT_7: Final = (
    _MARKS_BY_USER
    + """
INSERT INTO conduit_read_marks
SELECT DISTINCT conversation_id, author_id, 0 FROM conduit_messages WHERE author_id<>''
ON CONFLICT DO NOTHING;
"""
)

_FIRST_WITH_WORDS: Final = 4
_TO_FORMAT_4: Final = """
ALTER TABLE conduit_messages ADD COLUMN words tsvector;
"""
# Made when the words are there: much faster.
_INDEX_WORDS: Final = """
CREATE INDEX conduit_messages_by_words ON conduit_messages USING gin (words) WITH (fastupdate = off)
"""

# Not to_regclass: within a transaction that has waited for the lock it does not see what was made meanwhile.
_IS_THERE: Final = """
SELECT 1 FROM pg_tables WHERE tablename='conduit_format' AND schemaname = ANY(current_schemas(false))
"""
_NEW: Final = (_SCHEMA, _TO_FORMAT_5, postgres_files.SCHEMA, _MARKS_BY_USER)
_UP: Final = (_TO_FORMAT_2, _TO_FORMAT_3, _TO_FORMAT_4, _TO_FORMAT_5, postgres_files.SCHEMA, _TO_FORMAT_7)
"""The steps from each format to the next, the first one's first."""


async def is_current(connection: Connection) -> bool:
    """Whether the tables are there, in this format."""
    return await _version(connection) == FORMAT


async def migrate(connection: Connection) -> None:
    """Bring the tables to this format in one transaction; of nodes that start together one does it.

    The others wait as long as that takes, which for a large history may be minutes. Nodes of the format
    before go on beside it; what they write continues the message before it.

    Raises:
        RuntimeError: a newer version wrote the tables; they are left alone.

    """
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = 0")
        await connection.execute("SELECT pg_advisory_xact_lock(%b)", (SCHEMA_LOCK,))
        version = await _version(connection)
        if version > FORMAT:
            raise RuntimeError(
                f"The chat history has format {version}, newer than {FORMAT}; update conduit_widget."
            )
        if version == FORMAT:
            return
        if version:
            _logger.warning("The chat history is brought from format %d to %d.", version, FORMAT)
        steps = (
            _UP[version - 1 :] if version else (_SCHEMA, _TO_FORMAT_5, postgres_files.SCHEMA, _MARKS_BY_USER)
        )
        await connection.execute("".join(steps))
        if 0 < version < _FIRST_WITH_WORDS:
            await postgres_search.fill(connection)
            await connection.execute(_INDEX_WORDS)
        await connection.execute("DELETE FROM conduit_format")
        await connection.execute("INSERT INTO conduit_format VALUES (%b)", (FORMAT,))


async def _version(connection: Connection) -> int:
    """Return the format of the tables; 0 where there are none."""
    found = await connection.execute(_IS_THERE)
    if await found.fetchone() is None:
        return 0
    row = await (await connection.execute("SELECT version FROM conduit_format")).fetchone()
    return 0 if row is None else int(row[0])
