"""The seam of the records of files: whose they are, which conversation has them, how many messages use them.

The records stand beside the log and change with it in one transaction: a message that is committed has its
files, and one that is deleted lets go of them. The bytes are elsewhere, found by their SHA-256. They are
deleted when no record has them any more, which :meth:`FileRecords.collect` notes with the record's end, so
that a crash in between leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from conduit_widget.types import Attachment

CLAIM_SECONDS: Final = 300.0
"""For how long a node has a content to itself that it deletes; then it is taken for dead."""
TOO_MUCH: Final = "{used} of {limit} bytes are used; delete messages with files to make room"
TOO_MANY: Final = "{count} uploads are under way; the limit is {limit}"


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One file. ``size`` (bytes) is what was announced until it is ``is_stored``; ``sha256`` is empty then.

    ``uses`` counts the messages that have it; ``was_used``: there was one at some time.
    """

    id: str
    conversation_id: str
    user_id: str
    name: str
    media_type: str
    size: int
    sha256: str = ""
    is_stored: bool = False
    uses: int = 0
    was_used: bool = False

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> FileRecord:
        """Return the record of a row that has the fields' values in their order."""
        values = dict(zip(cls.__struct_fields__, row, strict=True))
        flags = {name: bool(values[name]) for name in ("is_stored", "was_used")}
        return cls(**{**values, **flags})

    def attachment(self) -> Attachment:
        """Return the file as messages name it."""
        return Attachment(
            id=self.id, name=self.name, media_type=self.media_type, size=self.size, sha256=self.sha256
        )


class Content(NamedTuple):
    """What turned out of a file when all of it was there."""

    media_type: str
    size: int
    sha256: str


class FileRecords(Protocol):
    """The records; every method may be called concurrently, and raises what a ``HistoryStore`` raises."""

    async def begin(self, record: FileRecord, *, max_user_bytes: int, max_uploads: int) -> None:
        """Reserve a place for a file that is about to come.

        Raises:
            FileLimitError: its user would have more bytes or more uploads than they may; nothing was done.

        """
        ...

    async def find(self, file_id: str) -> FileRecord | None:
        """Return a file's record, or None."""
        ...

    async def touch(self, file_id: str) -> None:
        """Note that an upload goes on."""
        ...

    async def complete(self, file_id: str, content: Content) -> bool:
        """Note what all the bytes are; False while those of an earlier such file are being deleted.

        Raises:
            NotInHistoryError: there is no such upload (any more).

        """
        ...

    async def store(self, file_id: str) -> None:
        """Note that the bytes are where they belong: the file can be had from now on.

        Raises:
            NotInHistoryError: there is no such upload (any more).

        """
        ...

    async def cancel(self, file_id: str) -> None:
        """Forget an upload, if it has not ended."""
        ...

    async def unfinished(self, file_ids: Collection[str]) -> set[str]:
        """Return those of the ids that are uploads under way."""
        ...

    async def collect(self, *, unused_for: float, unfinished_for: float) -> list[str]:
        """Forget files that nobody needs; return the contents (SHA-256) to delete, also of earlier calls.

        Those are files whose messages were all deleted, files that no message had for ``unused_for`` seconds,
        uploads that nobody continued for ``unfinished_for`` seconds.
        """
        ...

    async def claim(self, sha256: str) -> bool:
        """Have a content to oneself to delete it; False: it is needed again, or another node's."""
        ...

    async def deleted(self, sha256: str) -> None:
        """Note that a claimed content is gone."""
        ...


def attached_ids(attachments: object) -> tuple[str, ...]:
    """Return the ids of the files in a message's ``attachments``, each once."""
    if not isinstance(attachments, list) or not attachments:
        return ()  # as nearly all
    ids = [entry.get("id") for entry in attachments if isinstance(entry, Mapping)]
    return tuple(dict.fromkeys(file_id for file_id in ids if isinstance(file_id, str)))
