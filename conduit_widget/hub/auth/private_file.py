"""Small files that only their owner may read: written whole or not at all, noticed when they change."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from conduit_widget.errors import UNREADABLE
from conduit_widget.nesting import MAX_DEPTH, is_json_too_deep

T = TypeVar("T")

Stamp = tuple[int, ...]
"""Distinguishes versions of a file: device, inode, times of change (ns) and size."""


def write_private(path: Path, data: bytes) -> None:
    """Put ``data`` in place of the file, mode 0600; a reader sees the old content or the new.

    Raises:
        OSError: it cannot be written.

    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        private.replace(path)
    finally:
        private.unlink(missing_ok=True)


def read_private(path: Path, limit_bytes: int) -> bytes:
    """Return the content of a file that is ours alone.

    Raises:
        PermissionError: others may read or write it, or it is somebody else's.
        ValueError: it is larger than the limit.
        OSError: it cannot be read.

    """
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if os.name == "posix" and (
            status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid != os.geteuid()
        ):
            raise PermissionError(f"{path} is open to other users; run: chmod 600 {path}")
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise ValueError(f"{path} has more than {limit_bytes} bytes.")
    return data


def read_document(path: Path, type_: type[T], limit_bytes: int, *, remedy: str) -> T | None:
    """Return the JSON document of a private file; None when there is no file.

    Raises:
        ValueError: it is no such document, or too large; the text names the ``remedy``, never the content.
        OSError: as for :func:`read_private`.

    """
    try:
        data = read_private(path, limit_bytes)
    except FileNotFoundError:
        return None
    problem = f"it nests more than {MAX_DEPTH} levels deep"
    if not is_json_too_deep(data):
        try:
            return msgspec.json.decode(data, type=type_)
        except UNREADABLE:
            problem = "it is no JSON of the kind this program writes"
    raise ValueError(f"{path} is damaged ({problem}): {remedy}.")


def write_document(path: Path, document: msgspec.Struct) -> None:
    """Put a JSON document that people can read in place of the file; see :func:`write_private`."""
    write_private(path, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def stamp_of(path: Path) -> Stamp | None:
    """Return the present version of a file; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
