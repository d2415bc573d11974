"""Ids and names that mean what they show: no control characters, nothing that turns or hides text.

What people write is kept raw; this is for what identifies a person or a room. Right-to-left letters are
fine, what is left out is the invisible: controls, line separators, bidi overrides and isolates, zero-width
spaces, tag characters. Joiners stay, Persian names and emoji need them.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")


def is_plain(text: str) -> bool:
    """Whether every character of ``text`` can be seen, or is a space or a joiner."""
    return all(_is_plain(character) for character in text)


def plain_name(text: str, limit: int) -> str:
    """Return a name to show: what is not plain left out, spaces collapsed, ``limit`` characters at most."""
    kept = "".join(
        character if _is_plain(character) else " " if character in "\t\n\r\u2028\u2029" else ""
        for character in text
    )
    return " ".join(kept.split())[:limit].rstrip()


def _is_plain(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in _FORBIDDEN_CATEGORIES and (category != "Cf" or character in _JOINERS)
