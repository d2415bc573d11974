"""Deletes files that nobody needs: when their messages are gone, when none ever had them, when cut off."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from conduit_widget.chat.files.file_store import FileStore
from conduit_widget.chat.files.uploads import Uploads
from conduit_widget.chat.history.file_records import FileRecords
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import StoreUnavailableError, trace_of

_logger = logging.getLogger(__name__)


class Collector:
    """A background task; several nodes may have one each."""

    def __init__(self, records: FileRecords, store: FileStore, settings: ChatSettings) -> None:
        self._records = records
        self._store = store
        self._settings = settings
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, uploads: Uploads) -> None:
        """Start the task."""
        self._task = asyncio.create_task(self._run(uploads), name="file-collector")

    async def aclose(self) -> None:
        """End the task (idempotent)."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def soon(self) -> None:
        """Look now: something was deleted."""
        self._wanted.set()

    async def collect(self) -> None:
        """Forget what nobody needs and delete its bytes."""
        settings = self._settings
        doomed = await self._records.collect(
            unused_for=settings.unused_file_seconds, unfinished_for=settings.unfinished_upload_seconds
        )
        for sha256 in doomed:
            if await self._records.claim(sha256):
                await self._store.delete(sha256)
                await self._records.deleted(sha256)

    async def _run(self, uploads: Uploads) -> None:
        while True:
            self._wanted.clear()
            try:
                await self.collect()
                await uploads.sweep()
            except StoreUnavailableError:
                _logger.debug("The files' store is away; it is tried again.")
            except Exception as error:  # noqa: BLE001 - this task must go on
                _logger.error("Files could not be collected: %s", trace_of(error))  # noqa: TRY400
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.collect_interval):
                    await self._wanted.wait()
