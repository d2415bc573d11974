"""What a store is asked for in a search, and what comes of it: the same for every store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.chat.history.bodies import read_messages
from conduit_widget.chat.history.search_text import Phrase, snippet_of, text_of
from conduit_widget.types import SearchHit, SearchResult

BEYOND: Final = 2**62
ALWAYS: Final = "9999"
"""A time after every other, as text."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """``conversation_ids`` are those that the asker may read; the other fields are of ``SearchOptions``.

    Times are ISO 8601 in UTC with milliseconds, as stored. A message of no user has the author "".
    """

    phrases: Sequence[Phrase]
    conversation_ids: Sequence[str]
    author_id: str | None = None
    by_user: bool | None = None
    since: str = ""
    until: str = ALWAYS
    before_seq: int = BEYOND
    limit: int = 20
    max_bytes: int

    def bounds(self) -> dict[str, Any]:
        """Return, by name, the values of a statement that bound the hits; with one row more than wanted."""
        return {
            "before": self.before_seq,
            "since": self.since,
            "until": self.until,
            "author": self.author_id,
            "by_user": self.by_user,
            "limit": self.limit + 1,
        }


def room_of(conversation_id: str) -> str:
    """Return the word that stands in the index for a conversation."""
    return hashlib.blake2b(conversation_id.encode(errors="replace"), digest_size=8).hexdigest()


def result_of(search: Search, rows: Iterable[tuple[str, bytes]]) -> SearchResult:
    """Return the hits of rows (conversation id, body), newest first; one row more tells there is more."""
    hits: list[SearchHit] = []
    size = 0
    for conversation_id, body in rows:
        size += len(body)
        if len(hits) == search.limit or (hits and size > search.max_bytes):
            return SearchResult(hits=hits, has_more=True)
        hits.extend(_hit(search, conversation_id, message) for message in read_messages([body]))
    return SearchResult(hits=hits, has_more=False)


def _hit(search: Search, conversation_id: str, message: dict[str, Any]) -> SearchHit:
    snippet, ranges = snippet_of(text_of(message.get("content")), search.phrases)
    return SearchHit(message=message, conversation_id=conversation_id, snippet=snippet, ranges=ranges)
