"""Ids and names that mean what they show: no control characters, nothing that turns or hides text.

What people write is kept raw; this is for what identifies a person or a room. Right-to-left letters are
fine, what is left out is the invisible: controls, line separators, bidi marks, overrides and isolates,
zero-width spaces, fillers, tags. Joiners stay, Persian names and emoji need them.
"""

from __future__ import annotations

import re
from typing import Final

from conduit_widget.contract import MAX_ID_CHARS

_NOT_PLAIN: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\u3164\\ud800-\\udfff\\ue000-\\uf8ff\\ufeff\\uffa0\\ufff9-\\ufffb\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    "\\U000e0000-\\U0010ffff]"
)
# Blanks, joiners and variation selectors are fine within a name; alone they show nothing.
_BLANK: Final = re.compile("[\\s\\u17b4\\u17b5\\u180b-\\u180f\\u200c\\u200d\\u2800\\ufe00-\\ufe0f]*")
_LONE_SURROGATES: Final = re.compile("[\\ud800-\\udfff]")
_BREAKS: Final = re.compile("[\\t\\n\\v\\f\\r\\x85\\u2028\\u2029]")


def is_plain(text: str) -> bool:
    """Return whether every character of ``text`` can be seen, or is a space or a joiner."""
    return (text.isascii() and text.isprintable()) or _NOT_PLAIN.search(text) is None


def is_user_id(text: str) -> bool:
    """Return whether ``text`` can name a user: 1 to ``MAX_ID_CHARS`` plain characters, not all blank."""
    return 0 < len(text) <= MAX_ID_CHARS and is_plain(text) and _BLANK.fullmatch(text) is None


def plain_name(text: str, limit: int) -> str:
    """Return a name to show: only plain characters, spaces collapsed, ``limit`` characters at most.

    It is empty where nothing of it would be seen, so that callers take something else in its place.
    """
    kept = " ".join(_NOT_PLAIN.sub("", _BREAKS.sub(" ", text)).split())[:limit].rstrip()
    return "" if _BLANK.fullmatch(kept) else kept


def shown(text: str) -> str:
    """Return ``text`` for a terminal or a line of a log: what cannot be seen is written as an escape.

    What others wrote (names, titles, a server's errors) must not move the cursor, nor colour, turn, break or
    hide what stands around it. An escape rather than nothing: whoever reads it shall see that it was there.
    """
    return text if text.isascii() and text.isprintable() else _NOT_PLAIN.sub(_escape, text)


def json_shown(text: str) -> str:
    """Return JSON text with what cannot be seen in it as JSON's own escapes."""
    return text if text.isascii() and text.isprintable() else _NOT_PLAIN.sub(_json_escape, text)


def is_writable(text: str) -> bool:
    """Return whether UTF-8 can carry ``text``: it has no half of a surrogate pair."""
    return text.isascii() or _LONE_SURROGATES.search(text) is None


def writable(text: str, instead: str = "?") -> str:
    """Return ``text`` as UTF-8 can carry it: a half of a surrogate pair becomes ``instead``."""
    return text if text.isascii() else _LONE_SURROGATES.sub(instead, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
