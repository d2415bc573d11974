"""A hub connection without a network: the test says what the hub answers, emits, and when the line drops."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, cast

from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.errors import ConnectionLostError, NotSentError

Answer = Callable[..., Any]


class ScriptedConnection:
    """Stands where a :class:`HubConnection` stands; records every call."""

    def __init__(self, **answers: Answer) -> None:
        self.state = ConnectionState.DISCONNECTED
        self.transport_name, self.host = "WebSockets", "scripted"
        self.answers: dict[str, Answer] = answers
        self.invoked: list[tuple[str, tuple[Any, ...]]] = []
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.starts = 0
        self.stops = 0
        self.retries = 0
        self.gate: asyncio.Event | None = None
        self.start_error: Exception | None = None
        self._handlers: dict[str, list[Callable[..., Any]]] = {}
        self._pending: set[asyncio.Future[Any]] = set()

    def as_connection(self) -> HubConnection:
        """The same object under the type it stands for."""
        return cast(HubConnection, self)

    def listeners(self) -> int:
        """How many handlers and callbacks are registered."""
        return sum(len(handlers) for handlers in self._handlers.values())

    def count(self, target: str) -> int:
        """How often a method was invoked."""
        return sum(1 for name, _ in self.invoked if name == target)

    async def start(self, *, retry: bool = False) -> None:
        assert self.state is ConnectionState.DISCONNECTED
        self.starts += 1
        self.state = ConnectionState.CONNECTING
        if self.gate is not None:
            await self.gate.wait()
        if self.start_error is not None:
            self.state = ConnectionState.DISCONNECTED
            raise self.start_error
        self.state = ConnectionState.CONNECTED

    async def stop(self) -> None:
        self.stops += 1
        self.state = ConnectionState.DISCONNECTED
        self._fail_pending("The connection to the hub was stopped.")

    async def invoke(self, target: str, *args: Any, timeout: float | None = None) -> Any:
        if self.state is not ConnectionState.CONNECTED:
            raise NotSentError("not connected")
        self.invoked.append((target, args))
        answer = self.answers.get(target)
        result = answer(*args) if answer is not None else None
        if not inspect.isawaitable(result):
            return result
        future = asyncio.ensure_future(result)
        self._pending.add(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.cancelled() and not _cancelling():
                raise ConnectionLostError("the connection dropped") from None
            raise
        finally:
            self._pending.discard(future)

    async def send(self, target: str, *args: Any) -> None:
        if self.state is not ConnectionState.CONNECTED:
            raise NotSentError("not connected")
        self.sent.append((target, args))

    def on(self, target: str, handler: Callable[..., Any]) -> Callable[[], None]:
        self._handlers.setdefault(target, []).append(handler)
        return lambda: self._handlers[target].remove(handler)

    def on_reconnecting(self, callback: Callable[..., Any]) -> Callable[[], None]:
        return self.on("@reconnecting", callback)

    def on_retry_scheduled(self, callback: Callable[..., Any]) -> Callable[[], None]:
        return self.on("@retry", callback)

    def on_reconnected(self, callback: Callable[..., Any]) -> Callable[[], None]:
        return self.on("@reconnected", callback)

    def on_close(self, callback: Callable[..., Any]) -> Callable[[], None]:
        return self.on("@close", callback)

    def retry_now(self) -> None:
        self.retries += 1

    # ---- what the test does ----------------------------------------------------------------------------

    def emit(self, target: str, *args: Any) -> None:
        """The hub invokes a client method."""
        for handler in list(self._handlers.get(target, ())):
            handler(*args)

    def lose(self, error: Exception | None = None) -> None:
        """The line drops; what is pending fails."""
        self.state = ConnectionState.RECONNECTING
        self._fail_pending("the connection dropped")
        self.emit("@reconnecting", error)

    def schedule_retry(self, attempt: int, delay: float, error: Exception | None = None) -> None:
        """The connection waits before an attempt."""
        self.emit("@retry", attempt, delay, error)

    def restore(self) -> None:
        """The line is back."""
        self.state = ConnectionState.CONNECTED
        self.emit("@reconnected", "id")

    def end(self, error: Exception | None = None) -> None:
        """The connection is over for good."""
        self.state = ConnectionState.DISCONNECTED
        self._fail_pending("the connection ended")
        self.emit("@close", error)

    def _fail_pending(self, _text: str) -> None:
        for future in list(self._pending):
            future.cancel()


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def joining(
    *messages: dict[str, Any],
    conversation_id: str = "c",
    seq: int | None = None,
    epoch: str = "e",
    rate: float = 20.0,
) -> dict[str, Any]:
    """Return what JoinConversation returns; ``rate`` is how many invocations a second the hub takes."""
    return {
        "conversationId": conversation_id,
        "epoch": epoch,
        "seq": len(messages) if seq is None else seq,
        "participants": [],
        "messages": list(messages),
        "streams": [],
        "limits": {"maxMessageBytes": 1, "maxHistoryPage": 1, "invocationsPerSecond": rate},
    }
