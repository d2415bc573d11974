"""The seam of the bytes of files, found by their SHA-256: a directory, or an object store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol


class FileStore(Protocol):
    """Where the bytes are. Every method may be called concurrently from one event loop.

    Each raises ``StoreUnavailableError`` while the store cannot be used (``StoreFullError``: no room).
    """

    async def start(self) -> None:
        """Get ready, creating what is missing.

        Raises:
            SettingsError: it cannot be used as it is set.

        """
        ...

    async def aclose(self) -> None:
        """Release everything (idempotent)."""
        ...

    async def put(self, sha256: str, path: Path) -> None:
        """Keep a copy of a file whose content that is; returns when it is durable. Again does no harm."""
        ...

    def read(self, sha256: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``stop``, in pieces.

        Raises:
            NotInHistoryError: the store does not have them.

        """
        ...

    async def delete(self, sha256: str) -> None:
        """Delete a content (harmless when it is not there)."""
        ...

    async def contents(self) -> set[str]:
        """Return the SHA-256 of everything there is."""
        ...
