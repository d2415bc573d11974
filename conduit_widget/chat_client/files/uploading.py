"""Files on their way up: piece by piece, each acknowledged, from where the hub has them after any cut.

The protocol is the IETF draft of resumable uploads; see ``chat/files/headers.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec

from conduit_widget.back_off import BackOff
from conduit_widget.chat_client.files.hub_http import Answer, HubHttp, refusal
from conduit_widget.contract import FILES_PATH, UPLOADS_PATH
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    HubException,
    HubStartError,
    StoreUnavailableError,
    ValidationError,
)
from conduit_widget.text.plain_text import writable
from conduit_widget.types import Attachment

T = TypeVar("T")

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
TEMPORARY: Final = (ConnectionFailedError, HubStartError, StoreUnavailableError)
"""What passes by itself: the hub is away, is being started, has no room."""
_GOODBYE: Final = 2.0
_PATH: Final = re.compile(rf"{UPLOADS_PATH}/[A-Za-z0-9_-]{{1,128}}", re.ASCII)

Progress = Callable[[int], None]
"""``progress(bytes)`` is told how much is there; it never goes back."""


class Source(Protocol):
    """Where the bytes of a file come from; ``piece_bytes`` is how many are sent at once."""

    @property
    def name(self) -> str:
        """The file's name."""

    @property
    def size(self) -> int:
        """How many bytes it has."""

    @property
    def piece_bytes(self) -> int:
        """How many are sent at once."""

    async def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to, not including, ``stop``; any part, in any order, again."""


class Reached(NamedTuple):
    """How many bytes the hub has; with the last one, what the file is."""

    offset: int
    file: Attachment | None = None


class UploadGoneError(HubException):
    """The hub has forgotten an upload: it has to be begun again."""

    def __init__(self) -> None:
        super().__init__("The hub has forgotten this upload; it is begun again.")


class Uploading:
    """The steps of an upload, each tried again for ``patience`` seconds while the hub is away."""

    def __init__(self, http: HubHttp, *, patience: float) -> None:
        self._http = http
        self._patience = patience

    async def begin(self, conversation_id: str, name: str, size: int) -> str:
        """Have the hub reserve a place; return where the pieces go.

        Raises:
            HubException: the hub refuses the file.
            ConnectionFailedError: the hub was away for too long.

        """
        query = {"conversationId": conversation_id, "name": writable(name)}
        headers = {"Upload-Complete": "?0", "Upload-Length": str(size)}

        async def begin() -> str:
            answer = await self._http.ask("POST", FILES_PATH, query=query, headers=headers)
            path = answer.headers.get("location", "")
            if answer.status != 201 or not _PATH.fullmatch(path):
                raise refusal(answer)
            return path

        return await self._patiently(begin, _nothing)

    async def put(self, path: str, start: int, content: bytes, *, is_last: bool) -> Reached:
        """Send a piece; return how far the hub is then, which may be elsewhere than after the piece.

        Raises:
            UploadGoneError: the hub knows the upload no more.
            HubException: the hub refuses the file.
            ConnectionFailedError: the hub was away for too long.

        """
        if not _PATH.fullmatch(path):
            raise ValidationError("upload", "is none of the hub's")
        headers = {
            "Upload-Offset": str(start),
            "Upload-Complete": "?1" if is_last else "?0",
            "Content-Type": "application/partial-upload",
        }

        async def put() -> Reached:
            answer = await self._http.ask("PATCH", path, headers=headers, content=content)
            if answer.status == 200:
                return Reached(start + len(content), msgspec.convert(answer.told, Attachment))
            if answer.status in (204, 409):
                return Reached(_offset_of(answer))
            raise UploadGoneError if answer.status == 404 else refusal(answer)

        async def look() -> Reached | None:
            answer = await self._http.ask("HEAD", path)
            if answer.status == 404:
                raise UploadGoneError
            # The last piece may have come, and its answer not: then it is sent again, empty.
            has_moved = answer.status == 200 and _offset_of(answer) != start
            return Reached(_offset_of(answer)) if has_moved else None

        return await self._patiently(put, look)

    async def forget(self, path: str) -> None:
        """Have the hub forget an upload, if it can be told now."""
        if _PATH.fullmatch(path):
            with contextlib.suppress(ConduitError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._http.ask("DELETE", path)

    async def send(self, conversation_id: str, source: Source, progress: Progress) -> Attachment:
        """Send a whole file; return what the hub says of it. Cancelled, the hub forgets it."""
        path, offset, told = "", 0, 0
        try:
            while True:
                path = path or await self.begin(conversation_id, source.name, source.size)
                stop = min(offset + source.piece_bytes, source.size)
                content = await source.read(offset, stop)
                try:
                    reached = await self.put(path, offset, content, is_last=stop == source.size)
                except UploadGoneError:
                    path, offset = "", 0
                    continue
                offset = min(reached.offset, source.size)
                if offset > told:
                    told = offset
                    progress(offset)
                if reached.file is not None:
                    return reached.file
        except BaseException:
            await asyncio.shield(self.forget(path))
            raise

    async def _patiently(
        self, work: Callable[[], Awaitable[T]], look: Callable[[], Awaitable[T | None]]
    ) -> T:
        """Do ``work``; after a failure that passes, ``look`` whether it was done, or do it again."""
        deadline, attempts = time.monotonic() + self._patience, BackOff(FIRST_DELAY, LONGEST_DELAY)
        while True:
            try:
                found = await look() if attempts.failures else None
                return await work() if found is None else found
            except TEMPORARY:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(attempts.next_delay())


async def _nothing() -> None:
    return None


def _offset_of(answer: Answer) -> int:
    value = answer.headers.get("upload-offset", "")
    return int(value) if value.isascii() and value.isdigit() else 0
