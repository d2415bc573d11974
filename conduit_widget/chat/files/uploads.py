"""Files on their way in: a place is reserved, the bytes come in as many pieces as it takes, it is stored.

Whatever is cut off in between, by the client, by a crash, by a full disk, is either continued or collected:
first comes the record, then the bytes, and each step can be done again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from conduit_widget.chat.files.file_store import FileStore
from conduit_widget.chat.files.media_types import media_type_of
from conduit_widget.chat.files.scanner import Scanner
from conduit_widget.chat.files.spool import Digest, Spool
from conduit_widget.chat.history.file_records import Content, FileRecord, FileRecords
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import (
    ConduitError,
    FileLimitError,
    NotInHistoryError,
    StoreFullError,
    StoreUnavailableError,
    ValidationError,
)

_logger = logging.getLogger(__name__)

TOUCH_INTERVAL: Final = 60.0
DOOMED_PATIENCE: Final = 10.0
_RETRY: Final = 0.1


class UploadBusyError(ConduitError):
    """Another request writes to the upload at present."""

    def __init__(self) -> None:
        super().__init__("Another request writes to this upload; try again.")


class OffsetError(ConduitError):
    """A piece does not continue what has come; both offsets in bytes."""

    def __init__(self, expected: int, given: int) -> None:
        self.expected = expected
        self.given = given
        super().__init__(f"The upload has {expected} bytes; the piece begins at {given}.")


class Uploads:
    """The uploads of one node. ``collect_soon`` is called when one has left something to delete."""

    def __init__(
        self,
        records: FileRecords,
        store: FileStore,
        spool: Spool,
        settings: ChatSettings,
        scanner: Scanner | None,
        *,
        collect_soon: Callable[[], None],
    ) -> None:
        self._records = records
        self._store = store
        self._spool = spool
        self._settings = settings
        self._scanner = scanner
        self._collect_soon = collect_soon
        self._busy: set[str] = set()
        self._touched: dict[str, float] = {}
        self._forgetting: set[asyncio.Future[None]] = set()

    async def begin(
        self, user_id: str, conversation_id: str, name: str, media_type: str, size: int | None
    ) -> FileRecord:
        """Reserve a place for ``size`` bytes; None: nobody knows, so as many as a file may have.

        Raises:
            FileLimitError: the file, or what the user has, would be over a limit.
            StoreFullError: the disk would be too full with it.

        """
        most = self._settings.max_file_bytes
        if size is not None and size > most:
            raise FileLimitError(f"file: has {size} bytes; the limit is {most}")
        # As long as it is stored, it is there twice. The history goes on writing beside the files.
        needed = 2 * (most if size is None else size) + self._settings.spare_disk_bytes
        if await self._spool.free_bytes() < needed:
            raise StoreFullError
        record = FileRecord(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id,
            user_id=user_id,
            name=name,
            media_type=media_type,
            size=most if size is None else size,
        )
        try:
            await self._records.begin(
                record,
                max_user_bytes=self._settings.max_user_file_bytes,
                max_uploads=self._settings.uploads_per_user,
            )
        except asyncio.CancelledError:  # the record may be there all the same
            await self.cancel(record)
            raise
        return record

    async def offset(self, record: FileRecord) -> int:
        """Return how many bytes of an upload have come."""
        return record.size if record.is_stored else await self._spool.size(record.id)

    async def append(self, record: FileRecord, offset: int, pieces: AsyncIterator[bytes]) -> int:
        """Add bytes that begin at ``offset``; return how many there are then. What came before a cut stays.

        Raises:
            OffsetError: they do not continue what has come.
            UploadBusyError: another request adds some.
            FileLimitError: more came than was announced.
            StoreFullError: the disk is full.

        """
        with self._alone(record.id):
            expected = await self.offset(record)
            if offset != expected or record.is_stored:
                raise OffsetError(expected, offset)
            await self._touch(record.id)
            return await self._spool.append(record.id, pieces, limit=record.size)

    async def finish(self, record: FileRecord, size: int) -> FileRecord:
        """Store the ``size`` bytes that have come as the whole file, and return its record; again the same.

        Raises:
            NotInHistoryError: the upload was forgotten while they came.
            ValidationError: the scanner refuses it, which ends the upload.
            StoreUnavailableError: it can be tried again.

        """
        with self._alone(record.id):
            if record.is_stored:
                return record
            await self._spool.touch(record.id)
            path = self._spool.path(record.id)
            digest = await self._spool.digest(record.id)
            if digest.size != size:
                await self.cancel(record)
                raise NotInHistoryError("There is no such upload.")
            if self._scanner is not None:
                try:
                    await self._scanner.check(path)
                except ValidationError:
                    await self.cancel(record)
                    raise
            content = _content(digest, record.name)
            await self._complete(record.id, content)
            await self._store.put(content.sha256, path)
            await self._records.store(record.id)
            self._touched.pop(record.id, None)
            await self._spool.remove(record.id)
        found = await self._records.find(record.id)
        if found is None:
            raise StoreUnavailableError
        return found

    async def cancel(self, record: FileRecord) -> None:
        """Forget an upload and what has come of it: to the end, also when whoever waits for it is cut off."""
        forgetting = asyncio.ensure_future(self._forget(record))
        self._forgetting.add(forgetting)
        forgetting.add_done_callback(self._forgetting.discard)
        await asyncio.shield(forgetting)

    async def _forget(self, record: FileRecord) -> None:
        self._touched.pop(record.id, None)
        await self._spool.remove(record.id)  # first: a full disk has room for the rest then
        await self._records.cancel(record.id)
        self._collect_soon()

    async def sweep(self) -> None:
        """Remove what is here of uploads that are no more."""
        ids = await self._spool.ids()
        alive = await self._records.unfinished(ids) if ids else set()
        for upload_id in ids:
            if upload_id not in alive and upload_id not in self._busy:
                await self._spool.remove(upload_id)
                self._touched.pop(upload_id, None)

    async def _complete(self, upload_id: str, content: Content) -> None:
        deadline = time.monotonic() + DOOMED_PATIENCE
        while not await self._records.complete(upload_id, content):
            if time.monotonic() > deadline:
                raise StoreUnavailableError
            await asyncio.sleep(_RETRY)

    async def _touch(self, upload_id: str) -> None:
        now = time.monotonic()
        if now - self._touched.get(upload_id, 0.0) > TOUCH_INTERVAL:
            self._touched[upload_id] = now
            await self._records.touch(upload_id)

    @contextlib.contextmanager
    def _alone(self, upload_id: str) -> Iterator[None]:
        if upload_id in self._busy:
            raise UploadBusyError
        self._busy.add(upload_id)
        try:
            yield
        finally:
            self._busy.discard(upload_id)


def _content(digest: Digest, name: str) -> Content:
    media_type = media_type_of(digest.head, name, is_whole=digest.size <= len(digest.head))
    return Content(media_type, digest.size, digest.sha256)
