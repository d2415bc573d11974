"""The bytes of files in a directory: written aside, fsynced, renamed, so that a name says what is in it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from conduit_widget.errors import NotInHistoryError, SettingsError, StoreFullError, StoreUnavailableError

T = TypeVar("T")

PIECE_BYTES: Final = 256 * 1024
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class LocalFileStore:
    """A ``FileStore`` in a directory that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def start(self) -> None:
        def prepare() -> None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for aside in self._folder.glob(".*.part"):  # of an earlier process: nothing writes there now
                aside.unlink(missing_ok=True)

        try:
            await asyncio.to_thread(prepare)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError(f"The files' directory {self._folder} cannot be used: {reason}.") from error

    async def aclose(self) -> None:
        """Nothing is held."""

    async def put(self, sha256: str, path: Path) -> None:
        await in_thread(lambda: self._put(self._path(sha256), path))

    async def read(self, sha256: str, start: int, stop: int) -> AsyncIterator[bytes]:
        try:
            file = await in_thread(lambda: self._path(sha256).open("rb"))
        except FileNotFoundError:
            raise NotInHistoryError("The file's content is not there.") from None
        with contextlib.closing(file):
            await in_thread(lambda: file.seek(start))
            while start < stop:
                piece = await in_thread(partial(file.read, min(PIECE_BYTES, stop - start)))
                if not piece:
                    return
                start += len(piece)
                yield piece

    async def delete(self, sha256: str) -> None:
        await in_thread(lambda: self._path(sha256).unlink(missing_ok=True))

    async def contents(self) -> set[str]:
        def names() -> set[str]:
            return {path.name for path in self._folder.glob("??/*") if _SHA256.fullmatch(path.name)}

        return await in_thread(names)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def _put(self, target: Path, source: Path) -> None:
        if target.exists() and target.stat().st_size == source.stat().st_size:
            return
        aside = self._folder / f".{uuid.uuid4().hex}.part"
        try:
            with source.open("rb") as given, os.fdopen(_new(aside), "wb") as written:
                shutil.copyfileobj(given, written, PIECE_BYTES)
                written.flush()
                os.fsync(written.fileno())
            target.parent.mkdir(exist_ok=True, mode=0o700)
            aside.replace(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def in_thread(work: Callable[[], T]) -> T:
    """Run ``work``, which touches a disk, on another thread; it is over when this returns or raises.

    Raises:
        StoreFullError: the disk is full.
        StoreUnavailableError: the disk cannot be used.

    """
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreFullError if error.errno in _FULL else StoreUnavailableError from error
