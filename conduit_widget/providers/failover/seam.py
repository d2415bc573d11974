"""Joins what one provider wrote of an answer with what the next one writes, so that nothing is said twice.

The next provider is asked to go on where the text ends. Some repeat the end of it, some begin again from the
start: what repeats the text is left out until something new comes.
"""

from __future__ import annotations

from typing import Final

WINDOW: Final = 2000
"""Code points of the text's end in which a repetition is looked for."""
CERTAIN: Final = 12
"""Code points that are no chance: a repetition of so many is left out."""
RESTART: Final = 24
"""Code points after which an answer that began like the text, and then differs, is another answer."""
REPEATED_WORDS: Final = 6
"""How many words the next provider is asked to begin with."""


class RestartedError(Exception):
    """The next provider gave another answer instead of going on with this one."""


class Seam:
    """Tells what is new in the text that comes after ``text``.

    ``whole_words``: the next provider was told to go on, and does not see where a word was cut.
    """

    def __init__(self, text: str, *, whole_words: bool) -> None:
        self._text = text
        self._whole_words = whole_words
        self._tail = text[-WINDOW:]
        self._held = ""
        self.is_joined = not text
        self._places: list[int] | None = None  # in the tail, from where on what is held repeats it
        self._from_start = True

    def feed(self, piece: str) -> str:
        """Return what of the text so far is certainly new; the rest is held until that is clear.

        Raises:
            RestartedError: it is another answer.

        """
        if self.is_joined or not piece:
            return piece
        self._held += piece
        if self._places is None:
            self._held = _without_dots(self._held, self._text)
            if not self._held:
                return ""
            first = self._held[0]
            self._places = [index for index, sign in enumerate(self._tail) if sign == first]
        before = self._places
        self._places = [place for place in before if self._repeats(place)]
        if self._whole_words and not self._places and self._said_again(before) >= RESTART:
            raise RestartedError
        repeats_start = self._repeats_start()
        if repeats_start and len(self._held) < len(self._text):
            return ""
        is_over = self._from_start and not repeats_start and not self._places
        if is_over and _common(self._held, self._text) >= min(RESTART, max(len(self._text) // 2, CERTAIN)):
            raise RestartedError
        self._from_start = repeats_start
        if repeats_start:
            return self._join(len(self._text))
        if self._places and len(self._held) < len(self._tail) - self._places[0]:
            return ""
        return self._join(len(self._tail) - self._places[0] if self._places else self._word_overlap())

    def end(self) -> str:
        """Return what is still held and is new: nothing comes any more."""
        if self.is_joined or not self._held:
            return ""
        is_repetition = len(self._held) >= CERTAIN or (self._from_start and self._held == self._text)
        if self._places and is_repetition:
            self.is_joined = True
            return ""
        return self._join(self._word_overlap())

    def _said_again(self, places: list[int]) -> int:
        """Return how much of the tail was said again before it went on in other words."""
        return max((_common(self._held, self._tail[place:]) for place in places), default=0)

    def _repeats(self, place: int) -> bool:
        """Whether what is held says the tail from ``place`` on again, and perhaps more."""
        rest = len(self._tail) - place
        return self._tail.startswith(self._held[:rest], place)

    def _repeats_start(self) -> bool:
        return self._from_start and self._text.startswith(self._held[: len(self._text)])

    def _word_overlap(self) -> int:
        """Return the length of the word at the text's end that what is held begins with, too."""
        last = len(self._text) - len(_last_word(self._text))
        word = self._text[last:]
        return len(word) if len(word) > 1 and self._held.startswith(word) else 0

    def _join(self, overlap: int) -> str:
        """Return what is held without its first ``overlap`` code points, unless that is chance."""
        self.is_joined = True
        repeated, new = self._held[:overlap], self._held[overlap:]
        self._held = ""
        if not repeated:
            return self._spaced(new)
        word = _last_word(self._text)
        is_meant = len(repeated) >= CERTAIN or repeated == self._text or not repeated.strip()
        if is_meant or (len(word) > 1 and repeated.endswith(word)):
            return new
        return self._spaced(repeated + new)

    def _spaced(self, new: str) -> str:
        if self._whole_words and new[:1].isalnum() and self._text[-1:].isalnum():
            return f" {new}"
        return new


def last_words(text: str) -> str:
    """Return the last words of a text, exactly as they stand there."""
    words = text.split()[-REPEATED_WORDS:]
    if not words:
        return ""
    at = len(text.rstrip())
    for word in reversed(words):
        at = text.rindex(word, 0, at)
    return text[at:].strip()


def _last_word(text: str) -> str:
    """Return the letters and digits that the text ends with."""
    end = len(text)
    while end and text[end - 1].isalnum():
        end -= 1
    return text[end:]


def _common(one: str, other: str) -> int:
    """Return how many code points two texts have in common at their beginning."""
    most = min(len(one), len(other))
    return next((index for index in range(most) if one[index] != other[index]), most)


def _without_dots(held: str, text: str) -> str:
    """Return what is held without the dots that stand for what was said before."""
    if text.endswith(("...", "…")):
        return held
    for dots in ("...", "…"):
        if held.startswith(dots):
            return held[len(dots) :].lstrip() if text[-1:].isspace() else held[len(dots) :]
    return held
