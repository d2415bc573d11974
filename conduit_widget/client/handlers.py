"""Handlers of what the hub invokes on us: matched case-insensitively, run strictly in order.

Synchronous handlers run in the receive path while nothing is queued. An awaitable one opens a queue that a
single task works off, so it may take its time, or invoke the hub and await the answer, without holding up
completions. The queue is bounded: a full one ends the connection and reconnects, so that
the gap shows and can be recovered.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from conduit_widget.protocol.messages import Completion, HubMessage, Invocation
from conduit_widget.protocol.session import Event

Handler = Callable[..., Any | Awaitable[Any]]

HANDLER_QUEUE_LIMIT: Final = 10_000

_logger = logging.getLogger(__name__)


class Handlers:
    """Keeps the registered handlers and calls them in order.

    ``on_other`` gets what is no invocation and returns whether it was for us; ``reply`` sends a completion to
    a hub that awaits a client result; ``on_overflow`` is called when the queue is full.
    """

    def __init__(
        self,
        *,
        on_other: Callable[[Event], bool],
        reply: Callable[[HubMessage], None],
        on_overflow: Callable[[int], None],
        limit: int = HANDLER_QUEUE_LIMIT,
    ) -> None:
        self._on_other = on_other
        self._reply = reply
        self._on_overflow = on_overflow
        self._limit = limit
        self._handlers: dict[str, tuple[Handler, ...]] = {}
        self._single: dict[str, Handler] = {}  # by spelling, of targets with one handler
        self._queue: deque[Invocation] = deque()
        self._worker: asyncio.Task[None] | None = None

    def add(self, target: str, handler: Handler) -> Callable[[], None]:
        """Register ``handler``; returns a function that removes it again."""
        self._set(target, (*self._handlers.get(target.lower(), ()), handler))

        def remove() -> None:
            self.remove(target, handler)

        return remove

    def remove(self, target: str, handler: Handler | None = None) -> None:
        """Remove one handler of ``target``, or all of them; an unknown handler is ignored."""
        present = list(self._handlers.get(target.lower(), ()))
        if handler is None:
            present.clear()
        elif handler in present:
            present.remove(handler)
        self._set(target, tuple(present))

    def dispatch(self, messages: Sequence[Event]) -> int:
        """Run or queue the handlers of invocations, in order, up to the first message that is not for us.

        Returns how many messages that were. Nearly all are events with one handler, hence their short way.
        """
        single = self._single
        for count, message in enumerate(messages):
            if type(message) is not Invocation:
                if self._on_other(message):
                    continue
                return count
            handler = single.get(message.target)
            if handler is None or message.invocation_id is not None or self._worker is not None:
                self._run_or_queue(message)
                continue
            try:
                result = handler(*message.arguments)
            except Exception:
                _logger.exception("a handler of %s failed", message.target)
                continue
            if result is not None and inspect.isawaitable(result):
                self._start(self._await_rest(message, (handler,), 0, result))
        return len(messages)

    def _run_or_queue(self, invocation: Invocation) -> None:
        if self._worker is None:
            pending = self._call_all(invocation)
            if pending is not None:
                self._start(pending)
        elif len(self._queue) >= self._limit:
            self._on_overflow(len(self._queue))
        else:
            self._queue.append(invocation)

    def _start(self, pending: Awaitable[None]) -> None:
        self._worker = asyncio.get_running_loop().create_task(self._work(pending))

    async def aclose(self) -> None:
        """Drop what is queued and cancel the running handler, unless it is the caller."""
        self._queue.clear()
        worker = self._worker
        if worker is not None and worker is not asyncio.current_task():
            worker.cancel()
            await asyncio.wait([worker])

    def _set(self, target: str, handlers: tuple[Handler, ...]) -> None:
        if handlers:
            self._handlers[target.lower()] = handlers
        else:
            self._handlers.pop(target.lower(), None)
        self._single.clear()

    def _find(self, target: str) -> tuple[Handler, ...]:
        handlers = self._handlers.get(target.lower(), ())
        if len(handlers) == 1:  # spellings of registered names only: a peer must not grow this table
            if len(self._single) > len(self._handlers) * 4:
                self._single.clear()
            self._single[target] = handlers[0]
        return handlers

    def _call_all(self, invocation: Invocation) -> Awaitable[None] | None:
        """Call the handlers until one is awaitable; return what remains to be awaited."""
        handlers = self._find(invocation.target)
        result: Any = None
        failed = False
        for position, handler in enumerate(handlers):
            try:
                result = handler(*invocation.arguments)
            except Exception:
                failed, result = True, None
                _logger.exception("a handler of %s failed", _known(invocation, handlers))
            if result is not None and inspect.isawaitable(result):
                return self._await_rest(invocation, handlers, position, result)
        if invocation.invocation_id is not None or not handlers:
            self._finish(invocation, handlers, result, failed=failed)
        return None

    async def _await_rest(
        self, invocation: Invocation, handlers: tuple[Handler, ...], position: int, first: Awaitable[Any]
    ) -> None:
        result: Any = first
        failed = False
        while True:
            try:
                result = await result if inspect.isawaitable(result) else result
            except asyncio.CancelledError:
                if _being_cancelled():
                    raise
                failed, result = True, None
                _logger.warning("a handler of %s was cancelled", _known(invocation, handlers))
            except Exception:
                failed, result = True, None
                _logger.exception("a handler of %s failed", _known(invocation, handlers))
            position += 1
            if position >= len(handlers):
                break
            try:
                result = handlers[position](*invocation.arguments)
            except Exception:
                failed, result = True, None
                _logger.exception("a handler of %s failed", _known(invocation, handlers))
        self._finish(invocation, handlers, result, failed=failed)

    async def _work(self, pending: Awaitable[None]) -> None:
        try:
            await pending
            while self._queue:
                more = self._call_all(self._queue.popleft())
                if more is not None:
                    await more
        finally:
            self._worker = None

    def _finish(
        self, invocation: Invocation, handlers: tuple[Handler, ...], result: Any, *, failed: bool
    ) -> None:
        if invocation.invocation_id is None:
            if not handlers:
                _logger.debug("the hub invoked a target without handlers")
            return
        if not handlers:
            error: str | None = "The client has no handler for this target."
        else:
            error = "The client's handler failed." if failed else None
        if error is not None:
            self._reply(Completion(invocation.invocation_id, error=error))
        else:
            self._reply(Completion(invocation.invocation_id, result=result))


def _known(invocation: Invocation, handlers: tuple[Handler, ...]) -> str:
    """Return the target's name for the log, unless the peer made it up: it has no handlers then."""
    return invocation.target if handlers else "an unknown target"


def _being_cancelled() -> bool:
    """Return whether this task is being cancelled: a cancellation inside a handler must not end the queue."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
