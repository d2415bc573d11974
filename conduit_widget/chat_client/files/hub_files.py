"""The files of one hub, for one identity: sent, fetched in parts, fetched whole and checked."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

import httpx2

from conduit_widget.back_off import BackOff
from conduit_widget.chat_client.files.hub_http import Answer, HubHttp, refusal
from conduit_widget.chat_client.files.uploading import (
    FIRST_DELAY,
    LONGEST_DELAY,
    TEMPORARY,
    Progress,
    Source,
    Uploading,
)
from conduit_widget.contract import FILES_PATH
from conduit_widget.errors import ConnectionFailedError, HubException
from conduit_widget.types import Attachment

Write = Callable[[bytes], object]
Take = Callable[[bytes], Awaitable[None]]
PATIENCE: Final = 120.0
"""Seconds without a byte after which a file is given up."""


class HubFiles:
    """What ``Chat`` does with files; ``uploading`` does it in steps.

    Everything survives a hub that is away for less than ``patience`` seconds.
    """

    def __init__(
        self,
        url: Callable[[], Awaitable[str]],
        token: Callable[[], Awaitable[str | None]],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._http = HubHttp(url, token)
        self.uploading = Uploading(self._http, patience=patience)
        self._patience = patience

    async def send(self, conversation_id: str, source: Source, progress: Progress) -> Attachment:
        """Upload a file to a conversation.

        Raises:
            HubException: the hub refuses the file.
            ConnectionFailedError: the hub was away for longer than the patience.

        """
        return await self.uploading.send(conversation_id, source, progress)

    async def read(self, file_id: str, start: int, stop: int) -> bytes:
        """Return a part of a file: from ``start`` up to, not including, ``stop``.

        Raises:
            HubException: there is no such file, or it is not for us.
            ConnectionFailedError: the hub does not answer.

        """
        parts = bytearray()

        async def take(piece: bytes) -> None:
            parts.extend(piece)

        await self._fetch(file_id, start, stop, take)
        return bytes(parts)

    async def fetch(self, file: Attachment, write: Write, progress: Progress) -> None:
        """Download a whole file, from where it was cut after each cut, and check it.

        ``write`` is called in threads, one call at a time and in order: the disk may be slow.

        Raises:
            HubException: there is no such file, it is not for us, or what came is something else.
            ConnectionFailedError: the hub was away for longer than the patience.

        """
        digest = hashlib.sha256()
        offset, moved_at = 0, time.monotonic()
        attempts = BackOff(FIRST_DELAY, LONGEST_DELAY)

        def keep(piece: bytes) -> None:
            write(piece)
            digest.update(piece)

        async def take(piece: bytes) -> None:
            nonlocal offset, moved_at
            await asyncio.to_thread(keep, piece)
            offset += len(piece)
            moved_at = time.monotonic()
            attempts.reset()
            progress(offset)

        while offset < file.size:
            try:
                await self._fetch(file.id, offset, file.size, take)
            except TEMPORARY:
                if time.monotonic() - moved_at > self._patience:
                    raise
                await asyncio.sleep(attempts.next_delay())
        if digest.hexdigest() != file.sha256:
            raise HubException(f"The file {file.name!r} came with another content than the hub said.")

    async def _fetch(self, file_id: str, start: int, stop: int, take: Take) -> None:
        if start >= stop:
            return
        path, headers = f"{FILES_PATH}/{file_id}", {"Range": f"bytes={start}-{stop - 1}"}
        left = stop - start
        async with self._http.open("GET", path, headers=headers) as response:
            if response.status_code != httpx2.codes.PARTIAL_CONTENT:
                raise refusal(Answer(response.status_code, response.headers, await _told(response)))
            try:
                async for piece in response.aiter_raw():
                    await take(piece[:left])
                    left -= len(piece[:left])
            except (httpx2.HTTPError, OSError) as error:
                self._http.forget()
                raise ConnectionFailedError(f"The download was cut ({type(error).__name__}).") from None
        if left:
            raise ConnectionFailedError("The download was cut.")


async def _told(response: httpx2.Response) -> dict[str, object]:
    if response.status_code == httpx2.codes.NOT_FOUND:
        return {"error": "There is no such file, or it is not for you."}
    return {}
