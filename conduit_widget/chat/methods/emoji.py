"""What may be a reaction: one character as people see it, however many code points it takes."""

from __future__ import annotations

import unicodedata
from itertools import islice
from typing import Final

from wcwidth import iter_graphemes

from conduit_widget.contract import MAX_REACTION_BYTES
from conduit_widget.errors import ValidationError
from conduit_widget.text.plain_text import is_writable

_UNSEEN: Final = frozenset("CZM")
"""The kinds of what cannot stand alone: control and format characters, blanks, combining marks."""


def check_emoji(value: str) -> str:
    """Return a reaction.

    Raises:
        ValidationError: it is empty, too long, more than one grapheme, or nothing that can be seen.

    """
    size = len(value.encode()) if is_writable(value) else 0
    if size > MAX_REACTION_BYTES:
        raise ValidationError("emoji", f"has {size} bytes; the limit is {MAX_REACTION_BYTES}")
    if (
        not size
        or unicodedata.category(value[0])[0] in _UNSEEN
        or len(list(islice(iter_graphemes(value), 2))) > 1
    ):
        raise ValidationError("emoji", "must be one emoji or character")
    return value
