"""The files of a message, as one works with them at the prompt; a chat of this process fetches the bytes."""

from __future__ import annotations

import importlib
import io
import os
import uuid
import weakref
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final, Protocol

from conduit_widget.types.wire import Wire

_PARQUET: Final = "application/vnd.apache.parquet"
_UNITS: Final = ("bytes", "kB", "MB", "GB")


class Attachment(Wire, frozen=True, kw_only=True):
    """A file of a message, as the hub has it; ``size`` in bytes, ``media_type`` by its content."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str


class FileReader(Protocol):
    """Something that has a way to a hub, such as a chat."""

    def knows(self, conversation_id: str) -> bool:
        """Whether it is in that conversation at present."""

    def fetch_file(self, file: Attachment, write: Callable[[bytes], object]) -> None:
        """Call ``write`` with the bytes, in order; returns when all have come."""


_readers: weakref.WeakSet[FileReader] = weakref.WeakSet()


def register_reader(reader: FileReader) -> None:
    """Have files fetched by a reader, as long as it lives."""
    _readers.add(reader)


class AttachedFile:
    """A file of a message: ``save`` it, ``open`` it, ``read`` it, or have its table with ``to_frame``."""

    def __init__(self, file: Attachment, conversation_id: str) -> None:
        self._file = file
        self._conversation_id = conversation_id

    @property
    def name(self) -> str:
        """Its name, without a folder."""
        return PurePath(self._file.name.replace("\\", "/")).name or "file"

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self._file.size

    @property
    def media_type(self) -> str:
        """What it is, by its content, as the hub found."""
        return self._file.media_type

    def save(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Save it under ``path``, or in that folder, or without one here. Returns the path.

        What is there under ``path`` is replaced; what has the file's own name in a folder stays, and the file
        is put beside it: others choose names. A download that fails leaves what was there.

        Raises:
            ConduitError: it cannot be had (any more).
            LookupError: no chat of this process is in its conversation.

        """
        target = Path() if path is None else Path(path)
        if target.is_dir():
            target = _unused(target / self.name)
        aside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            with aside.open("xb") as file:
                self._fetch(file.write)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
        return target

    def read(self) -> bytes:
        """Return its bytes; raises as :meth:`save` does."""
        content = io.BytesIO()
        self._fetch(content.write)
        return content.getvalue()

    def open(self) -> BinaryIO:
        """Return it as a file to read from; raises as :meth:`save` does."""
        return io.BytesIO(self.read())

    def to_frame(self, **options: Any) -> Any:
        """Return the table in a CSV, TSV, JSON or Parquet file as a pandas DataFrame.

        ``options`` are those of pandas' reader.

        Raises:
            ImportError: pandas, or what it needs for this kind, is not installed.
            ValueError: there is no table in it.

        """
        try:
            pd = importlib.import_module("pandas")
        except ImportError:
            raise ImportError("A table becomes a DataFrame with pandas: `pip install pandas`.") from None
        readers: dict[str, Callable[..., Any]] = {
            "text/csv": pd.read_csv,
            "text/tab-separated-values": lambda file, **more: pd.read_csv(file, **{"sep": "\t", **more}),
            "application/json": pd.read_json,
            "application/jsonl": lambda file, **more: pd.read_json(file, **{"lines": True, **more}),
            _PARQUET: pd.read_parquet,
        }
        reader = readers.get(self.media_type)
        if reader is None:
            raise ValueError(f"{self.name} is {self.media_type}: no table.")
        return reader(self.open(), **options)

    def _fetch(self, write: Callable[[bytes], object]) -> None:
        reader = next((each for each in _readers if each.knows(self._conversation_id)), None)
        if reader is None:
            name = self._conversation_id
            raise LookupError(f"No chat of {name!r} is open here: create Chat({name!r}).")
        reader.fetch_file(self._file, write)

    def __repr__(self) -> str:
        return f"<file {self.name!r}: {self.media_type}, {size_text(self.size)}>"


def size_text(size: int) -> str:
    """Return a size for people.

    >>> size_text(999), size_text(26_214_400)
    ('999 bytes', '26.2 MB')
    """
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{size} bytes" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def _unused(path: Path) -> Path:
    found, number = path, 1
    while found.exists():
        found, number = path.with_name(f"{path.stem} ({number}){path.suffix}"), number + 1
    return found
