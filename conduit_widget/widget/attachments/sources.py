"""What ``files=`` takes, as files to send: paths, bytes, tables and plots."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
from collections.abc import Collection, Iterable
from pathlib import Path, PurePath
from typing import Any, Final

from conduit_widget.chat_client.files.uploading import Source
from conduit_widget.context.namespace import current_namespace
from conduit_widget.context.pictures import figure_of
from conduit_widget.context.tables import is_table
from conduit_widget.contract import MAX_ATTACHMENTS, MAX_FILE_BYTES, MAX_FILE_NAME_CHARS
from conduit_widget.errors import ValidationError
from conduit_widget.text.plain_text import writable
from conduit_widget.types.attached_files import size_text

UNSAYABLE: Final = "\N{REPLACEMENT CHARACTER}"
"""What a name or a table that is no text (not in UTF-8) has in place of what cannot be said."""

PIECE_BYTES: Final = 1024 * 1024
_KINDS: Final = "a path, bytes, a DataFrame, a plot, or a pair of a name and one of them"


class BytesSource:
    """A file that is there whole."""

    piece_bytes = PIECE_BYTES

    def __init__(self, name: str, content: bytes) -> None:
        self.name = writable(name, UNSAYABLE)
        self.size = len(content)
        self._content = content

    async def read(self, start: int, stop: int) -> bytes:
        """Return a part of it."""
        return self._content[start:stop]


class PathSource:
    """A file on the disk, of the size it had when it was given."""

    piece_bytes = PIECE_BYTES

    def __init__(self, name: str, path: Path, size: int) -> None:
        self.name = writable(name, UNSAYABLE)
        self.size = size
        self._path = path

    async def read(self, start: int, stop: int) -> bytes:
        """Return a part of it.

        Raises:
            ValidationError: it has become shorter, or is gone.

        """

        def read() -> bytes:
            with self._path.open("rb") as file:
                file.seek(start)
                return file.read(stop - start)

        try:
            content = await asyncio.to_thread(read)
        except OSError as error:
            raise ValidationError("files", f"{self.name} cannot be read: {error.strerror}.") from None
        if len(content) != stop - start:
            raise ValidationError("files", f"{self.name} has changed while it was sent.")
        return content


def sources_of(files: object) -> list[Source]:
    """Return what is to be sent; one thing alone need not be in a list.

    Raises:
        ValidationError: too many, too large, not there, or nothing that can be sent.

    """
    is_one = isinstance(files, str | bytes | bytearray | os.PathLike) or not isinstance(files, Iterable)
    given = [files] if is_one or is_table(files) or _is_pair(files) else list(files)  # type: ignore[call-overload]
    if len(given) > MAX_ATTACHMENTS:
        raise ValidationError("files", f"has {len(given)} files; the limit is {MAX_ATTACHMENTS}.")
    taken: set[str] = set()
    return [_source(each, taken) for each in given]


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and (isinstance(value[1], bytes | bytearray) or is_table(value[1]) or figure_of(value[1]) is not None)
    )


def _source(value: Any, taken: set[str]) -> Source:
    name = ""
    if _is_pair(value):
        name, value = value
    source: Source
    if isinstance(value, str | os.PathLike):
        source = _of_path(Path(os.path.expanduser(value)), name)  # noqa: PTH111 - no error for a user not there
    else:
        content, kind, ending = _content(value)
        name = name or _free(_name_here(value) or kind, ending, taken)
        _check_size(name, len(content))
        source = BytesSource(name, content)
    taken.add(source.name)
    return source


def _name_here(value: object) -> str:
    """Return what the notebook calls a value; empty where it has no name for it, or none for a file."""
    name = current_namespace().name_of(value)
    return name if name.isidentifier() and len(name) <= MAX_FILE_NAME_CHARS // 2 else ""


def _free(stem: str, ending: str, taken: Collection[str]) -> str:
    """Return a name that no file before it has: ``table.csv``, then ``table 2.csv``."""
    numbered = (f"{stem} {number}{ending}" for number in itertools.count(2))
    return next(name for name in itertools.chain([f"{stem}{ending}"], numbered) if name not in taken)


def _of_path(path: Path, name: str) -> Source:
    try:
        if not path.is_file():
            raise ValidationError("files", f"{path.name} is no file here.")
        size = path.stat().st_size
    except OSError as error:
        raise ValidationError("files", f"{path.name} cannot be read: {error.strerror}.") from None
    _check_size(path.name, size)
    return PathSource(name or path.name, path, size)


def _content(value: Any) -> tuple[bytes, str, str]:
    """Return the bytes of a value, what it is in a word, and the ending of its file."""
    if isinstance(value, bytes | bytearray):
        return bytes(value), "file", ""
    if is_table(value):
        table = value.to_csv(index=not _is_plain_index(value))
        return writable(table, UNSAYABLE).encode(), "table", ".csv"
    figure = figure_of(value)
    if figure is not None:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight")
        return buffer.getvalue(), "plot", ".png"
    png = getattr(type(value), "_repr_png_", None)
    if callable(png) and isinstance(picture := png(value), bytes):
        return picture, "picture", ".png"
    raise ValidationError("files", f"takes {_KINDS}, not {type(value).__name__}.")


def _is_plain_index(frame: Any) -> bool:
    return type(frame.index).__name__ == "RangeIndex"


def _check_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        limit = size_text(MAX_FILE_BYTES)
        raise ValidationError("files", f"{PurePath(name).name} has {size_text(size)}; the limit is {limit}.")
