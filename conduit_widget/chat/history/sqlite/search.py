"""The full-text index in SQLite (FTS5): every message has a place in it, final texts have their words there.

Places rise with the log, so that the newest finds come first without sorting. What is edited or deleted is
taken out; FTS5 only notes that at first, so ``tidy`` merges the index, a slice a transaction, until no trace
is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from conduit_widget.chat.history.batch import Batch
from conduit_widget.chat.history.search import Search, result_of, room_of
from conduit_widget.chat.history.search_text import Phrase, words_of_body
from conduit_widget.types import SearchResult

SCHEMA: Final = """
CREATE TABLE search_places (
    id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL, seq INTEGER NOT NULL,
    room TEXT NOT NULL, words TEXT NOT NULL
);
CREATE UNIQUE INDEX search_places_by_seq ON search_places (conversation_id, seq);
CREATE VIRTUAL TABLE search USING fts5(
    room, words, content='search_places', content_rowid='id', tokenize='ascii'
);
CREATE TABLE search_state (erased INTEGER NOT NULL);
INSERT INTO search_state VALUES (0);
CREATE TRIGGER search_new AFTER INSERT ON search_places WHEN new.words<>'' BEGIN
    INSERT INTO search (rowid, room, words) VALUES (new.id, new.room, new.words);
END;
CREATE TRIGGER search_changed AFTER UPDATE OF words ON search_places WHEN old.words<>new.words BEGIN
    INSERT INTO search (search, rowid, room, words)
    SELECT 'delete', old.id, old.room, old.words WHERE old.words<>'';
    UPDATE search_state SET erased=1 WHERE old.words<>'' AND erased<>1;
    INSERT INTO search (rowid, room, words) SELECT new.id, new.room, new.words WHERE new.words<>'';
END;
CREATE TRIGGER search_gone AFTER DELETE ON search_places WHEN old.words<>'' BEGIN
    INSERT INTO search (search, rowid, room, words) VALUES ('delete', old.id, old.room, old.words);
    UPDATE search_state SET erased=1 WHERE erased<>1;
END;
"""
# For what was written before there was an index; ``conduit_words`` and ``conduit_room`` are ours.
FILL: Final = """
INSERT INTO search_places (conversation_id, seq, room, words)
SELECT conversation_id, seq, conduit_room(conversation_id), conduit_words(body) FROM messages ORDER BY rowid;
"""
NEW_PLACES: Final = """
INSERT OR ROLLBACK INTO search_places (conversation_id, seq, room, words)
SELECT * FROM (VALUES {}) LIMIT ?
"""
_NEW_WORDS: Final = "UPDATE search_places SET words=? WHERE conversation_id=? AND seq=?"
_SEARCH: Final = """
SELECT m.conversation_id, m.body
FROM search JOIN search_places p ON p.id=search.rowid
JOIN messages m ON m.conversation_id=p.conversation_id AND m.seq=p.seq
WHERE search MATCH :match AND p.conversation_id IN (
        SELECT conversations.id FROM json_each(:conversations) JOIN conversations ON conversations.id=value)
    AND p.seq<:before AND m.timestamp>=:since AND m.timestamp<:until
    AND (:author IS NULL OR m.author_id=:author) AND (:by_user IS NULL OR (m.author_id<>'')=:by_user)
ORDER BY search.rowid DESC LIMIT :limit
"""
MERGE_PAGES: Final = 20
"""How much of the index one slice of ``tidy`` merges: some milliseconds."""


def add_functions(db: sqlite3.Connection) -> None:
    """Give a connection what :data:`FILL` needs."""
    db.create_function("conduit_words", 1, lambda body: " ".join(words_of_body(bytes(body))))
    db.create_function("conduit_room", 1, room_of)


def new_places(batch: Batch) -> list[tuple[str, int, str, str]]:
    """Return the rows of ``NEW_PLACES`` for a batch's messages, in the order of the log."""
    return [
        (row.conversation_id, row.seq, room_of(row.conversation_id), " ".join(words_of_body(row.body)))
        for row in batch.messages.values()
    ]


def rewrite(db: sqlite3.Connection, batch: Batch) -> None:
    """Have the index know the new versions of messages, and nothing of the old ones."""
    db.executemany(
        _NEW_WORDS,
        [
            (" ".join(words_of_body(body)), key[0], batch.places[key].seq)
            for key, body in batch.bodies.items()
        ],
    )


def find(db: sqlite3.Connection, search: Search) -> SearchResult:
    """Return the newest messages that have it all."""
    asked = {
        "match": _match(search.phrases, search.conversation_ids),
        "conversations": _json(search.conversation_ids),
        **search.bounds(),
    }
    return result_of(search, db.execute(_SEARCH, asked))


def has_remains(db: sqlite3.Connection) -> bool:
    """Whether the index still has words that were taken out."""
    (erased,) = db.execute("SELECT erased FROM search_state").fetchone()
    return bool(erased)


def tidy(db: sqlite3.Connection) -> bool:
    """Merge a slice of the index, if something was taken out of it; return whether there is more to do."""
    (erased,) = db.execute("SELECT erased FROM search_state").fetchone()
    if not erased:
        return False
    before = db.total_changes
    # The first slice (1) begins to merge everything into one segment, the next ones (2) go on.
    pages = -MERGE_PAGES if erased == 1 else MERGE_PAGES
    db.execute("INSERT INTO search (search, rank) VALUES ('merge', ?)", (pages,))
    is_through = erased != 1 and db.total_changes - before < 2
    db.execute("UPDATE search_state SET erased=?", (0 if is_through else 2,))
    return not is_through


def _match(phrases: Iterable[Phrase], conversation_ids: Iterable[str]) -> str:
    """Return the query in the syntax of FTS5; words are letters and digits alone, rooms hexadecimal."""
    rooms = " OR ".join(f'"{room_of(id_)}"' for id_ in conversation_ids)
    wanted = " AND ".join(f'"{" ".join(words)}"{"*" if prefix else ""}' for words, prefix in phrases)
    return f"room : ({rooms}) AND words : ({wanted})"


def _json(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
