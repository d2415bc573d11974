"""One connection's invocations: begun in order, streams beside them; every failure is an answer."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from conduit_widget.contract import CloseCode, ErrorText
from conduit_widget.errors import ConnectionLostError, HubException
from conduit_widget.hub.calls.binding import HubMethod
from conduit_widget.hub.calls.invoker import HubInvoker
from conduit_widget.hub.calls.uploads import Upload, Uploads
from conduit_widget.hub.calls.work_queue import WorkQueue
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.delivery.payload import to_wire
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.limits.user_rates import MeteredRate, RefusalStreak
from conduit_widget.hub.logs.logging import connection_fields, within
from conduit_widget.hub.metrics.hub_metrics import HubMeter
from conduit_widget.protocol.messages import Completion, Invocation, StreamInvocation, StreamItem
from conduit_widget.text.plain_text import writable
from conduit_widget.transports.server.server_connection import ReadControl

_logger = logging.getLogger(__name__)
_UNKNOWN: Final = "unknown"

Call = Invocation | StreamInvocation


class Dispatcher:
    """Runs hub methods for one connection."""

    __slots__ = (
        "_apart",
        "_context",
        "_invoker",
        "_limits",
        "_meter",
        "_queued_streams",
        "_rate",
        "_reading",
        "_refusals_since",
        "_uploads",
        "_work",
    )

    def __init__(
        self,
        invoker: HubInvoker,
        context: HubConnectionContext,
        limits: HubLimits,
        meter: HubMeter,
        reading: ReadControl,
    ) -> None:
        self._invoker = invoker
        self._context = context
        self._limits = limits
        self._meter = meter
        self._reading = reading
        self._rate = MeteredRate(
            "invocations",
            "connection",
            limits.invocations_per_second,
            limits.invocation_burst,
            time.monotonic(),
        )
        self._refusals_since: RefusalStreak | None = None
        self._work = WorkQueue(context)
        self._apart: dict[
            str, tuple[asyncio.Task[None], bool]
        ] = {}  # by id; whether it streams to the client
        self._queued_streams: dict[str, bool] = {}  # by id; whether it is cancelled already
        self._uploads: Uploads | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing runs or waits."""
        return self._work.idle and not self._apart

    # What the client sends

    def invoke(self, message: Call) -> None:
        """Queue an invocation, or refuse it at once when the connection or its user asks too much."""
        method = self._invoker.hub.methods.get(message.target.lower())
        self._meter.received(_UNKNOWN if method is None else method.name)
        now = time.monotonic()
        if not self._rate.consume(now) or len(self._work) >= self._limits.queued_invocations:
            self.refuse(message.invocation_id, ErrorText.RATE_LIMIT, "rate_limit")
            self._lose_patience(now)
            return
        warning = self._rate.warning(now)
        if warning is not None:
            self._invoker.warn(self._context, warning)
        if method is None:
            # The name is the client's own text; it is cut, not trusted.
            self.refuse(
                message.invocation_id, f"Unknown hub method '{message.target[:64]}'", "unknown_method"
            )
        elif not self._within_user_rate(method, now):
            self.refuse(message.invocation_id, ErrorText.RATE_LIMIT, "rate_limit")
        elif isinstance(message, StreamInvocation) or method.is_stream or method.upload_types:
            self._prepare_apart(method, message)
        elif message.stream_ids:
            self.refuse(message.invocation_id, f"{method.name} takes no streams")
        else:
            self._work.put(lambda: self._run(method, message), method)

    def _within_user_rate(self, method: HubMethod, now: float) -> bool:
        allowed, warning = self._invoker.user_rates.consume(method.name, self._context.user.user_id, now)
        if warning is not None:
            self._invoker.warn(self._context, warning)
        return allowed

    def _lose_patience(self, now: float) -> None:
        """Close a connection that goes on asking although it is refused."""
        if self._refusals_since is None:
            self._refusals_since = RefusalStreak(now)
        if self._refusals_since.refused(now) >= self._limits.rate_limit_patience:
            self._context.close(CloseCode.RATE_LIMITED)

    def cancel(self, invocation_id: str) -> None:
        """Stop a stream, one that waits for its turn too; harmless when there is none.

        The method runs up to its first wait all the same, as on the official server: what it does when it is
        cancelled, it does for whoever cancels at once as well.
        """
        found = self._apart.get(invocation_id)
        if found is not None:
            asyncio.get_running_loop().call_soon(found[0].cancel)
        elif invocation_id in self._queued_streams:
            self._queued_streams[invocation_id] = True

    def stream_item(self, message: StreamItem) -> bool:
        """Hand an item of an upload on; return whether a method wants it."""
        return self._uploads is not None and self._uploads.put(message.invocation_id, message.item)

    def completion(self, message: Completion) -> bool:
        """Accept a client's result, or the end of an upload; return whether the hub has asked for it."""
        results = self._context.results
        if results is not None and results.complete(message):
            return True
        return self._uploads is not None and self._uploads.end(message.invocation_id, message.error)

    def refuse(self, invocation_id: str | None, text: str, kind: str = "refused") -> None:
        """Answer an invocation with an error."""
        self._meter.failed(kind)
        if invocation_id is not None:
            self._context.send_message(Completion(invocation_id=invocation_id, error=writable(text)))

    # The connection's life

    def connected(self) -> None:
        """Run the hub's ``on_connected`` before anything else."""
        self._work.put(self._on_connected)

    def disconnected(self, error: Exception | None) -> None:
        """Stop streams, fail what waits for the client, let the rest end, then run ``on_disconnected``.

        What still runs after ``disconnect_timeout`` seconds is cancelled.
        """
        if self._uploads is not None:
            self._uploads.drop(ConnectionLostError("The client left in the middle of its stream."))
        if self._context.results is not None:
            self._context.results.drop()
        for task, streams in self._apart.values():
            if streams:
                task.cancel()
        running = (*self._work.running, *(task for task, _ in self._apart.values()))
        self._work.finish(lambda: self._on_disconnected(error))
        if running:
            asyncio.get_running_loop().call_later(self._limits.disconnect_timeout, self._give_up, running)

    def _give_up(self, running: tuple[asyncio.Task[None], ...]) -> None:
        late = [task for task in running if not task.done()]
        if late:
            _logger.warning(
                "%d hub methods of a closed connection are cancelled: they took too long",
                len(late),
                extra=connection_fields(self._context.connection_id, self._context.hub),
            )
        for task in late:
            task.cancel()

    async def _on_connected(self) -> None:
        try:
            await self._invoker.connected(self._context)
        except HubException as error:
            self._context.close(text=str(error))
        except Exception as error:  # noqa: BLE001 - a hub's own code; the connection ends with an error id
            failure = self._invoker.explain("on_connected", error)
            self._meter.failed(failure.kind)
            self._context.close(text=failure.text)
        finally:
            self._work.allow(self._limits.parallel_invocations)

    async def _on_disconnected(self, error: Exception | None) -> None:
        try:
            await self._invoker.disconnected(self._context, error)
        except Exception as failed:  # noqa: BLE001 - a hub's own code; the connection is over anyway
            self._meter.failed(self._invoker.explain("on_disconnected", failed).kind)

    # Invocations

    async def _run(self, method: HubMethod, message: Call, uploads: list[Upload] | None = None) -> None:
        started = time.perf_counter()
        try:
            result = await self._invoker.invoke(method, self._context, message.arguments, uploads or ())
            self._complete(method, message.invocation_id, result)
        except asyncio.CancelledError:
            self.refuse(message.invocation_id, ErrorText.CANCELLED, "cancelled")
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # this very task is told to end; otherwise something the method awaited was
        except Exception as error:  # noqa: BLE001 - every failure of a hub method becomes an answer
            self._fail(method, message.invocation_id, error)
        finally:
            self._meter.processed(method.name, time.perf_counter() - started)

    def _prepare_apart(self, method: HubMethod, message: Call) -> None:
        """Open the uploads at once, their items may be next; the method starts in its turn."""
        stream_ids, wanted = message.stream_ids or [], len(method.upload_types)
        if len(stream_ids) != wanted:
            self.refuse(
                message.invocation_id, f"{method.name}: expected {wanted} streams, got {len(stream_ids)}"
            )
            return
        try:
            uploads = self._open_uploads(stream_ids, method) if stream_ids else []
        except HubException as error:
            self.refuse(message.invocation_id, str(error))
            return
        if isinstance(message, StreamInvocation):
            self._queued_streams[message.invocation_id] = False
        self._work.put(lambda: self._start_apart(method, message, uploads))

    def _open_uploads(self, stream_ids: list[str], method: HubMethod) -> list[Upload]:
        if self._uploads is None:
            self._uploads = Uploads(
                capacity=self._limits.upload_buffer_items,
                limit=self._limits.streams_per_connection,
                pause=self._reading.pause_reading,
                resume=self._reading.resume_reading,
            )
        return self._uploads.open(stream_ids, method.upload_types.values())

    async def _start_apart(self, method: HubMethod, message: Call, uploads: list[Upload]) -> None:
        """Start a method that streams, in either direction, beside the queue."""
        invocation_id = message.invocation_id
        streams = isinstance(message, StreamInvocation)
        cancelled = self._queued_streams.pop(invocation_id or "", False)
        refusal, kind = None, "refused"
        if method.is_stream and not streams:
            refusal = f"{method.name} streams; use stream(), not invoke()"
        elif streams and not method.is_stream:
            refusal = f"{method.name} does not stream; use invoke()"
        elif invocation_id in self._apart:
            refusal = "An invocation with this id is running"
        elif len(self._apart) >= self._limits.streams_per_connection:
            refusal, kind = ErrorText.RATE_LIMIT, "rate_limit"
        if refusal is not None:
            self.refuse(invocation_id, refusal, kind)
            self._close_uploads(message)
            return
        run = self._stream if streams else self._run
        task = asyncio.get_running_loop().create_task(
            within(self._context, lambda: run(method, message, uploads))
        )
        key = invocation_id or f"\0{id(task)}"
        self._apart[key] = (task, streams)
        task.add_done_callback(lambda _: self._ended_apart(key, message))
        if cancelled and streams:
            asyncio.get_running_loop().call_soon(task.cancel)

    async def _stream(self, method: HubMethod, message: Call, uploads: list[Upload]) -> None:
        invocation_id, context = message.invocation_id, self._context
        assert invocation_id is not None
        try:
            items = await self._invoker.invoke(method, context, message.arguments, uploads)
            try:
                async for item in items:
                    context.send_message(StreamItem(invocation_id=invocation_id, item=to_wire(item)))
                    # A slow reader slows its own stream only.
                    await context.outbox.writable()
            finally:
                close = getattr(items, "aclose", None)  # a filter may have put another iterator there
                if close is not None:
                    await close()
            context.send_message(Completion(invocation_id=invocation_id))
        except asyncio.CancelledError:
            context.send_message(Completion(invocation_id=invocation_id))
        except Exception as error:  # noqa: BLE001 - every failure of a hub method becomes an answer
            self._fail(method, invocation_id, error)

    def _ended_apart(self, key: str, message: Call) -> None:
        self._apart.pop(key, None)
        self._close_uploads(message)

    def _close_uploads(self, message: Call) -> None:
        if self._uploads is not None and message.stream_ids:
            self._uploads.close(message.stream_ids)

    # Answers

    def _complete(self, method: HubMethod, invocation_id: str | None, result: Any) -> None:
        if invocation_id is None:
            return
        if result is None and method.is_void:
            self._context.send_message(Completion(invocation_id=invocation_id))
        else:
            self._context.send_message(Completion(invocation_id=invocation_id, result=to_wire(result)))

    def _fail(self, method: HubMethod, invocation_id: str | None, error: Exception) -> None:
        failure = self._invoker.explain(method.name, error)
        self.refuse(invocation_id, failure.text, failure.kind)
