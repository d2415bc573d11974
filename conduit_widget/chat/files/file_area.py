"""All of a hub's files: put together, started and closed with the chat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from conduit_widget.chat.files.collector import Collector
from conduit_widget.chat.files.file_store import FileStore
from conduit_widget.chat.files.local_store import LocalFileStore
from conduit_widget.chat.files.object_store import ObjectFileStore
from conduit_widget.chat.files.scanner import Scanner
from conduit_widget.chat.files.spool import Spool
from conduit_widget.chat.files.uploads import Uploads
from conduit_widget.chat.history.file_records import FileRecord
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException, SettingsError
from conduit_widget.types import MemberRole

LOOK_AGAIN: Final = 2.0
"""Seconds after which it is asked again whether a download may go on."""


def make_private(folder: Path) -> None:
    """Create a folder, and those above it that are missing, for their owner alone."""
    for each in (*reversed(folder.parents), folder):
        each.mkdir(exist_ok=True, mode=0o700)


class FileArea:
    """Files of the conversations in ``history``; ``folder`` is this node's own, for uploads under way.

    The bytes are at ``url`` (an object store), without one in the folder too. ``scan`` is the command that
    may refuse a file.

    Raises:
        SettingsError: the URL or the command cannot be used.
        HubStartError: an extra is not installed.

    """

    def __init__(
        self,
        history: HistoryStore,
        folder: Path,
        settings: ChatSettings,
        *,
        url: str | None = None,
        scan: str | None = None,
    ) -> None:
        self.settings = settings
        self.store: FileStore = LocalFileStore(folder / "contents") if url is None else ObjectFileStore(url)
        self._folder = folder
        self._history = history
        self._spool = Spool(folder / "incoming")
        self.collector = Collector(history.files, self.store, settings)
        self.uploads = Uploads(
            history.files,
            self.store,
            self._spool,
            settings,
            None if scan is None else Scanner(scan),
            collect_soon=self.collector.soon,
        )

    async def start(self) -> None:
        """Open the store and begin to collect; the history is open already.

        Raises:
            SettingsError: the folder or the store cannot be used.

        """
        try:
            await asyncio.to_thread(make_private, self._folder)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError(f"The directory of files {self._folder} cannot be used: {reason}.") from error
        await self._spool.start()
        await self.store.start()
        self.collector.start(self.uploads)

    async def aclose(self) -> None:
        """End collecting and close the store (idempotent)."""
        await self.collector.aclose()
        await self.store.aclose()

    async def find(self, file_id: str) -> FileRecord | None:
        """Return a file's record, or None."""
        return await self._history.files.find(file_id)

    async def role(self, conversation_id: str, user_id: str) -> MemberRole | None:
        """Return what a user may do in a conversation; None for a stranger, and where there is none."""
        record = await self._history.find(conversation_id)
        if record is None:
            return None
        role = await self._history.role(conversation_id, user_id)
        return "member" if role is None and record.visibility == "open" else role

    async def may_read(self, record: FileRecord, user_id: str) -> bool:
        """Whether a user may have a file: a reader, once a message has it; before that who uploaded it."""
        if not record.is_stored or not (record.uses or (record.user_id == user_id and not record.was_used)):
            return False
        return await self.role(record.conversation_id, user_id) is not None

    async def read(self, record: FileRecord, user_id: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Yield the bytes of a file from ``start`` up to, not including, ``stop``.

        Raises:
            HubException: the user may not have it any more.

        """
        looked_at = time.monotonic()
        async for piece in self.store.read(record.sha256, start, stop):
            if time.monotonic() - looked_at > LOOK_AGAIN:
                looked_at = time.monotonic()
                found = await self.find(record.id)
                if found is None or not await self.may_read(found, user_id):
                    raise HubException(ErrorText.UNAUTHORIZED)
            yield piece
