"""Joins what one provider wrote of an answer with what the next one writes, so that nothing is said twice.

The next provider is asked to go on where the text ends. Some repeat the end of it, some begin again from the
start, some put that into quotes or a code block, or say a few words before: what repeats the text is left out
until something new comes.
"""

from __future__ import annotations

import re
from typing import Final

from conduit_widget.providers.failover.letters import (
    Letter,
    has_blanks,
    letters,
    plain_letters,
    with_marks,
)
from conduit_widget.providers.failover.wrapping import Wrapping, is_in_code, opening_line

WINDOW: Final = 2000
"""Code points of the text's end in which a repetition is looked for."""
CERTAIN: Final = 10
"""Letters that are no chance: a repetition of so many is left out."""
RESTART: Final = 20
"""Letters after which an answer that began like the text, and then differs, is another answer."""
REPEATED_WORDS: Final = 6
"""How many words the next provider is asked to begin with."""
_REPEATED_CHARS: Final = 80
_SILENT: Final = 64
"""Signs without a letter that are held back at most."""
_PREAMBLE: Final = re.compile(r"[^:\n]{1,80}[:\n]\s*")
_LONGEST_PREAMBLE: Final = 80
_BLANK_OR_DOTS: Final = " \t\n.…"
_NO_SIGNS: Final = re.compile(r"[\s\w\"'“”„\u2018\u2019«»*`.…]+")


class RestartedError(Exception):
    """The next provider gave another answer instead of going on with this one."""


class Seam:
    """Tells what is new in the text that comes after ``text``.

    ``whole_words``: the next provider was told to go on, and does not see where a word was cut.
    ``is_joined``: all that comes from now on is new.
    """

    def __init__(self, text: str, *, whole_words: bool) -> None:
        self._text = text
        self._whole_words = whole_words
        self._held = ""
        self.is_joined = not text
        self._wrapping: Wrapping | None = None
        self._opening = ""
        self._tail = list(letters(text, max(0, len(text) - WINDOW))) if text else []
        self._repetition = _Repetition(text, self._tail, 0)

    def feed(self, piece: str) -> str:
        """Return what of the text so far is certainly new; the rest is held until that is clear.

        Raises:
            RestartedError: it is another answer.

        """
        if self.is_joined or not piece:
            return piece
        if self._wrapping is not None:
            return self._wrapping.feed(piece)
        self._held += piece
        return self._new(is_over=False)

    def end(self) -> str:
        """Return what is still held and is new: nothing comes any more."""
        if self.is_joined or (self._wrapping is None and not self._held):
            return ""
        new = "" if self._wrapping is not None else self._new(is_over=True)
        rest = "" if self._wrapping is None else self._wrapping.end()
        self.is_joined = True
        return new + rest

    def _new(self, *, is_over: bool) -> str:
        if not self._opening and self._repetition.begin == 0:
            line = opening_line(self._held)
            if line is None and not is_over:
                return ""
            if line:
                self._opening = line
                self._repetition = _Repetition(self._text, self._tail, len(line))
        while True:
            repetition = self._repetition
            repetition.read(self._held)
            count = repetition.said
            if count is None and repetition.is_open:
                if is_over:
                    return self._joined("" if repetition.count >= CERTAIN else self._all())
                if repetition.count or len(self._held) - repetition.begin <= _SILENT:
                    return ""
            elif count is not None and self._is_meant(repetition, count):
                return self._without(repetition, count, is_over=is_over)
            elif repetition.is_other_answer(whole_words=self._whole_words):
                raise RestartedError
            begin = self._after_preamble(is_over=is_over)
            if begin is None:
                return ""
            if begin == 0:
                return self._joined(self._all())
            self._repetition = _Repetition(self._text, self._tail, begin)

    def _after_preamble(self, *, is_over: bool) -> int | None:
        """Return where the words end that some say before they go on; 0: there are none, None: who knows."""
        if not self._whole_words or self._repetition.begin > len(self._opening):
            return 0
        found = _PREAMBLE.match(self._held, len(self._opening))
        if found is not None:
            return found.end()
        is_short = len(self._held) - len(self._opening) <= _LONGEST_PREAMBLE
        return None if is_short and not is_over and "\n" not in self._held else 0

    def _is_meant(self, repetition: _Repetition, count: int) -> bool:
        """Whether so many letters that were said again are no chance."""
        read = repetition.read_letters
        repeated = self._held[read[0].start : read[count - 1].end]
        before = self._held[repetition.begin : read[0].start]
        said = self._text[self._tail[-count].start : self._tail[-1].end] if count <= len(self._tail) else ""
        if repetition.is_whole and count > 1:
            return True
        if count >= CERTAIN and (repeated == said or not repeated.isalnum() or not has_blanks(repeated[0])):
            return _signs(repeated) == _signs(said)
        word = _last_word(self._text)
        return (
            repeated == said
            and len(word) > 1
            and repeated.endswith(word)
            and not before.strip(_BLANK_OR_DOTS)
        )

    def _without(self, repetition: _Repetition, count: int, *, is_over: bool) -> str:
        """Return what is held without what was said again, once it is clear what follows that."""
        ended = with_marks(self._text, self._tail[-1].end)
        signs = self._text[ended:]
        at = with_marks(self._held, repetition.read_letters[count - 1].end)
        rest = self._held[at:]
        if not is_over and len(rest) < len(signs) + 4 and not any(map(str.isalnum, rest)):
            return ""
        common = _common(rest, signs)
        rest = rest[common:]
        opening = self._opening + self._held[repetition.begin : repetition.read_letters[0].start]
        wrapping = Wrapping.of(opening, is_in_code=is_in_code(self._text))
        if wrapping is not None and rest.startswith(wrapping.closing):
            rest, wrapping = rest[len(wrapping.closing) :], None
        if common < len(signs) and signs[-1].isspace():
            rest = rest.lstrip()
        if wrapping is None:
            return self._joined(rest)
        self._wrapping, self._held = wrapping, ""
        return wrapping.feed(rest)

    def _all(self) -> str:
        """Return what is held, nothing of which was said before but perhaps the last blanks or word."""
        new = self._held
        if self._opening.strip().strip("`~") and is_in_code(self._text):
            new = new[len(self._opening) :]  # a block that is open cannot be opened
        blanks = len(new) - len(new.lstrip())
        overlap = next((size for size in range(blanks, 0, -1) if self._text.endswith(new[:size])), 0)
        new = new[overlap:]
        if self._whole_words and has_blanks(new[:1]) and has_blanks(self._text[-1:]):
            return f" {new}"
        return new

    def _joined(self, new: str) -> str:
        self.is_joined, self._held = True, ""
        return new


class _Repetition:
    """What comes, from ``begin`` on, against the end of the text, and against its beginning.

    ``read_letters`` are those that came; ``said`` is how many of them say the text again, to its end.
    """

    def __init__(self, text: str, tail: list[Letter], begin: int) -> None:
        self.begin = begin
        self.read_letters: list[Letter] = []
        self._text = text
        self._tail = "".join(letter.plain for letter in tail)
        self._begins = _word_starts(text, tail)
        self._places: list[int] | None = None  # in the tail, from where on all letters repeat it
        self._again = 0
        self._from_start = letters(text)
        self._next = next(self._from_start, None)
        self._is_from_start = self._next is not None
        self._common = 0

    @property
    def count(self) -> int:
        """How many letters came."""
        return len(self.read_letters)

    @property
    def is_whole(self) -> bool:
        """Whether all of the text was said again."""
        return self._is_from_start and self._next is None

    @property
    def is_open(self) -> bool:
        """Whether all that came may still be a repetition."""
        return self._is_from_start or self._places is None or bool(self._places)

    @property
    def said(self) -> int | None:
        """How many letters are a repetition; None while it goes on, and where there is none."""
        if self._is_from_start:
            return self._common if self.is_whole else None
        if not self._places:
            return None
        size = len(self._tail) - self._places[0]
        return size if size <= self.count else None

    def read(self, held: str) -> None:
        """Go on with the letters of what came, as long as they decide anything."""
        start = self.read_letters[-1].start + 1 if self.read_letters else self.begin
        for letter in letters(held, start):
            if self.said is not None or not self.is_open:
                return
            self._add(letter)

    def is_other_answer(self, *, whole_words: bool) -> bool:
        """Whether it began like the text, or like its end, and then differs.

        What stands in the text more than once is its pattern: a list goes on like that.
        """
        plain = "".join(letter.plain for letter in self.read_letters)
        least = min(RESTART, max(len(self._text) // 2, CERTAIN))
        if self._common >= least and not self.is_whole:
            return plain_letters(self._text).count(plain[: self._common]) < 2
        return whole_words and self._again >= RESTART and self._tail.count(plain[: self._again]) < 2

    def _add(self, letter: Letter) -> None:
        at, plain = self.count, letter.plain
        self.read_letters.append(letter)
        if self._is_from_start and self._next is not None:
            self._is_from_start = self._next.plain == plain
            if self._is_from_start:
                self._common += 1
                self._next = next(self._from_start, None)
        places = self._begins if self._places is None else self._places
        kept = [place for place in places if self._tail[place + at : place + at + 1] in {plain, ""}]
        if at and len(kept) < len(places):
            self._again = max(self._again, at)
        self._places = kept


def _word_starts(text: str, tail: list[Letter]) -> list[int]:
    """Return where words begin among letters; every letter does in scripts without blanks."""
    return [
        index
        for index, letter in enumerate(tail)
        if not index
        or with_marks(text, tail[index - 1].end) != letter.start
        or not has_blanks(text[letter.start])
    ]


def _signs(text: str) -> str:
    """Return the signs of a text that mean something: no letters, blanks, quotes, dots and emphasis."""
    return _NO_SIGNS.sub("", text)


def last_words(text: str) -> str:
    """Return the last words of a text with one blank between them, and not too much of a long one."""
    return " ".join(text.split()[-REPEATED_WORDS:])[-_REPEATED_CHARS:].strip()


def _last_word(text: str) -> str:
    """Return the letters and digits that the text ends with, before its last blanks."""
    end = len(text.rstrip())
    start = end
    while start and text[start - 1].isalnum():
        start -= 1
    return text[start:end]


def _common(one: str, other: str) -> int:
    """Return how many code points two texts have in common at their beginning."""
    most = min(len(one), len(other))
    return next((index for index in range(most) if one[index] != other[index]), most)
