"""A disk that can be filled and emptied: a tmpfs where mounting is allowed, else SQLite's own page limit.

Both make the next write fail as on a full disk (``SQLITE_FULL``), from the database itself.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore

SIZE_MIB: Final = 3
_PIECE: Final = b"x" * 4096


class SmallDisk(Protocol):
    """Where a history is."""

    @property
    def store(self) -> SqliteHistoryStore:
        """The history on it, not started."""

    async def fill(self) -> None:
        """Leave no room."""

    async def free(self) -> None:
        """Make room."""


class _Tmpfs:
    def __init__(self, folder: Path) -> None:
        self.store = SqliteHistoryStore(folder / "h.db")
        self._ballast = folder / "ballast"

    async def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(_PIECE) == len(_PIECE):
                pass

    async def free(self) -> None:
        self._ballast.unlink()


class _LimitedStore(SqliteHistoryStore):
    async def limit(self, pages: int) -> None:
        """Let the file have no more pages than that, or than it has."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(f"PRAGMA max_page_count={pages}").fetchone()

        await self._writer.write(work)


class _PageLimit:
    def __init__(self, folder: Path) -> None:
        self.store: _LimitedStore = _LimitedStore(folder / "h.db")

    async def fill(self) -> None:
        await self.store.limit(1)

    async def free(self) -> None:
        await self.store.limit(1 << 20)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Yield a small disk, its folder below ``folder``; unmounted in the end."""
    point = folder / "small"
    point.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(point)]
    mounted = os.geteuid() == 0 and subprocess.run(mounting, check=False, capture_output=True).returncode == 0
    try:
        yield _Tmpfs(point) if mounted else _PageLimit(point)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(point)], check=True)
