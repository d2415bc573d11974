"""From texts to the words of an index."""

from __future__ import annotations

import sys

import pytest

from conduit_widget.chat.history import search_text
from conduit_widget.chat.history.search_text import MAX_FOLDS, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße, Café!", ["strasse", "cafe"]),
        ("你好 world", ["你", "好", "world"]),
        ('AND "NEAR( -x*', ["and", "near", "x"]),
        ("", []),
    ],
)
def test_words_are_folded_and_no_syntax(text: str, words: list[str]) -> None:
    """Case, accents and marks of punctuation make no difference; without blanks, a sign is a word."""
    assert words_of(text) == words


def test_folds_do_not_grow_with_every_character_there_is() -> None:
    """A text of all of Unicode costs a bounded table, and later words are right all the same."""
    words_of("".join(map(chr, range(sys.maxunicode // 8))))
    assert len(search_text._FOLDS) <= MAX_FOLDS
    assert words_of("Straße") == ["strasse"]
