"""From texts and typed queries to the words that an index knows: the same for every store.

A word is folded (``Straße`` is ``strasse``, ``Café`` is ``cafe``). Where a script writes no blanks (Chinese,
Japanese, Thai) every character is a word of its own, and a run of them is looked for as a phrase. Whatever is
typed is words and phrases, never an index's own syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from conduit_widget.errors import UNREADABLE

MAX_WORD_CHARS: Final = 64
MAX_PHRASES: Final = 16
SNIPPET_BEFORE: Final = 60
SNIPPET_CHARS: Final = 180
MAX_RANGES: Final = 20
MAX_FOLDS: Final = 4096

_NO_BLANKS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD: Final = re.compile(rf"[{_NO_BLANKS}]|[^\W_{_NO_BLANKS}]+")
_QUOTED: Final = re.compile(r'"([^"]*)"?|([^"\s]+)')
_UNFINISHED: Final = frozenset({"queued", "streaming"})


class _Folds(dict[str, str]):
    """What each character is to a search: without case, accents and compatibility forms.

    Overflow policy: with :data:`MAX_FOLDS` characters known, all are forgotten.
    """

    def __missing__(self, character: str) -> str:
        if len(self) >= MAX_FOLDS:
            self.clear()
        parts = unicodedata.normalize("NFKD", character.casefold()).casefold()
        folded = "".join(part for part in parts if unicodedata.category(part) != "Mn")
        self[character] = folded
        return folded


_FOLDS: Final = _Folds()


class Phrase(NamedTuple):
    """Words that stand side by side; with ``is_prefix`` the last one may go on."""

    words: tuple[str, ...]
    is_prefix: bool


class _Body(msgspec.Struct):
    content: Any = ""
    metadata: dict[str, Any] | None = None


_bodies: Final = msgspec.json.Decoder(_Body)


def words_of(text: str) -> list[str]:
    """Return a text's words, folded, in order."""
    return [word[:MAX_WORD_CHARS] for word in _WORD.findall(_fold(text))]


def words_of_body(body: bytes) -> list[str]:
    """Return the words of a stored message; one that is still being written, or cannot be read, has none."""
    try:
        message = _bodies.decode(body)
    except UNREADABLE:
        return []
    if message.metadata is not None and message.metadata.get("status") in _UNFINISHED:
        return []
    return words_of(text_of(message.content))


def text_of(content: object) -> str:
    """Return the text of a message's content, parts joined by blank lines."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n\n".join(text for text in texts if isinstance(text, str))


def phrases_of(query: str) -> list[Phrase]:
    """Return what is looked for: all of these must be in a text.

    What stands in quotes must be found as it is; of the last word the beginning is enough.
    """
    phrases: list[Phrase] = []
    last = None
    for found in _QUOTED.finditer(query):
        words = tuple(words_of(found[1] if found[1] is not None else found[2]))
        if words:
            last = len(phrases) if found[2] is not None and found.end() == len(query) else None
            phrases.append(Phrase(words, is_prefix=False))
    if last is not None and len(phrases[last].words[-1]) > 1:
        phrases[last] = phrases[last]._replace(is_prefix=True)
    return phrases[:MAX_PHRASES]


def snippet_of(text: str, phrases: Iterable[Phrase]) -> tuple[str, list[list[int]]]:
    """Return the part of a text with the first find, in one line, and where the finds are in it.

    Ranges are of code points, the end not included.
    """
    finds = _finds(text, list(phrases))
    start = max(finds[0][0] - SNIPPET_BEFORE, 0) if finds else 0
    end = min(start + SNIPPET_CHARS, len(text))
    shown = "".join(" " if character.isspace() else character for character in text[start:end])
    head = "…" if start else ""
    shift = len(head) - start
    ranges = [[at + shift, until + shift] for at, until in finds if at >= start and until <= end]
    return f"{head}{shown}{'…' if end < len(text) else ''}", ranges[:MAX_RANGES]


def _fold(text: str) -> str:
    return text.lower() if text.isascii() else "".join(map(_FOLDS.__getitem__, text))


def _finds(text: str, phrases: Sequence[Phrase]) -> list[tuple[int, int]]:
    """Return where the phrases are in a text, in order; finds that overlap are one."""
    folded, places = _placed(text)
    finds: list[tuple[int, int]] = []
    for phrase in phrases:
        for found in _pattern(phrase).finditer(folded):
            finds.append((places[found.start()], places[found.end() - 1] + 1))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(finds):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _placed(text: str) -> tuple[str, Sequence[int]]:
    """Return the folded text, and for each of its characters the place in the text it comes from."""
    if text.isascii():
        return text.lower(), range(len(text))
    folds = [_FOLDS[character] for character in text]
    places = [place for place, fold in enumerate(folds) for _ in fold]
    return "".join(folds), places


def _pattern(phrase: Phrase) -> re.Pattern[str]:
    *front, last = phrase.words
    parts = [_exactly(word) for word in front]
    # Words are cut at a length: what follows a cut is part of the word.
    is_open = phrase.is_prefix or len(last) == MAX_WORD_CHARS
    parts.append(f"{_start(last)}{last}" if is_open else _exactly(last))
    return re.compile(r"[\W_]*".join(parts))


def _exactly(word: str) -> str:
    is_alone = re.match(f"[{_NO_BLANKS}]", word) is not None
    return word if is_alone else f"{_start(word)}{word}(?![^\\W_{_NO_BLANKS}])"


def _start(word: str) -> str:
    return "" if re.match(f"[{_NO_BLANKS}]", word) else f"(?<![^\\W_{_NO_BLANKS}])"
