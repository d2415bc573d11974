"""The file of a replay: answers of a real run, one JSON line each, after a line that says what the file is.

A line holds what the model was asked only as a digest and its first words, and the answer in the pieces it
came in. It can be read, compared and kept under version control.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from conduit_widget.providers.provider import GenerationParameters, GenerationRequest, Usage
from conduit_widget.types import Wire

FORMAT: Final = "conduit-replay"
VERSION: Final = 1
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_QUESTION_CHARS: Final = 80


class UnreadableRecordingError(Exception):
    """The file is no recording; the text completes "FILE …"."""


class _Head(Wire, frozen=True, kw_only=True):
    """The first line."""

    format: str
    version: int


class Piece(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One chunk: the milliseconds since the question, its text and its reasoning."""

    at: int
    text: str
    reasoning: str = ""


class Take(Wire, frozen=True, kw_only=True):
    """One answer. ``asked`` is the :func:`digest` of its request, ``question`` begins the last message.

    ``provider`` and ``model`` answered, at the day ``recorded`` (ISO 8601).
    """

    asked: str
    question: str
    provider: str
    model: str
    recorded: str
    pieces: list[Piece]
    finish_reason: str
    context_tokens: int | None = None
    usage: Usage | None = None


class _Asked(msgspec.Struct):
    """What an answer depends on: whom it was asked of is no part of it."""

    messages: Sequence[tuple[str, object]]
    parameters: GenerationParameters


def digest(request: GenerationRequest) -> str:
    """Return what identifies a request: its messages and its sampling settings."""
    messages = [(message.role, message.content) for message in request.messages]
    asked = msgspec.json.encode(_Asked(messages, request.parameters), order="deterministic")
    return hashlib.sha256(asked).hexdigest()[:32]


def read(path: Path) -> list[Take]:
    """Return the answers in a file, oldest first.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be read.
        UnreadableRecordingError: it is no recording, or larger than :data:`MAX_BYTES`.

    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnreadableRecordingError(f"is larger than {MAX_BYTES} bytes.")
    head, *lines = data.splitlines() or [b""]
    try:
        first = msgspec.json.decode(head, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        first = None
    if first is None or first.format != FORMAT:
        raise UnreadableRecordingError("is no recording of answers.")
    if first.version != VERSION:
        raise UnreadableRecordingError(f"has version {first.version}; this package reads {VERSION}.")
    takes = []
    for number, line in enumerate(lines, 2):
        try:
            takes.append(msgspec.json.decode(line, type=Take))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise UnreadableRecordingError(f"cannot be read in line {number}.") from None
    return takes


def append(path: Path, take: Take) -> None:
    """Add an answer to a file, which is made where there is none.

    Raises:
        OSError: it cannot be written, or would be larger than :data:`MAX_BYTES`, which nobody could read.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        head = b"" if file.tell() else _line(_Head(format=FORMAT, version=VERSION))
        new = head + _line(take)
        if file.tell() + len(new) > MAX_BYTES:
            raise OSError(errno.EFBIG, f"It would be larger than {MAX_BYTES} bytes")
        file.write(new)


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"
