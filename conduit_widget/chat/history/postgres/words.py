"""What PostgreSQL's index knows of a message, as a ``tsvector`` in its own notation."""

from __future__ import annotations

from typing import Final

from conduit_widget.chat.history.search import room_of
from conduit_widget.chat.history.search_text import words_of_body

_MOST_PLACES: Final = 255
"""Of one word in one text: the server keeps no more."""


def vector_of(conversation_id: str, body: bytes) -> str:
    """Return what the index knows of a message: its words with their places, and its conversation."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words_of_body(body), 1):
        known = places.setdefault(word, [])
        if len(known) < _MOST_PLACES:
            known.append(str(place))
    words = (f"'{word}':{','.join(at)}" for word, at in places.items())
    return " ".join([f"'r:{room_of(conversation_id)}'", *words]) if places else ""
