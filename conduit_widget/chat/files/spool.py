"""What of uploads has come so far: one file each, on this node's disk."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, NamedTuple

from conduit_widget.chat.files.local_store import PIECE_BYTES, in_thread
from conduit_widget.errors import FileLimitError

HEAD_BYTES: Final = 64 * 1024


class Digest(NamedTuple):
    """What a whole upload is: its size (bytes), its SHA-256, and how it begins."""

    size: int
    sha256: str
    head: bytes


class Spool:
    """A directory of partial files, named by the uploads' ids (which the hub makes, never a client)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def start(self) -> None:
        """Create the directory."""
        await in_thread(lambda: self._folder.mkdir(parents=True, exist_ok=True, mode=0o700))

    def path(self, upload_id: str) -> Path:
        """Return where an upload's bytes are."""
        return self._folder / upload_id

    async def size(self, upload_id: str) -> int:
        """Return how many bytes have come."""
        try:
            return (await in_thread(self.path(upload_id).stat)).st_size
        except FileNotFoundError:
            return 0

    async def append(self, upload_id: str, pieces: AsyncIterator[bytes], *, limit: int) -> int:
        """Add what comes, up to ``limit`` bytes in all; return how many there are then.

        What came before a failure stays.

        Raises:
            FileLimitError: more came; nothing beyond the limit is written.
            StoreFullError: the disk is full.

        """
        path = self.path(upload_id)
        file = await in_thread(lambda: path.open("ab", buffering=0))
        try:
            size = await in_thread(file.tell)
            gathered = bytearray()

            def flush() -> None:
                while gathered:
                    written = file.write(gathered)
                    del gathered[: written or 0]

            try:
                async for piece in pieces:
                    size += len(piece)
                    if size > limit:
                        raise FileLimitError(f"file: has more than the {limit} bytes it may have")
                    gathered += piece
                    if len(gathered) >= PIECE_BYTES:
                        await in_thread(flush)
            finally:
                await in_thread(flush)
            return size
        finally:
            file.close()

    async def digest(self, upload_id: str) -> Digest:
        """Read all of an upload."""

        def read() -> Digest:
            path = self.path(upload_id)
            if not path.exists():
                return Digest(0, hashlib.sha256().hexdigest(), b"")
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                return Digest(file.tell(), sha256, head)

        return await in_thread(read)

    async def touch(self, upload_id: str) -> None:
        """Create the upload's file, where there is none yet: an upload may be empty."""
        await in_thread(lambda: self.path(upload_id).touch(mode=0o600))

    async def remove(self, upload_id: str) -> None:
        """Forget what has come (harmless when nothing has)."""
        await in_thread(lambda: self.path(upload_id).unlink(missing_ok=True))

    async def free_bytes(self) -> int:
        """Return how much room the disk has."""
        return (await in_thread(lambda: shutil.disk_usage(self._folder))).free

    async def ids(self) -> list[str]:
        """Return the uploads of which something is here."""
        return await in_thread(lambda: [path.name for path in self._folder.iterdir()])
