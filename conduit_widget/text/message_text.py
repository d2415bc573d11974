"""What text a message may have: the prompt and the hub refuse the rest in the same words."""

from __future__ import annotations

from conduit_widget.contract import MAX_CONTENT_BYTES
from conduit_widget.errors import ValidationError


def utf8_size(field: str, text: str) -> int:
    """Return how many bytes a text takes as UTF-8.

    Raises:
        ValidationError: the text has something that cannot be stored or sent everywhere.

    """
    if "\0" in text:
        raise ValidationError(field, "must not contain NUL characters; leave them out")
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise ValidationError(
            field, "must not contain half a character (a lone surrogate); replace or leave it out"
        ) from None


def check_extent(field: str, size: int, *, is_empty: bool) -> None:
    """Refuse a message that says nothing, or too much at once; ``size`` is that of all its texts.

    Raises:
        ValidationError: the message is empty, or larger than ``MAX_CONTENT_BYTES``.

    """
    if is_empty:
        raise ValidationError(field, "is empty; write something")
    if size > MAX_CONTENT_BYTES:
        raise ValidationError(
            field, f"has {size} bytes of text; the limit is {MAX_CONTENT_BYTES} bytes. Send it in parts"
        )
