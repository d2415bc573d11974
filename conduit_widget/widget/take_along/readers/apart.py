"""Reads a large file in a process of its own: while JSON is decoded, no token would be shown here.

The process answers in small pieces, each decoded here in a moment. Run as a module it is that process: the
file is its standard input.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from conduit_widget.child_process import child_environment, python_command
from conduit_widget.errors import ValidationError
from conduit_widget.widget.take_along.readers.file import read_stream
from conduit_widget.widget.take_along.readers.found import FoundConversation, FoundMessage

LEAST_BYTES: Final = 1024 * 1024
"""A smaller file is read sooner than a process has started."""
PIECE_BYTES: Final = 256 * 1024
"""Of messages; one that is longer is a piece by itself."""


class _Begin(msgspec.Struct, frozen=True, tag="begin"):
    """A conversation without its messages, which follow."""

    conversation: FoundConversation


class _More(msgspec.Struct, frozen=True, tag="more"):
    messages: list[FoundMessage]


class _Failed(msgspec.Struct, frozen=True, tag="failed"):
    problem: str


class _End(msgspec.Struct, frozen=True, tag="end"):
    pass


_Piece = _Begin | _More | _Failed | _End
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[_Piece] = msgspec.msgpack.Decoder(_Piece)


def read_path(path: Path) -> list[FoundConversation]:
    """Return the conversations of a file; for a thread, as it blocks.

    Raises:
        ValidationError: it is none that can be read; the text says what is wrong.
        OSError: it cannot be opened.

    """
    with path.open("rb") as file:
        return _read(file, path.stat().st_size)


def read_data(data: bytes) -> list[FoundConversation]:
    """Return the conversations of a file that was sent here; as :func:`read_path`."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return _read(file, len(data))


def _read(file: IO[bytes], size: int) -> list[FoundConversation]:
    if size < LEAST_BYTES:
        return read_stream(file)
    found: list[FoundConversation] = []
    with subprocess.Popen(
        python_command(__name__),
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        env=child_environment(),
    ) as process:
        assert process.stdout is not None
        try:
            for piece in _pieces(process.stdout):
                if isinstance(piece, _Begin):
                    found.append(piece.conversation)
                elif isinstance(piece, _More):
                    found[-1].messages.extend(piece.messages)
                elif isinstance(piece, _Failed):
                    raise ValidationError("file", piece.problem)
                else:
                    return found
        finally:
            process.kill()
    raise ValidationError("file", "could not be read to its end; it may take more memory than there is")


def _pieces(stream: IO[bytes]) -> Iterator[_Piece]:
    """Yield the pieces until the process has ended, however it did."""
    while len(head := stream.read(4)) == 4:
        data = stream.read(int.from_bytes(head, "big"))
        try:
            yield _decoder.decode(data)
        except msgspec.DecodeError:
            return  # cut off


def _tell(piece: _Piece) -> None:
    data = _encoder.encode(piece)
    sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)


def _answer() -> None:
    """Read standard input, and write what it is to standard output."""
    try:
        found = read_stream(sys.stdin.buffer)
    except ValidationError as error:
        _tell(_Failed(error.problem))
        return
    for conversation in found:
        _tell(_Begin(msgspec.structs.replace(conversation, messages=[])))
        piece: list[FoundMessage] = []
        room = PIECE_BYTES
        for message in conversation.messages:
            size = len(_encoder.encode(message))
            if size > room and piece:
                _tell(_More(piece))
                piece, room = [], PIECE_BYTES
            piece.append(message)
            room -= size
        _tell(_More(piece))
    _tell(_End())


if __name__ == "__main__":
    _answer()
    sys.stdout.buffer.flush()
