"""What a model is told of a value: a title, a text, perhaps a picture, and what was left out of it."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from conduit_widget.text.plain_text import shown, writable
from conduit_widget.text.said import Said
from conduit_widget.types.wire import Wire

ITEM_BYTES: Final = 6_000
"""The most text of one value, as UTF-8."""
IMAGE_BYTES: Final = 14_000
"""The most a picture takes, as the ``data:`` URL that it travels as."""
CONTEXT_BYTES: Final = 20 * 1024
"""The most that goes with one message: texts and pictures together."""
MAX_ITEMS: Final = 8
MAX_NAME_CHARS: Final = 200

Kind = Literal["table", "array", "plot", "text", "code", "cell", "error", "file", "value"]

_ERROR_CHARS: Final = 160
_HEAD_SHARE: Final = 0.7


class Described(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A value as it goes to a model.

    ``masked`` names the kinds of secrets that were replaced, ``cut`` says how much was left out, ``problem``
    why there is nothing; ``said`` is the title for views of other languages, where those know it.
    """

    name: str
    kind: Kind = "value"
    title: str = ""
    text: str = ""
    image: str | None = None
    cut: str = ""
    masked: tuple[str, ...] = ()
    problem: str = ""
    said: Said | None = None

    @property
    def size(self) -> int:
        """Bytes of text and picture together."""
        return len(self.text.encode()) + len(self.image or "")


class Draft(NamedTuple):
    """A description before secrets are masked and its length is limited."""

    kind: Kind
    title: str
    text: str
    image: str | None = None
    cut: str = ""
    said: Said | None = None

    @classmethod
    def titled(cls, kind: Kind, said: Said, text: str, image: str | None = None, cut: str = "") -> Draft:
        """Return a description whose title views know in their languages."""
        return cls(kind, str(said), text, image, cut, said)


def cut_to(text: str, limit: int) -> tuple[str, str]:
    """Return a text of at most ``limit`` bytes, from its beginning and its end, and what was cut in words."""
    data = text.encode()
    if len(data) <= limit:
        return text, ""
    head = data[: int(limit * _HEAD_SHARE)].decode(errors="ignore")
    tail = data[len(data) - (limit - len(head.encode())) :].decode(errors="ignore")
    left_out = len(text) - len(head) - len(tail)
    return f"{head}\n[… {left_out:,} characters cut …]\n{tail}", f"{left_out:,} of {len(text):,} characters"


def sendable(text: str) -> str:
    """Return a text without what no hub takes: NUL, halves of surrogate pairs."""
    return writable(text.replace("\0", ""))


def fenced(text: str, language: str = "text") -> str:
    """Put a text between fences that are longer than any within it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def error_line(error: BaseException) -> str:
    """Return an error in one short line, whatever its own words do."""
    try:
        words = str(error)[:_ERROR_CHARS]
    except Exception:  # noqa: BLE001 - somebody's __str__
        words = ""
    line = shown(" ".join(words.split()))
    return f"{type(error).__name__}: {line}" if line else type(error).__name__
