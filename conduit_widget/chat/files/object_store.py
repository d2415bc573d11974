"""The bytes of files in an object store: S3, Google Cloud Storage, Azure, or what speaks like one of them.

Needs the ``files`` extra; nothing of it is imported before a store is made. Credentials come from where the
platforms' own tools look for them: the environment, or the machine's role.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from conduit_widget.errors import (
    HubStartError,
    NotInHistoryError,
    SettingsError,
    StoreUnavailableError,
    trace_of,
)

T = TypeVar("T")

PIECE_BYTES: Final = 1024 * 1024
SCHEMES: Final = ("s3", "gs", "az", "file")
_FOLDER: Final = "contents"
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)

_logger = logging.getLogger(__name__)


class ObjectFileStore:
    """A ``FileStore`` at ``s3://bucket/prefix``, ``gs://…``, ``az://…`` or ``file:///folder``.

    Raises:
        SettingsError: the URL is none of these.
        HubStartError: the ``files`` extra is not installed.

    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not (parts.netloc or parts.path.strip("/")):
            raise SettingsError(
                "--files-url must be s3://bucket, gs://bucket, az://container or file:///folder."
            )
        try:
            import obstore  # noqa: PLC0415 - of an extra
            from obstore import exceptions, store  # noqa: PLC0415 - of an extra
        except ImportError as error:
            raise HubStartError(
                'An object store for files needs obstore: pip install "conduit_widget[files]"'
            ) from error
        self._obstore = obstore
        self._failures = exceptions.BaseError
        self._not_found = (exceptions.NotFoundError, FileNotFoundError)
        self._name = f"{parts.scheme}://{parts.hostname or ''}"
        try:
            if parts.scheme == "file":
                Path(parts.path).mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store: Any = store.from_url(url)
        except (exceptions.BaseError, ValueError, OSError) as error:
            raise SettingsError(
                f"--files-url: {self._name} cannot be used ({type(error).__name__})."
            ) from error

    async def start(self) -> None:
        """Ask for something, so that a wrong bucket or credential is known now."""
        try:
            await self._obstore.list_with_delimiter_async(self._store, prefix=_FOLDER)
        except self._failures as error:
            text = f"--files-url: {self._name} refuses us or cannot be reached ({type(error).__name__})."
            raise SettingsError(text) from error

    async def aclose(self) -> None:
        """Nothing is held."""

    async def put(self, sha256: str, path: Path) -> None:
        await self._done(self._obstore.put_async(self._store, _key(sha256), path))

    async def read(self, sha256: str, start: int, stop: int) -> AsyncIterator[bytes]:
        while start < stop:
            end = min(start + PIECE_BYTES, stop)
            piece = await self._done(
                self._obstore.get_range_async(self._store, _key(sha256), start=start, end=end)
            )
            start = end
            yield bytes(piece)

    async def delete(self, sha256: str) -> None:
        try:
            await self._done(self._obstore.delete_async(self._store, _key(sha256)))
        except NotInHistoryError:
            return

    async def contents(self) -> set[str]:
        names: set[str] = set()
        try:
            async for page in self._obstore.list(self._store, prefix=_FOLDER):
                names.update(entry["path"].rpartition("/")[2] for entry in page)
        except self._failures as error:
            raise self._unavailable(error) from error
        return {name for name in names if _SHA256.fullmatch(name)}

    async def _done(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except self._not_found:
            raise NotInHistoryError("The file's content is not there.") from None
        except self._failures as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StoreUnavailableError:
        _logger.warning("The files' store %s fails: %s", self._name, trace_of(error))
        return StoreUnavailableError()


def _key(sha256: str) -> str:
    return f"{_FOLDER}/{sha256[:2]}/{sha256}"
