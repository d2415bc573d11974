"""Texts as they are compared where an answer goes on: their letters and digits, whatever stands between them.

Who says something again says it in other cases, with other blanks, in quotes, in a code block, or with its
accents composed in another way.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

_JOINERS: Final = frozenset("\u200c\u200d")
_UNSPACED: Final = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"), ("\u2e80", "\ua4cf"))
"""Scripts that put no blanks between words: Thai and Lao, Burmese, Khmer, Chinese and Japanese."""


class Letter(NamedTuple):
    """A letter or digit in its plain form; ``start`` and ``end`` are code points of its text."""

    plain: str
    start: int
    end: int


def letters(text: str, start: int = 0) -> Iterator[Letter]:
    """Yield the letters and digits of a text from ``start`` on, without case and accents."""
    for at in range(start, len(text)):
        sign = text[at]
        if sign.isalnum():
            for plain in sign.lower() if sign.isascii() else unicodedata.normalize("NFKD", sign).casefold():
                if plain.isalnum():
                    yield Letter(plain, at, at + 1)


def plain_letters(text: str) -> str:
    """Return all letters and digits of a text in their plain form."""
    return "".join(letter.plain for letter in letters(text))


def with_marks(text: str, end: int) -> int:
    """Return where the letter that ends at ``end`` really ends: after its accents and vowel signs."""
    while end < len(text) and (unicodedata.category(text[end]).startswith("M") or text[end] in _JOINERS):
        end += 1
    return end


def has_blanks(sign: str) -> bool:
    """Whether a word that this letter is part of stands between blanks."""
    return sign.isalnum() and not any(first <= sign <= last for first, last in _UNSPACED)
