"""One connection's invocations: in order, one at a time; streams beside them; every failure is an answer.

No task exists while nothing is to be done.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.binding import HubMethod
from conduit_widget.hub.connection import HubConnectionContext
from conduit_widget.hub.hub import Hub
from conduit_widget.hub.limits import HubLimits, TokenBucket
from conduit_widget.hub.metrics import HubMeter
from conduit_widget.hub.payload import to_wire
from conduit_widget.protocol.messages import Completion, Invocation, StreamInvocation, StreamItem

logger = logging.getLogger(__name__)
_UNKNOWN: Final = "unknown"

Work = Callable[[], Awaitable[None]]


class Dispatcher:
    """Runs hub methods for one connection."""

    __slots__ = ("_bucket", "_context", "_hub", "_limits", "_meter", "_queue", "_runner", "_streams")

    def __init__(self, hub: Hub, context: HubConnectionContext, limits: HubLimits, meter: HubMeter) -> None:
        self._hub = hub
        self._context = context
        self._limits = limits
        self._meter = meter
        self._bucket = TokenBucket(limits.invocations_per_second, limits.invocation_burst, time.monotonic())
        self._queue: deque[Work] = deque()
        self._runner: asyncio.Task[None] | None = None
        self._streams: dict[str, asyncio.Task[None]] = {}

    def connected(self) -> None:
        """Run the hub's ``on_connected`` before anything else."""
        self._put(self._on_connected)

    def invoke(self, message: Invocation | StreamInvocation) -> None:
        """Queue an invocation, or refuse it at once when the connection asks too much."""
        method = self._hub.methods.get(message.target.lower())
        self._meter.received(_UNKNOWN if method is None else method.name)
        if not self._bucket.take(time.monotonic()) or len(self._queue) >= self._limits.queued_invocations:
            self._refuse(message.invocation_id, ErrorText.RATE_LIMIT, "rate_limit")
        elif method is None:
            # The name is the client's own text; it is cut, not trusted.
            self._refuse(message.invocation_id, f"Unknown hub method '{message.target[:64]}'", "refused")
        elif isinstance(message, StreamInvocation) or method.is_stream:
            self._put(lambda: self._start_stream(method, message))
        else:
            self._put(lambda: self._run_method(method, message))

    def cancel(self, invocation_id: str) -> None:
        """Stop a stream at once; harmless when it is not running."""
        task = self._streams.get(invocation_id)
        if task is not None:
            task.cancel()

    def refuse(self, invocation_id: str, text: str) -> None:
        """Answer an invocation that was not even read."""
        self._refuse(invocation_id, text, "refused")

    def disconnected(self, error: Exception | None) -> None:
        """Drop what waits, stop streams, let the running invocation end, then run ``on_disconnected``."""
        self._queue.clear()
        for task in self._streams.values():
            task.cancel()
        running = self._runner
        self._put(lambda: self._on_disconnected(error))
        if running is not None and not running.done():
            asyncio.get_running_loop().call_later(self._limits.disconnect_timeout, self._give_up, running)

    @property
    def idle(self) -> bool:
        """Whether nothing runs or waits."""
        return self._runner is None and not self._streams

    # Running

    def _put(self, work: Work) -> None:
        self._queue.append(work)
        if self._runner is None:
            self._runner = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._queue:
                await self._queue.popleft()()
        finally:
            self._runner = None
            if self._queue:  # cancelled in the middle: what is left still runs
                self._runner = asyncio.get_running_loop().create_task(self._run())

    def _give_up(self, running: asyncio.Task[None]) -> None:
        if not running.done() and running is self._runner and self._queue:
            logger.warning("A hub method of a closed connection did not end in time and is cancelled")
            running.cancel()

    async def _on_connected(self) -> None:
        try:
            await self._hub.on_connected(self._context)
        except HubException as error:
            self._context.close(text=str(error))
        except Exception:  # noqa: BLE001 - a hub's own code; the connection ends with an error id
            self._context.close(text=self._unexpected("on_connected"))

    async def _on_disconnected(self, error: Exception | None) -> None:
        try:
            await self._hub.on_disconnected(self._context, error)
        except Exception:  # noqa: BLE001 - a hub's own code; the connection is over anyway
            self._unexpected("on_disconnected")

    async def _run_method(self, method: HubMethod, message: Invocation | StreamInvocation) -> None:
        started = time.perf_counter()
        try:
            arguments = method.bind(message.arguments)
            result = await getattr(self._hub, method.attribute)(self._context, *arguments)
            self._complete(method, message.invocation_id, result)
        except asyncio.CancelledError:
            self._refuse(message.invocation_id, ErrorText.CANCELLED, "cancelled")
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # this very task is told to end; otherwise something the method awaited was
        except Exception as error:  # noqa: BLE001 - every failure of a hub method becomes an answer
            self._fail(method, message.invocation_id, error)
        finally:
            self._meter.processed(method.name, time.perf_counter() - started)

    async def _start_stream(self, method: HubMethod, message: Invocation | StreamInvocation) -> None:
        invocation_id = message.invocation_id
        if not isinstance(message, StreamInvocation) or invocation_id is None:
            self._refuse(invocation_id, f"{method.name} streams; use stream(), not invoke()", "refused")
        elif not method.is_stream:
            self._refuse(invocation_id, f"{method.name} does not stream; use invoke()", "refused")
        elif invocation_id in self._streams:
            self._refuse(invocation_id, "An invocation with this id is running", "refused")
        elif len(self._streams) >= self._limits.streams_per_connection:
            self._refuse(invocation_id, ErrorText.RATE_LIMIT, "rate_limit")
        else:
            task = asyncio.get_running_loop().create_task(self._stream(method, message))
            self._streams[invocation_id] = task
            task.add_done_callback(lambda _: self._streams.pop(invocation_id, None))

    async def _stream(self, method: HubMethod, message: StreamInvocation) -> None:
        invocation_id = message.invocation_id
        context = self._context
        try:
            items = getattr(self._hub, method.attribute)(context, *method.bind(message.arguments))
            try:
                async for item in items:
                    context.send_message(StreamItem(invocation_id=invocation_id, item=to_wire(item)))
                    # A slow reader slows its own stream only.
                    await context.outbox.writable()
            finally:
                await items.aclose()
            context.send_message(Completion(invocation_id=invocation_id))
        except asyncio.CancelledError:
            context.send_message(Completion(invocation_id=invocation_id))
        except Exception as error:  # noqa: BLE001 - every failure of a hub method becomes an answer
            self._fail(method, invocation_id, error)

    # Answers

    def _complete(self, method: HubMethod, invocation_id: str | None, result: Any) -> None:
        if invocation_id is None:
            return
        if result is None and method.is_void:
            self._context.send_message(Completion(invocation_id=invocation_id))
        else:
            self._context.send_message(Completion(invocation_id=invocation_id, result=to_wire(result)))

    def _fail(self, method: HubMethod, invocation_id: str | None, error: Exception) -> None:
        if isinstance(error, HubException):
            self._refuse(invocation_id, str(error), "refused")
        elif isinstance(error, TimeoutError):
            self._refuse(invocation_id, ErrorText.TIMED_OUT, "timeout")
        else:
            self._refuse(invocation_id, self._unexpected(method.name), "unexpected")

    def _refuse(self, invocation_id: str | None, text: str, kind: str) -> None:
        self._meter.failed(kind)
        if invocation_id is not None:
            self._context.send_message(Completion(invocation_id=invocation_id, error=text))

    def _unexpected(self, name: str) -> str:
        """Log the present exception under an error id and return the text that names the id."""
        error_id = secrets.token_hex(4)
        logger.exception("Hub method %s failed (error id %s)", name, error_id)
        return ErrorText.UNEXPECTED.format(id=error_id)
