"""What waits for the hub: invocations by id, and streams with bounded buffers.

Completions are resolved in the receive path, so code that awaits an invocation inside a handler never waits
for the handler queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, Final

from conduit_widget.errors import ConnectionLostError, HubException, StreamOverflowError
from conduit_widget.protocol.messages import Completion, StreamItem

STREAM_BUFFER_ITEMS: Final = 10_000
"""Items a stream holds for a reader that lags; one more and the stream is cancelled with an error."""

_logger = logging.getLogger(__name__)


class PendingStream:
    """The receiving end of one server-to-client stream."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._items: deque[Any] = deque()
        self._ended = False
        self._error: Exception | None = None
        self._wakeup: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether the stream has ended, by the hub, a lost connection or an overflow; items may remain."""
        return self._ended

    def push(self, item: Any) -> bool:
        """Buffer an item; return False when the buffer overflowed, which ends the stream."""
        if self._ended:
            return True
        if len(self._items) >= STREAM_BUFFER_ITEMS:
            self.end(StreamOverflowError(self._target, STREAM_BUFFER_ITEMS))
            return False
        self._items.append(item)
        self._wake()
        return True

    def end(self, error: Exception | None) -> None:
        """End the stream after the buffered items. Idempotent."""
        if not self._ended:
            self._ended, self._error = True, error
            self._wake()

    async def items(self) -> AsyncGenerator[Any, None]:
        """Yield the items, then raise the error that ended the stream, if there is one."""
        while True:
            while self._items:
                yield self._items.popleft()
            if self._ended:
                if self._error is not None:
                    raise self._error
                return
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)


class PendingInvocations:
    """All invocations and streams that still expect an answer; ids are decimal and never reused."""

    def __init__(self) -> None:
        self._last_id = 0
        self._results: dict[str, asyncio.Future[Any]] = {}
        self._streams: dict[str, PendingStream] = {}

    def __len__(self) -> int:
        return len(self._results) + len(self._streams)

    def add_result(self) -> tuple[str, asyncio.Future[Any]]:
        """Return a fresh id and the future its completion resolves."""
        invocation_id = self._next_id()
        future = self._results[invocation_id] = asyncio.get_running_loop().create_future()
        return invocation_id, future

    def add_stream(self, target: str) -> tuple[str, PendingStream]:
        """Return a fresh id and the stream its items go to."""
        invocation_id = self._next_id()
        stream = self._streams[invocation_id] = PendingStream(target)
        return invocation_id, stream

    def stream_ids(self, count: int) -> list[str]:
        """Return fresh ids for streams to the hub; they share the numbers of invocations."""
        return [self._next_id() for _ in range(count)]

    def discard(self, invocation_id: str) -> None:
        """Forget an id; what arrives for it later is ignored."""
        self._results.pop(invocation_id, None)
        self._streams.pop(invocation_id, None)

    def complete(self, completion: Completion) -> None:
        """Resolve the invocation or end the stream; completions nobody waits for are ignored."""
        error = HubException(completion.error) if completion.error is not None else None
        future = self._results.pop(completion.invocation_id, None)
        if future is not None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(completion.result if completion.has_result else None)
            return
        stream = self._streams.pop(completion.invocation_id, None)
        if stream is not None:
            stream.end(error)
        else:
            _logger.debug("a completion arrived that nobody waits for")

    def push_item(self, message: StreamItem) -> bool:
        """Give an item to its stream; return False when that stream overflowed and should be cancelled."""
        stream = self._streams.get(message.invocation_id)
        if stream is None:
            return True
        if stream.push(message.item):
            return True
        del self._streams[message.invocation_id]
        return False

    def fail_all(self, reason: str, cause: Exception | None) -> None:
        """Fail every invocation and stream at once with a :class:`ConnectionLostError`."""
        results, self._results = self._results, {}
        streams, self._streams = self._streams, {}
        for future in results.values():
            if not future.done():
                future.set_exception(_lost(reason, cause))
        for stream in streams.values():
            stream.end(_lost(reason, cause))

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)


def _lost(reason: str, cause: Exception | None) -> ConnectionLostError:
    """Return an instance of its own for each waiter: a shared one would collect all their tracebacks."""
    error = ConnectionLostError(reason)
    error.__cause__ = cause
    return error
