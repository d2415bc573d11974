"""Client-to-server streams: bounded, typed, and ended by the client, by a drop or by the method's end.

Overflow policy: the reader waits. Once a stream holds its limit of items the connection is not read any
further until the method has taken one; of what had arrived by then in the same transport message, a turn's
share of records (64) is still kept.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from conduit_widget.errors import HubException
from conduit_widget.hub.mismatch import describe_mismatch
from conduit_widget.nesting import MAX_DEPTH, is_too_deep


class Upload:
    """One stream from the client, an async iterator of its items.

    Iterating raises ``HubException`` when the client ended it with an error or sent a wrong item, and
    ``ConnectionLostError`` when the connection dropped.
    """

    __slots__ = ("_capacity", "_ended", "_error", "_item_type", "_items", "_on_full", "_on_room", "_waiter")

    def __init__(
        self,
        item_type: Any,
        capacity: int,
        on_full: Callable[[Upload], None],
        on_room: Callable[[Upload], None],
    ) -> None:
        self._item_type = item_type
        self._capacity = capacity
        self._on_full = on_full
        self._on_room = on_room
        self._items: deque[Any] = deque()
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def put(self, item: Any) -> bool:
        """Accept an item from the client; return False, and drop it, once the stream has ended."""
        if self._ended:
            return False
        if is_too_deep(item):
            self.end(HubException(f"A stream item nests more than {MAX_DEPTH} levels deep."))
            return True
        try:
            self._items.append(msgspec.convert(item, self._item_type))
        except msgspec.ValidationError as error:
            self.end(HubException(f"A stream item is of the wrong kind: {describe_mismatch(error)}"))
            return True
        if len(self._items) == self._capacity:
            self._on_full(self)
        self._wake()
        return True

    def end(self, error: Exception | None = None) -> bool:
        """End the stream after what it holds; return whether this is the first end, which alone counts."""
        if self._ended:
            return False
        self._ended, self._error = True, error
        self._wake()
        return True

    def close(self) -> None:
        """Drop the stream: nobody iterates any more."""
        self._ended = True
        self._items.clear()
        self._on_room(self)

    def __aiter__(self) -> Upload:
        return self

    async def __anext__(self) -> Any:
        while not self._items:
            if self._ended:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        item = self._items.popleft()
        if len(self._items) < self._capacity:
            self._on_room(self)
        return item

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Uploads:
    """The streams a connection sends at present, by stream id."""

    __slots__ = ("_capacity", "_full", "_limit", "_open", "_pause", "_resume")

    def __init__(
        self, *, capacity: int, limit: int, pause: Callable[[], None], resume: Callable[[], None]
    ) -> None:
        self._capacity = capacity
        self._limit = limit
        self._pause = pause
        self._resume = resume
        self._open: dict[str, Upload] = {}
        self._full: set[Upload] = set()

    def open(self, stream_ids: Sequence[str], item_types: Iterable[Any]) -> list[Upload]:
        """Begin streams, in the order of the method's parameters.

        Raises:
            HubException: a stream id is in use, or there are too many streams.

        """
        if len(set(stream_ids)) < len(stream_ids) or any(item in self._open for item in stream_ids):
            raise HubException("A stream with this id is open")
        if len(self._open) + len(stream_ids) > self._limit:
            raise HubException(f"A connection may send {self._limit} streams at a time")
        uploads = [Upload(kind, self._capacity, self._filled, self._drained) for kind in item_types]
        self._open.update(zip(stream_ids, uploads, strict=True))
        return uploads

    def put(self, stream_id: str, item: Any) -> bool:
        """Hand an item on; return False where its stream is over, which drops it."""
        upload = self._open.get(stream_id)
        return upload is not None and upload.put(item)

    def end(self, stream_id: str, error: str | None) -> bool:
        """End a stream as the client says; return whether it was open."""
        upload = self._open.get(stream_id)
        return upload is not None and upload.end(None if error is None else HubException(error))

    def close(self, stream_ids: Iterable[str]) -> None:
        """Forget the streams of a method that has ended."""
        for stream_id in stream_ids:
            upload = self._open.pop(stream_id, None)
            if upload is not None:
                upload.close()

    def drop(self, error: Exception) -> None:
        """End every stream: the connection is gone."""
        for upload in self._open.values():
            upload.end(error)

    def _filled(self, upload: Upload) -> None:
        if not self._full:
            self._pause()
        self._full.add(upload)

    def _drained(self, upload: Upload) -> None:
        if upload in self._full:
            self._full.discard(upload)
            if not self._full:
                self._resume()
