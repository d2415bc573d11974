"""Text as models write it, over chunk borders: thinking in tags is set apart, half characters are joined."""

from __future__ import annotations

from typing import Final

_MAX_BLANKS: Final = 1024
"""With so many blanks an answer has begun: they are its, and what follows them is no tag."""
# Only where an answer begins: further on, a tag is what the answer is about.
_TAGS: Final = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[THINK]": "[/THINK]",
}


class ThinkingTags:
    """Splits an answer's text into reasoning and answer. ``settled``: the answer has begun, the rest is its.

    A tag that is never closed makes all of it reasoning. What may be the beginning of a tag waits.
    """

    def __init__(self) -> None:
        self.settled = False
        self._closing: str | None = None
        self._after_thinking = False
        self._held = ""

    def split(self, text: str) -> tuple[str, str]:
        """Return what of the next piece of text is reasoning, and what answer."""
        if self.settled:
            return "", text
        text, self._held = self._held + text, ""
        reasoning = ""
        while text and not self.settled:
            if self._closing is None:
                text = self._opened(text)
            else:
                thought, text = self._thought(text, self._closing)
                reasoning += thought
        return reasoning, text

    def rest(self) -> tuple[str, str]:
        """Return what waits, at the end of the answer."""
        held, self._held = self._held, ""
        if self._closing is not None:
            return held, ""
        return "", "" if self._after_thinking else held

    def _opened(self, text: str) -> str:
        """Look for a tag at the beginning; return the text after it, or all of it once settled."""
        start = text.lstrip()
        for tag, closing in _TAGS.items():
            if start.startswith(tag):
                self._closing = closing
                return start[len(tag) :]
        text = start if self._after_thinking else text
        blanks = len(text) - len(start)
        if blanks <= _MAX_BLANKS and any(tag.startswith(start) for tag in _TAGS):
            self._held = text
            return ""
        self.settled = True
        return text

    def _thought(self, text: str, closing: str) -> tuple[str, str]:
        thought, found, after = text.partition(closing)
        if found:
            self._closing, self._after_thinking = None, True
            return thought, after
        kept = _overlap(text, closing)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept], ""


class SurrogateJoiner:
    """Joins the halves of a character that came in two pieces; a half without its partner becomes U+FFFD."""

    def __init__(self) -> None:
        self.holds = False
        self._half = ""

    def join(self, text: str) -> str:
        """Return the next piece of text without its last half, which waits."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        self.holds = bool(self._half)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def rest(self) -> str:
        """Return what waits, at the end of the answer."""
        holds, self.holds, self._half = self.holds, False, ""
        return "\ufffd" if holds else ""


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``tag``."""
    longest = min(len(text), len(tag) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(tag[:size])), 0)
