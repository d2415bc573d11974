"""How a HubConnection ends and comes back, against a scripted raw server on real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conduit_widget.client import (
    ConnectionState,
    DelayRetry,
    HubConnection,
    RetryContext,
    lifecycle as lifecycle_module,
)
from conduit_widget.errors import (
    ConnectionLostError,
)
from tests.support.signalr.raw_connection import AT_ONCE, connected, event
from tests.support.signalr.raw_signalr_server import (
    NegotiateReply,
    RawSignalRServer,
)
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually

SECRET = "s3cret-access-token"


async def test_oversized_record_ends_the_connection_and_reconnects(server: RawSignalRServer) -> None:
    """The limit is the client's; the reason names it."""
    async with connected(server, max_message_bytes=1000) as (connection, socket):
        errors: list[Exception | None] = []
        connection.on_reconnecting(errors.append)
        socket.send(event("Long", "x" * 1001))
        await (await server.accept()).handshake()
        assert "limit of 1000 bytes" in str(errors[0])


async def test_silent_server_is_given_up_and_reconnected(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-open connection is noticed after server_timeout; pings keep a healthy one."""
    clock, loop = SkippingClock(monkeypatch), asyncio.get_running_loop()
    async with connected(server, server_timeout=60.0, keep_alive_interval=3600.0) as (connection, socket):
        errors: list[Exception | None] = []
        connection.on_reconnecting(errors.append)
        assert connection._life.link is not None
        keep_alive = connection._life.link._keep_alive
        for _ in range(4):
            clock.skip(40)
            sent_at = loop.time()
            socket.send({"type": 6})
            await eventually(lambda at=sent_at: keep_alive.last_received >= at)  # type: ignore[misc]
        assert errors == []
        clock.skip(61)
        await (await server.accept()).handshake()
        assert "sent nothing for 60 s" in str(errors[0])


@pytest.mark.parametrize("error", [None, "The hub is full."])
async def test_close_without_allow_reconnect_is_final(server: RawSignalRServer, error: str | None) -> None:
    """The hub's last word ends automatic reconnect; an error text is reported."""
    async with connected(server) as (connection, socket):
        closed: list[Exception | None] = []
        connection.on_close(closed.append)
        socket.send({"type": 7} if error is None else {"type": 7, "error": error})
        await eventually(lambda: len(closed) == 1)
        assert connection.state is ConnectionState.DISCONNECTED
        assert closed[0] is None if error is None else error in str(closed[0])
        assert len(server.negotiate_requests) == 1
        await asyncio.wait_for(socket.closed.wait(), 30)


async def test_stop_leaves_no_socket_behind_when_the_hub_has_just_ended_it(server: RawSignalRServer) -> None:
    """A connection the hub closed a moment ago is closed for good when ``stop`` returns."""
    before = asyncio.all_tasks()
    async with connected(server) as (connection, socket):
        ended = asyncio.Event()
        connection.on_close(lambda _error: ended.set())
        socket.send({"type": 7})
        await ended.wait()
        await connection.stop()
        closing = {task for task in asyncio.all_tasks() - before if "WebSocketTransport.close" in repr(task)}
        assert not closing


async def test_close_with_allow_reconnect_reconnects(server: RawSignalRServer) -> None:
    """Events in order: reconnecting, retry scheduled, reconnected with the new id."""
    async with connected(server) as (connection, socket):
        seen: list[Any] = []
        connection.on_reconnecting(lambda error: seen.append(str(error)))
        connection.on_retry_scheduled(lambda attempt, delay, _error: seen.append((attempt, delay)))
        connection.on_reconnected(seen.append)
        pending = asyncio.ensure_future(connection.invoke("Hang"))
        await socket.receive()
        socket.send({"type": 7, "error": "The hub is restarting.", "allowReconnect": True})
        await (await server.accept()).handshake()
        await eventually(lambda: len(seen) == 3)
        assert seen == ["The hub closed the connection: The hub is restarting.", (1, 0.0), "id-2"]
        with pytest.raises(ConnectionLostError):
            await pending


@pytest.mark.parametrize("how", ["abort", "close 1000", "close 1011", "garbage"])
async def test_any_other_end_reconnects(server: RawSignalRServer, how: str) -> None:
    """Without a Close message the end is a drop, however the WebSocket ended."""
    async with connected(server) as (connection, socket):
        back: list[str | None] = []
        connection.on_reconnected(back.append)
        if how == "abort":
            socket.abort()
        elif how == "garbage":
            socket.send_text("no hub message\x1e")
        else:
            socket.close(int(how.split()[1]))
        await (await server.accept()).handshake()
        await eventually(lambda: back == ["id-2"])
        assert connection.connection_id == "id-2"


async def test_reconnect_gives_up_when_the_policy_says_so(server: RawSignalRServer) -> None:
    """The policy sees the drop first, then each failure; None closes with the last error."""
    contexts: list[RetryContext] = []

    def policy(context: RetryContext) -> float | None:
        contexts.append(context)
        return 0.0 if context.previous_retry_count < 2 else None

    async with connected(server, retry=policy) as (connection, socket):
        closed: list[Exception | None] = []
        connection.on_close(closed.append)
        server.negotiations.append(NegotiateReply(503))
        socket.abort()
        await eventually(lambda: len(closed) == 1)
        assert [context.previous_retry_count for context in contexts] == [0, 1, 2]
        assert isinstance(contexts[0].error, ConnectionLostError)
        assert "503" in str(contexts[2].error)
        assert "503" in str(closed[0])
        assert connection.state is ConnectionState.DISCONNECTED


async def test_hub_that_drops_at_once_is_not_stormed(server: RawSignalRServer) -> None:
    """The schedule goes on when connections do not last, instead of starting over each time."""
    delays: list[float] = []

    def policy(context: RetryContext) -> float:
        delays.append(DelayRetry(jitter=0.0, min_spread=0.0)(context) or 0.0)
        return 0.0

    async with connected(server, retry=policy) as (_, socket):
        for _ in range(5):
            socket.abort()
            socket = await server.accept()  # noqa: PLW2901 - the next one
            await socket.handshake()
        await eventually(lambda: len(delays) == 5)
    assert delays == [0.0, 2.0, 10.0, 30.0, 30.0]


async def test_schedule_starts_over_after_a_connection_that_lasted(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lasting connection that drops comes back at once, however often it dropped before."""
    monkeypatch.setattr(lifecycle_module, "MIN_STABLE", 0.0)
    counts: list[int] = []

    def policy(context: RetryContext) -> float:
        counts.append(context.previous_retry_count)
        return 0.0

    async with connected(server, retry=policy) as (_, socket):
        for _ in range(3):
            socket.abort()
            socket = await server.accept()  # noqa: PLW2901 - the next one
            await socket.handshake()
        await eventually(lambda: len(counts) == 3)
    assert counts == [0, 0, 0]


async def test_retry_now_skips_the_waiting_time(server: RawSignalRServer) -> None:
    """A person who presses Reconnect does not wait for the schedule."""
    async with connected(server, retry=DelayRetry((3600.0,))) as (connection, socket):
        scheduled: list[float] = []
        connection.on_retry_scheduled(lambda _attempt, delay, _error: scheduled.append(delay))
        socket.abort()
        await eventually(lambda: scheduled)
        connection.retry_now()
        await (await server.accept()).handshake()
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)


async def test_stop_while_waiting_to_reconnect_ends_it(server: RawSignalRServer) -> None:
    """Stop works in every state and reports a close without error."""
    async with connected(server, retry=DelayRetry((3600.0,))) as (connection, socket):
        closed: list[Exception | None] = []
        connection.on_close(closed.append)
        socket.abort()
        await eventually(lambda: connection.state is ConnectionState.RECONNECTING)
        await connection.stop()
        assert connection.state.value == "Disconnected"
        assert closed == [None]


async def test_stop_inside_a_handler_works(server: RawSignalRServer) -> None:
    """A handler may end the connection it runs on."""
    async with connected(server) as (connection, socket):
        done: list[str] = []

        async def goodbye() -> None:
            await connection.stop()
            done.append("stopped")

        connection.on("Leave", goodbye)
        socket.send(event("Leave"))
        await eventually(lambda: done == ["stopped"])
        assert connection.state is ConnectionState.DISCONNECTED


async def test_failing_and_async_callbacks_do_not_disturb_the_reconnect(server: RawSignalRServer) -> None:
    """A callback may invoke the hub, and may be broken."""
    async with connected(server) as (connection, socket):

        def broken(_error: Exception | None) -> None:
            raise RuntimeError("callback bug")

        async def rejoin(_connection_id: str | None) -> None:
            await connection.send("JoinConversation", "team")
            raise RuntimeError("callback bug")

        connection.on_reconnecting(broken)
        connection.on_reconnected(rejoin)
        socket.abort()
        second = await server.accept()
        await second.handshake()
        assert (await second.receive())["target"] == "JoinConversation"
        assert connection.state is ConnectionState.CONNECTED


async def test_loop_that_ends_without_stop_leaves_no_error(server: RawSignalRServer) -> None:
    """Cancelling everything, as asyncio.run does at its end, closes the connection quietly."""
    connection = HubConnection(server.url, retry=AT_ONCE)
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    await socket.handshake()
    await starting
    task = connection._life._task
    assert task is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert connection.state is ConnectionState.DISCONNECTED
    await asyncio.wait_for(socket.closed.wait(), 30)
