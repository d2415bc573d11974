"""Keys, tokens and addresses as people paste them, from files, clipboards and shells."""

from __future__ import annotations

from typing import Final

# What a browser, a word processor or a shell puts around a pasted key or address.
_AROUND: Final = (
    "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"  # quotes
    "\u200b\u200c\u200d\u2060\ufeff"  # of no width
)


def pasted(value: str) -> str:
    """Return a pasted text without the spaces, line ends and quotes around it.

    >>> pasted(' “sk-1”\\n')
    'sk-1'
    """
    before = None
    while before != value:
        before, value = value, value.strip().strip(_AROUND)
    return value
