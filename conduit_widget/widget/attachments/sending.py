"""Files on their way with a message, and how far they are, for whoever waits at the prompt."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

import msgspec

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.files.hub_files import HubFiles
from conduit_widget.chat_client.files.uploading import Source
from conduit_widget.chat_client.offline.entries import MAX_BYTES, too_large
from conduit_widget.errors import ConnectionFailedError
from conduit_widget.kernel.interrupts import in_one_line
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.types import Attachment, ChatMessage
from conduit_widget.types.attached_files import size_text
from conduit_widget.widget.answers.pending_result import PendingResult

T = TypeVar("T")

AT_ONCE: Final = 3
SILENCE: Final = 1.0
"""Seconds after which a bar is shown."""
INTERVAL: Final = 0.2


class Moved:
    """How many bytes of how many have come."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._of: dict[int, int] = {}

    @property
    def done(self) -> int:
        """The bytes that have come, of all files."""
        return sum(self._of.values())

    def reached(self, number: int, size: int) -> None:
        """Note how far a file is."""
        self._of[number] = size


async def with_files(
    files: HubFiles, conversation: Conversation, message: ChatMessage, sources: Sequence[Source], moved: Moved
) -> ChatMessage:
    """Return the message with its files, which the hub has then; if one fails, the others are given up.

    Raises:
        HubException: the hub refuses a file.
        ConnectionFailedError: the hub was away for too long.

    """
    if not sources:
        return message
    await _joined(conversation)  # the hub may know the conversation only then
    room = asyncio.Semaphore(AT_ONCE)

    async def send(number: int, source: Source) -> Attachment:
        async with room:
            return await files.send(
                conversation.conversation_id, source, lambda size: moved.reached(number, size)
            )

    sending = [asyncio.ensure_future(send(number, source)) for number, source in enumerate(sources)]
    try:
        sent = await asyncio.gather(*sending)
    except BaseException:
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        raise
    return msgspec.structs.replace(message, attachments=[{"id": each.id} for each in sent])


def is_away(conversation: Conversation) -> bool:
    """Whether a message with files has to be kept: the hub is known to be away, or others wait already."""
    sender, connectivity = conversation.sender, conversation.connectivity
    if sender.outbox is None or connectivity.info.state == "removed":
        return False
    return sender.has_queue if connectivity.live.is_set() else connectivity.info.message is not None


async def contents_of(sources: Sequence[Source]) -> list[tuple[str, bytes]]:
    """Return the names and the bytes of files, for them to be kept.

    Raises:
        QueueFullError: they are more than is kept, before any is read.
        ValidationError: one cannot be read any more.

    """
    size = sum(source.size for source in sources)
    if size > MAX_BYTES:
        raise too_large(size)
    return [(source.name, await source.read(0, source.size)) for source in sources]


async def _joined(conversation: Conversation) -> None:
    """Wait until the conversation is joined, or the hub has been out of reach for a while."""
    connectivity = conversation.connectivity
    live = asyncio.ensure_future(connectivity.wait_live())
    unreachable = asyncio.ensure_future(connectivity.wait_unreachable())
    try:
        await asyncio.wait((live, unreachable), return_when=asyncio.FIRST_COMPLETED)
        if live.done():
            live.result()
            return
        raise ConnectionFailedError(f"Not sent: {unreachable.result()}")
    finally:
        live.cancel()
        unreachable.cancel()


class PendingFiles(PendingResult[T]):
    """A result that waits for files; whoever waits for it sees how far they are."""

    def __init__(self, what: str, thread: LoopThread, work: Coroutine[Any, Any, T], moved: Moved) -> None:
        super().__init__(what, thread.submit(work))
        self._moved = moved

    @property
    def progress(self) -> tuple[int, int]:
        """The bytes that have come, and how many there are."""
        return self._moved.done, self._moved.total

    def result(self, timeout: float | None = None) -> T:
        """Block until the value is there, with a bar where that takes more than a second."""
        began = time.monotonic()
        try:
            _show(self._what, self._future, self._moved, timeout)
        except KeyboardInterrupt as error:
            self.cancel()
            in_one_line(error, "KeyboardInterrupt: The wait was interrupted, and its work stopped.")
            raise
        left = None if timeout is None else max(timeout - (time.monotonic() - began), 0.0)
        return super().result(left)

    def __repr__(self) -> str:
        if self._future.done():
            return super().__repr__()
        return f"<{self._what}: {size_text(self._moved.done)} of {size_text(self._moved.total)}>"


def _show(what: str, future: concurrent.futures.Future[Any], moved: Moved, timeout: float | None) -> None:
    """Draw a bar, from the thread that waits, so that it comes into that thread's cell."""
    deadline = None if timeout is None else time.monotonic() + timeout
    concurrent.futures.wait({future}, SILENCE if timeout is None else min(SILENCE, timeout))
    if future.done() or moved.done >= moved.total:
        return
    from rich.progress import (  # noqa: PLC0415 - seldom needed, and slow to import
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, auto_refresh=False, transient=True) as bar:
        task = bar.add_task(what, total=moved.total)
        while not future.done() and moved.done < moved.total:
            bar.update(task, completed=moved.done, refresh=True)
            if deadline is not None and time.monotonic() > deadline:
                return
            concurrent.futures.wait({future}, INTERVAL)
