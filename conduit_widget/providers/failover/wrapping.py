"""What some providers put around an answer that they go on with: quotes, a code block, emphasis."""

from __future__ import annotations

import re
from typing import Final

_PAIRS: Final = {
    '"': '"',
    "'": "'",
    "“": "”",
    "„": "“",
    "\u2018": "\u2019",
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "`": "`",
    "*": "*",
    "**": "**",
    "_": "_",
    "__": "__",
    "(": ")",
    "[": "]",
}
_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})[^\n`]*\n")
_PERHAPS_FENCE: Final = re.compile(r"\s*(?:`{1,2}|~{1,2}|(?:`{3,}|~{3,})[^\n`]{0,32})?")
_LINE: Final = re.compile(r"^[ \t]*(?:`{3,}|~{3,})", re.MULTILINE)


def opening_line(text: str) -> str | None:
    """Return the line that opens a code block at the beginning of a text, blanks before it included.

    Empty where none does, None where that cannot be told yet.
    """
    if found := _FENCE.match(text):
        return found[0]
    return None if _PERHAPS_FENCE.fullmatch(text) and text.strip() else ""


def is_in_code(text: str) -> bool:
    """Whether a text ends within a code block."""
    return len(_LINE.findall(text)) % 2 == 1


class Wrapping:
    """Takes away the sign that closes what was opened before a repetition: it stands at the very end."""

    def __init__(self, opening: str, closing: str) -> None:
        self.closing = closing
        self._opening = opening
        self._held = ""
        self._closed = 0

    @classmethod
    def of(cls, opening: str, *, is_in_code: bool) -> Wrapping | None:
        """Return what closes an ``opening``; None: nothing does, or what does belongs to the answer.

        ``is_in_code``: the answer is in a code block already, which somebody has to close.
        """
        if fence := _FENCE.match(opening):
            return None if is_in_code else cls(fence[1], fence[1])
        sign = opening.strip()
        return cls(sign, _PAIRS[sign]) if sign in _PAIRS else None

    def feed(self, piece: str) -> str:
        """Return what belongs to the answer; what may be the end of the wrapping is held."""
        text = self._held + piece
        end = len(text)
        while end and (text[end - 1].isspace() or text[end - 1] in self.closing):
            end -= 1
        self._held = text[end:]
        self._count(text[:end])
        return text[:end]

    def end(self) -> str:
        """Return what is still held, without the closing sign if that is one."""
        held = self._held
        self._held = ""
        self._count(held)
        is_closed = self._closed % 2 == 1 if self._opening == self.closing else self._closed > 0
        if is_closed and held.rstrip().endswith(self.closing):
            return held.rstrip().removesuffix(self.closing).rstrip()
        return held

    def _count(self, text: str) -> None:
        """Count the closing signs, less those that close what was opened within the wrapping."""
        self._closed += text.count(self.closing)
        if self._opening != self.closing:
            self._closed -= text.count(self._opening)
