"""HubConnection against a scripted raw server on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket as sockets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conduit_widget.client import (
    ConnectionState,
    DelayRetry,
    HubConnection,
    RetryContext,
    handlers as handlers_module,
    invocations as invocations_module,
    lifecycle as lifecycle_module,
)
from conduit_widget.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    LocalProtocolError,
    StreamOverflowError,
)
from tests.support.raw_signalr_server import (
    NegotiateReply,
    RawSignalRServer,
    RawSocket,
    negotiate_body,
    raw_signalr_server,
)
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually

AT_ONCE = DelayRetry((0.0,), jitter=0.0, min_spread=0.0)
SECRET = "s3cret-access-token"


@pytest.fixture
async def server() -> AsyncIterator[RawSignalRServer]:
    """Return a raw server on a free port."""
    async with raw_signalr_server() as raw:
        yield raw


@contextlib.asynccontextmanager
async def connected(
    server: RawSignalRServer, *, with_records: str = "", **options: Any
) -> AsyncIterator[tuple[HubConnection, RawSocket]]:
    """Start a connection and shake hands from the server's side; stop it afterwards."""
    connection = HubConnection(server.url, **{"retry": AT_ONCE, **options})
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    await socket.handshake(with_records=with_records)
    await starting
    try:
        yield connection, socket
    finally:
        await connection.stop()


def completion(invocation: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the completion of a received invocation."""
    return {"type": 3, "invocationId": invocation["invocationId"], **fields}


def event(target: str, *arguments: Any) -> dict[str, Any]:
    """Return an invocation without an id."""
    return {"type": 1, "target": target, "arguments": list(arguments)}


async def test_start_negotiates_connects_and_shakes_hands(server: RawSignalRServer) -> None:
    """Version 1 with the secret token in the URL and the public id on the object."""
    async with connected(server, access_token=SECRET, headers={"X-Extra": "1"}) as (connection, socket):
        (negotiation,) = server.negotiate_requests
        assert negotiation.path == "/hub/negotiate"
        assert negotiation.query == {"negotiateVersion": ["1"]}
        assert socket.request.query == {"id": ["token-1"]}
        for request in (negotiation, socket.request):
            assert request.headers["authorization"] == f"Bearer {SECRET}"
            assert request.headers["x-extra"] == "1"
        assert connection.state is ConnectionState.CONNECTED
        assert connection.connection_id == "id-1"
    assert connection.connection_id is None


async def test_skip_negotiation_opens_the_socket_straight_away(server: RawSignalRServer) -> None:
    """No negotiate, no id in the URL, the query kept."""
    connection = HubConnection(f"ws://127.0.0.1:{server.port}/hub?a=b", skip_negotiation=True, retry=None)
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    assert await socket.handshake() == {"protocol": "json", "version": 1}
    await starting
    assert server.negotiate_requests == []
    assert socket.request.query == {"a": ["b"]}
    assert connection.connection_id is None
    await connection.stop()


async def test_invoke_returns_results_and_raises_refusals(server: RawSignalRServer) -> None:
    """Results by id in any order, void as None, the hub's error text for people."""
    async with connected(server) as (connection, socket):
        calls = [asyncio.ensure_future(connection.invoke("Echo", number, {"a": [1]})) for number in range(3)]
        received = [await socket.receive() for _ in calls]
        assert [message["arguments"] for message in received] == [[number, {"a": [1]}] for number in range(3)]
        socket.send(
            completion(received[2], error="Rate limit exceeded. Please try again later."),
            completion(received[1]),
            completion(received[0], result={"x": 1}),
        )
        assert await calls[0] == {"x": 1}
        assert await calls[1] is None
        with pytest.raises(HubException, match="Rate limit exceeded"):
            await calls[2]


async def test_send_carries_no_invocation_id(server: RawSignalRServer) -> None:
    """A send wants no answer."""
    async with connected(server) as (connection, socket):
        await connection.send("StartTyping", "team")
        assert await socket.receive() == event("StartTyping", "team")


async def test_invocation_timeout_leaves_the_connection_working(server: RawSignalRServer) -> None:
    """A late answer is ignored and the next invocation gets its own."""
    async with connected(server) as (connection, socket):
        with pytest.raises(InvocationTimeoutError, match=r"Slow: no answer within 0\.05 s"):
            await connection.invoke("Slow", timeout=0.05)
        late = await socket.receive()
        call = asyncio.ensure_future(connection.invoke("Fast"))
        fast = await socket.receive()
        socket.send(completion(late, result="late"), completion(fast, result="fast"))
        assert await call == "fast"


async def test_unencodable_argument_is_refused_and_leaves_nothing_pending(server: RawSignalRServer) -> None:
    """Our own mistake neither reaches the wire nor breaks the connection."""
    async with connected(server) as (connection, socket):
        with pytest.raises(LocalProtocolError):
            await connection.invoke("Echo", object())
        assert len(connection._pending) == 0
        await connection.send("Fine")
        assert (await socket.receive())["target"] == "Fine"


async def test_message_in_the_handshake_frame_reaches_its_handler_when_connected(
    server: RawSignalRServer,
) -> None:
    """Handlers run with a connected client even for what shares the handshake's frame."""
    seen: list[tuple[str, ConnectionState]] = []
    connection = HubConnection(server.url, retry=None)
    connection.on("Early", lambda word: seen.append((word, connection.state)))
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    await socket.handshake(with_records=json.dumps(event("Early", "bird")) + "\x1e")
    await starting
    await eventually(lambda: seen == [("bird", ConnectionState.CONNECTED)])
    await connection.stop()


async def test_unknown_message_types_and_targets_are_ignored(server: RawSignalRServer) -> None:
    """What a newer hub adds does no harm."""
    async with connected(server) as (connection, socket):
        seen: list[int] = []
        connection.on("Known", seen.append)
        socket.send(
            {"type": 42, "target": 7}, event("Nobody", 1), {"type": 6}, event("KNOWN", 2), event("known", 3)
        )
        await eventually(lambda: seen == [2, 3])
        assert connection.state is ConnectionState.CONNECTED


async def test_fragmented_and_interleaved_frames_are_one_stream(server: RawSignalRServer) -> None:
    """A record of over a megabyte in fragments, pings between them and a split code point, arrives whole."""
    text = "ř" * 600_000
    async with connected(server, max_message_bytes=1 << 22) as (connection, socket):
        seen: list[str] = []
        connection.on("Long", seen.append)
        data = (json.dumps(event("Long", text), ensure_ascii=False) + "\x1e").encode()
        socket.send_fragments(data[:100_001], data[100_001:100_003], data[100_003:700_000], data[700_000:])
        await eventually(lambda: seen == [text])


async def test_record_split_over_websocket_messages_is_put_together(server: RawSignalRServer) -> None:
    """Frames are not record boundaries."""
    async with connected(server) as (connection, socket):
        seen: list[str] = []
        connection.on("Word", seen.append)
        data = json.dumps(event("Word", "whole")) + "\x1e"
        for character in data:
            socket.send_text(character)
        await eventually(lambda: seen == ["whole"])


async def test_oversized_record_ends_the_connection_and_reconnects(server: RawSignalRServer) -> None:
    """The limit is the client's; the reason names it."""
    async with connected(server, max_message_bytes=1000) as (connection, socket):
        errors: list[Exception | None] = []
        connection.on_reconnecting(errors.append)
        socket.send(event("Long", "x" * 1001))
        await (await server.accept()).handshake()
        assert "limit of 1000 bytes" in str(errors[0])


async def test_handlers_keep_order_when_mixing_sync_and_async(server: RawSignalRServer) -> None:
    """Everything is handled in the order of arrival, whatever each handler takes."""
    async with connected(server) as (connection, socket):
        seen: list[int] = []

        async def slow(number: int) -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            seen.append(number)

        connection.on("Slow", slow)
        connection.on("Quick", seen.append)
        connection.on("Awaitable", lambda number: asyncio.ensure_future(slow(number)))
        targets = [
            "Quick",
            "Slow",
            "Quick",
            "Awaitable",
            "Slow",
            "Quick",
            "Quick",
            "Slow",
            "Awaitable",
            "Quick",
        ]
        socket.send(*(event(target, number) for number, target in enumerate(targets * 5)))
        await eventually(lambda: len(seen) == 50)
        assert seen == list(range(50))


async def test_every_handler_of_a_target_runs_until_removed(server: RawSignalRServer) -> None:
    """Several handlers, in order of registration; removal takes effect at once."""
    async with connected(server) as (connection, socket):
        seen: list[str] = []

        async def second(word: str) -> None:
            seen.append("second " + word)

        remove_first = connection.on("Say", lambda word: seen.append("first " + word))
        connection.on("say", second)
        connection.on("Say", lambda word: seen.append("third " + word))
        socket.send(event("Say", "a"))
        await eventually(lambda: seen == ["first a", "second a", "third a"])
        remove_first()
        connection.off("SAY", second)
        socket.send(event("Say", "b"))
        await eventually(lambda: seen[3:] == ["third b"])
        connection.off("Say")
        socket.send(event("Say", "c"), event("Ask"))
        call = asyncio.ensure_future(connection.invoke("Sync"))
        socket.send(completion(await socket.receive()))
        await call
        assert len(seen) == 4


async def test_invoking_inside_a_handler_does_not_deadlock(server: RawSignalRServer) -> None:
    """A handler may await the hub although later invocations already wait behind it."""
    async with connected(server) as (connection, socket):
        seen: list[Any] = []

        async def ask_back(number: int) -> None:
            seen.append(await connection.invoke("Double", number))

        connection.on("Event", ask_back)
        socket.send(event("Event", 1), event("Event", 2))
        for expected in (1, 2):
            question = await socket.receive()
            assert question["arguments"] == [expected]
            socket.send(completion(question, result=2 * expected))
        await eventually(lambda: seen == [2, 4])


async def test_handler_exception_is_logged_and_survived(
    server: RawSignalRServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken handler harms neither the others nor the connection; its log names the target only."""
    async with connected(server) as (connection, socket):
        seen: list[str] = []

        def broken(_word: str) -> None:
            raise RuntimeError("handler bug")

        async def broken_later(_word: str) -> None:
            raise RuntimeError("handler bug")

        async def cancelled(_word: str) -> None:
            raise asyncio.CancelledError

        for handler in (broken, broken_later, cancelled, seen.append):
            connection.on("Say", handler)
        socket.send(event("Say", "confidential"), event("Say", "2"), event("Say"), event("Say", "3"))
        await eventually(lambda: seen == ["confidential", "2", "3"])
        assert connection.state is ConnectionState.CONNECTED
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("conduit_widget")]
    assert "a handler of Say failed" in messages
    assert not any("confidential" in message for message in messages)


async def test_client_result_is_answered(server: RawSignalRServer) -> None:
    """A hub that awaits a client gets the handler's result, its failure, or that there is none."""
    async with connected(server) as (connection, socket):

        async def add(left: int, right: int) -> int:
            return left + right

        connection.on("Add", add)
        connection.on("Broken", lambda: 1 // 0)
        connection.on("Odd", object)
        answers = []
        for number, (target, arguments) in enumerate(
            [("Add", [1, 2]), ("Broken", []), ("Missing", []), ("Odd", [])], start=1
        ):
            socket.send({"type": 1, "invocationId": str(number), "target": target, "arguments": arguments})
            answers.append(await socket.receive())
        assert answers[0] == {"type": 3, "invocationId": "1", "result": 3}
        assert answers[1] == {"type": 3, "invocationId": "2", "error": "The client's handler failed."}
        assert answers[2] == {
            "type": 3,
            "invocationId": "3",
            "error": "The client has no handler for this target.",
        }
        assert answers[3] == {
            "type": 3,
            "invocationId": "4",
            "error": "The client's result cannot be encoded.",
        }


async def test_handler_queue_overflow_reconnects_instead_of_losing_silently(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bounded queue's policy: what was queued is handled, the connection is made anew."""
    monkeypatch.setattr(handlers_module.Handlers.__init__, "__kwdefaults__", {"limit": 3})
    async with connected(server) as (connection, socket):
        gate = asyncio.Event()
        seen: list[int] = []
        errors: list[Exception | None] = []

        async def held(number: int) -> None:
            await gate.wait()
            seen.append(number)

        connection.on("Event", held)
        connection.on_reconnecting(errors.append)
        socket.send(*(event("Event", number) for number in range(6)))
        await (await server.accept()).handshake()
        gate.set()
        await eventually(lambda: seen == [0, 1, 2, 3])
        assert "behind" in str(errors[0])


async def test_drop_fails_everything_pending_at_once(server: RawSignalRServer) -> None:
    """Invocations and streams fail the moment the connection drops, long before any reconnect."""
    never = DelayRetry((3600.0,), jitter=0.0, min_spread=0.0)
    async with connected(server, retry=never) as (connection, socket):
        calls = [asyncio.ensure_future(connection.invoke("Hang")) for _ in range(3)]
        stream = connection.stream("Count")
        item = asyncio.ensure_future(anext(stream))
        for _ in range(4):
            await socket.receive()
        socket.abort()
        async with asyncio.timeout(60):
            results = await asyncio.gather(*calls, item, return_exceptions=True)
        assert all(isinstance(result, ConnectionLostError) for result in results)
        assert connection.state is ConnectionState.RECONNECTING
        with pytest.raises(ConnectionLostError, match="Reconnecting: try again"):
            await connection.invoke("Now")


async def test_stop_fails_everything_pending(server: RawSignalRServer) -> None:
    """Nobody waits for ever on a stopped connection."""
    async with connected(server) as (connection, socket):
        call = asyncio.ensure_future(connection.invoke("Hang"))
        await socket.receive()
        closed: list[Exception | None] = []
        connection.on_close(closed.append)
        await connection.stop()
        with pytest.raises(ConnectionLostError):
            await call
        assert await socket.receive() == {"type": 7}
        assert closed == [None]
        assert connection.state.value == "Disconnected"
        await asyncio.wait_for(socket.closed.wait(), 30)


async def test_stream_yields_items_and_ends(server: RawSignalRServer) -> None:
    """Items in order, None among them; a completion ends, an error raises after the items."""
    async with connected(server) as (connection, socket):

        async def collect(target: str) -> list[Any]:
            return [item async for item in connection.stream(target, 3)]

        reading = asyncio.ensure_future(collect("Count"))
        request = await socket.receive()
        assert (request["type"], request["target"], request["arguments"]) == (4, "Count", [3])
        items = [
            {"type": 2, "invocationId": request["invocationId"], "item": item} for item in (1, None, "x")
        ]
        socket.send(*items, completion(request))
        assert await reading == [1, None, "x"]
        stream = connection.stream("Fail")
        first = asyncio.ensure_future(anext(stream))
        request = await socket.receive()
        socket.send(
            {"type": 2, "invocationId": request["invocationId"], "item": 1}, completion(request, error="no")
        )
        assert await first == 1
        with pytest.raises(HubException, match="no"):
            await anext(stream)


async def test_leaving_a_stream_cancels_it(server: RawSignalRServer) -> None:
    """The hub is told when the reader closes the iterator, and late items do no harm."""
    async with connected(server) as (connection, socket):
        stream = connection.stream("Infinite")
        first = asyncio.ensure_future(anext(stream))
        request = await socket.receive()
        item = {"type": 2, "invocationId": request["invocationId"], "item": 1}
        socket.send(item)
        assert await first == 1
        await stream.aclose()
        assert await socket.receive() == {"type": 5, "invocationId": request["invocationId"]}
        socket.send(item, completion(request))
        call = asyncio.ensure_future(connection.invoke("Still"))
        socket.send(completion(await socket.receive(), result="here"))
        assert await call == "here"


async def test_stream_overflow_cancels_and_raises(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that lags beyond its buffer gets the buffered items and then the reason."""
    monkeypatch.setattr(invocations_module, "STREAM_BUFFER_ITEMS", 2)
    async with connected(server) as (connection, socket):
        stream = connection.stream("Flood")
        first = asyncio.ensure_future(anext(stream))
        request = await socket.receive()
        item = {"type": 2, "invocationId": request["invocationId"], "item": 1}
        socket.send(item)
        assert await first == 1
        socket.send(item, item, item)
        assert (await socket.receive())["type"] == 5
        assert [await anext(stream), await anext(stream)] == [1, 1]
        with pytest.raises(StreamOverflowError):
            await anext(stream)


async def test_pings_are_sent_while_we_are_silent(server: RawSignalRServer) -> None:
    """The hub hears from us at least every keep-alive interval."""
    async with connected(server, keep_alive_interval=0.05) as (_, socket):
        for _ in range(3):
            assert await socket.receive() == {"type": 6}


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


async def test_hub_without_handshake_reply_times_out(server: RawSignalRServer) -> None:
    """A server that accepts and then says nothing is given up after handshake_timeout."""
    connection = HubConnection(server.url, retry=None, handshake_timeout=0.2)
    with pytest.raises(ConnectionFailedError, match=r"handshake within 0\.2 s"):
        await connection.start()
    socket = await server.accept()
    await asyncio.wait_for(socket.closed.wait(), 30)
    assert connection.state is ConnectionState.DISCONNECTED


async def test_refused_handshake_fails_start_with_the_hubs_words(server: RawSignalRServer) -> None:
    """The hub's reason reaches the caller."""
    connection = HubConnection(server.url, retry=None)
    starting = asyncio.ensure_future(connection.start())
    await (await server.accept()).handshake('{"error":"protocol json is not for today"}\x1e')
    with pytest.raises(ConnectionFailedError, match="not for today"):
        await starting


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


async def test_close_in_the_handshake_frame_fails_start(server: RawSignalRServer) -> None:
    """A hub that says goodbye at once is not taken for connected."""
    connection = HubConnection(server.url, retry=AT_ONCE)
    starting = asyncio.ensure_future(connection.start(retry=True))
    socket = await server.accept()
    await socket.handshake(with_records='{"type":7,"error":"Connection limit exceeded (10/10)."}\x1e')
    with pytest.raises(ConnectionFailedError, match="limit exceeded"):
        await starting
    assert connection.state is ConnectionState.DISCONNECTED
    assert len(server.negotiate_requests) == 1


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


async def test_half_a_character_costs_its_message_alone(
    server: RawSignalRServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A result or an event that cannot be read is an error of that call, or a line; the rest arrives."""
    async with connected(server) as (connection, socket):
        heard: list[Any] = []
        connection.on("Said", heard.append)
        call = asyncio.create_task(connection.invoke("Read"))
        invocation = await socket.receive_type(1)
        socket.send({"type": 1, "target": "Said", "arguments": ["\ud83d"]})
        socket.send({"type": 3, "invocationId": invocation["invocationId"], "result": "\ud83d"})
        socket.send({"type": 1, "target": "Said", "arguments": ["whole"]})
        with pytest.raises(HubException, match="half a character"):
            await call
        await eventually(lambda: heard == ["whole"])
        assert connection.state == ConnectionState.CONNECTED
    assert "an event of the hub was left out: Said" in caplog.text


async def test_token_and_url_are_asked_at_every_connect(server: RawSignalRServer) -> None:
    """Each connection gets a fresh token and the address of the moment; both may be async."""
    asked = {"token": 0, "url": 0}

    async def token() -> str:
        asked["token"] += 1
        return f"token-{asked['token']}"

    async def url() -> str:
        asked["url"] += 1
        return f"{server.url}?n={asked['url']}"

    connection = HubConnection(url, access_token=token, retry=AT_ONCE)
    starting = asyncio.ensure_future(connection.start())
    for number in (1, 2, 3):
        socket = await server.accept()
        await socket.handshake()
        assert socket.request.headers["authorization"] == f"Bearer token-{number}"
        assert socket.request.query["n"] == [str(number)]
        assert server.negotiate_requests[-1].query["n"] == [str(number)]
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)
        socket.abort()
        await eventually(lambda: connection.state is not ConnectionState.CONNECTED)
    await starting
    await connection.stop()


async def test_401_asks_the_token_factory_once_more(server: RawSignalRServer) -> None:
    """An expired token is replaced within the same attempt."""
    server.negotiations.extend([NegotiateReply(401), NegotiateReply()])
    tokens = iter(["old", "new"])
    connection = HubConnection(server.url, access_token=lambda: next(tokens), retry=None)
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    await socket.handshake()
    await starting
    sent = [request.headers["authorization"] for request in server.negotiate_requests]
    assert sent == ["Bearer old", "Bearer new"]
    assert socket.request.headers["authorization"] == "Bearer new"
    await connection.stop()


@pytest.mark.parametrize(("status", "asked"), [(401, 2), (403, 1)])
async def test_refused_token_ends_in_authentication_error(
    server: RawSignalRServer, status: int, asked: int
) -> None:
    """Twice 401 or once 403 is final, also with retry; the token is in no text."""
    server.negotiations.append(NegotiateReply(status))
    calls: list[int] = []

    def token() -> str:
        calls.append(1)
        return SECRET

    connection = HubConnection(server.url, access_token=token)
    with pytest.raises(AuthenticationError) as caught:
        await connection.start(retry=True)
    assert caught.value.status_code == status
    assert SECRET not in str(caught.value)
    assert len(calls) == asked == len(server.negotiate_requests)


async def test_websocket_refused_with_401_is_an_authentication_error(server: RawSignalRServer) -> None:
    """Without negotiation the upgrade's answer counts."""
    server.refuse_upgrade_with = 401
    connection = HubConnection(server.url, access_token=SECRET, skip_negotiation=True, retry=None)
    with pytest.raises(AuthenticationError):
        await connection.start()
    server.refuse_upgrade_with = 404
    with pytest.raises(ConnectionFailedError, match="404"):
        await connection.start()


async def test_redirect_uses_its_url_query_and_token(server: RawSignalRServer) -> None:
    """Negotiate follows the redirect, keeps the query of its URL and sends its token from then on."""
    async with raw_signalr_server() as second:
        server.negotiations.append(
            NegotiateReply(body={"url": f"{second.url}?hub=chat", "accessToken": "redirected"})
        )
        connection = HubConnection(server.url, access_token=SECRET, retry=None)
        starting = asyncio.ensure_future(connection.start())
        socket = await second.accept()
        await socket.handshake()
        await starting
        assert second.negotiate_requests[0].query == {"hub": ["chat"], "negotiateVersion": ["1"]}
        assert second.negotiate_requests[0].headers["authorization"] == "Bearer redirected"
        assert socket.request.query == {"hub": ["chat"], "id": ["token-1"]}
        assert socket.request.headers["authorization"] == "Bearer redirected"
        await connection.stop()


async def test_endless_redirect_is_given_up(server: RawSignalRServer) -> None:
    """A redirect loop ends after a hundred hops."""
    server.negotiations.append(NegotiateReply(body={"url": server.url}))
    connection = HubConnection(server.url, retry=None)
    with pytest.raises(ConnectionFailedError, match="100 times"):
        await connection.start()
    assert len(server.negotiate_requests) == 100


async def test_version_0_negotiate_connects_with_the_id(server: RawSignalRServer) -> None:
    """An old hub without connection tokens works."""
    body = {
        key: value
        for key, value in negotiate_body(7).items()
        if key not in ("negotiateVersion", "connectionToken")
    }
    server.negotiations.append(NegotiateReply(body=body))
    async with connected(server) as (connection, socket):
        assert socket.request.query == {"id": ["id-7"]}
        assert connection.connection_id == "id-7"


async def test_cookies_of_negotiate_go_to_the_websocket(server: RawSignalRServer) -> None:
    """A load balancer's sticky cookie reaches the connection it is meant for."""
    server.negotiations.append(NegotiateReply(headers={"Set-Cookie": "sticky=node-1; Path=/"}))
    async with connected(server) as (_, socket):
        assert socket.request.headers["cookie"] == "sticky=node-1"


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (NegotiateReply(body={"error": "closed for today"}), "closed for today"),
        (NegotiateReply(404), "404"),
        (NegotiateReply(body=b"<html>"), "no SignalR hub"),
        (NegotiateReply(body={"ProtocolVersion": "1.5"}), "ASP.NET"),
        (
            NegotiateReply(
                body={
                    **negotiate_body(1),
                    "availableTransports": [{"transport": "Pigeons", "transferFormats": ["Text"]}],
                }
            ),
            "Pigeons is unknown",
        ),
    ],
    ids=["error", "404", "html", "classic", "transport"],
)
async def test_useless_negotiate_answer_fails_start_with_a_reason(
    server: RawSignalRServer, reply: NegotiateReply, hint: str
) -> None:
    """Each failure says in one line what is wrong."""
    server.negotiations.append(reply)
    connection = HubConnection(server.url, retry=None)
    with pytest.raises(ConnectionFailedError) as caught:
        await connection.start()
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_unreachable_hub_fails_start_and_can_be_started_again(server: RawSignalRServer) -> None:
    """No server: one line with host and port; later the same object connects."""
    with sockets.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    addresses = iter([f"http://127.0.0.1:{port}/hub?access_token={SECRET}", server.url])
    connection = HubConnection(lambda: next(addresses), retry=None)
    with pytest.raises(ConnectionFailedError) as caught:
        await connection.start()
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert SECRET not in str(caught.value)
    starting = asyncio.ensure_future(connection.start())
    await (await server.accept()).handshake()
    await starting
    with pytest.raises(LocalProtocolError, match="it is connected"):
        await connection.start()
    await connection.stop()
    await connection.stop()


async def test_start_with_retry_follows_the_policy_until_the_hub_is_there(server: RawSignalRServer) -> None:
    """Failing attempts are counted and announced; the state stays Connecting."""
    contexts: list[RetryContext] = []
    announced: list[int] = []

    def policy(context: RetryContext) -> float:
        contexts.append(context)
        return 0.0

    server.negotiations.extend(
        [NegotiateReply(503), NegotiateReply(503), NegotiateReply(500), NegotiateReply()]
    )
    connection = HubConnection(server.url, retry=policy)
    states: list[ConnectionState] = []

    def scheduled(attempt: int, _delay: float, _error: Exception | None) -> None:
        announced.append(attempt)
        states.append(connection.state)

    connection.on_retry_scheduled(scheduled)
    starting = asyncio.ensure_future(connection.start(retry=True))
    await (await server.accept()).handshake()
    await starting
    assert [context.previous_retry_count for context in contexts] == [0, 1, 2]
    assert "HTTP 500" in str(contexts[2].error)
    assert announced == [1, 2, 3]
    assert set(states) == {ConnectionState.CONNECTING}
    await connection.stop()


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


async def test_stop_while_connecting_fails_start(server: RawSignalRServer) -> None:
    """Whoever awaits start() learns that stop() came first."""
    connection = HubConnection(server.url)
    starting = asyncio.ensure_future(connection.start(retry=True))
    socket = await server.accept()
    await connection.stop()
    with pytest.raises(ConnectionFailedError, match="stop"):
        await starting
    await asyncio.wait_for(socket.closed.wait(), 30)


async def test_cancelled_start_leaves_nothing_behind(server: RawSignalRServer) -> None:
    """Cancelling start() stops the connection."""
    connection = HubConnection(server.url)
    starting = asyncio.ensure_future(connection.start(retry=True))
    socket = await server.accept()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert connection.state is ConnectionState.DISCONNECTED
    await asyncio.wait_for(socket.closed.wait(), 30)


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


async def test_failing_factories_are_retried_like_a_failing_hub(server: RawSignalRServer) -> None:
    """A token that cannot be had now may be had later."""
    asked: list[int] = []

    def token() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise RuntimeError("no mint yet")
        return "good"

    connection = HubConnection(server.url, access_token=token, retry=AT_ONCE)
    starting = asyncio.ensure_future(connection.start(retry=True))
    await (await server.accept()).handshake()
    await starting
    await connection.stop()


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


async def test_no_log_contains_a_token_or_content(
    server: RawSignalRServer, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, everything our side logs is free of the access token, the connection token and arguments."""
    caplog.set_level(logging.DEBUG)
    async with connected(server, access_token=SECRET) as (connection, socket):
        await connection.send("Send", "confidential words")
        await socket.receive()
        socket.send(event("Unhandled", "confidential words"))
        socket.abort()
        await (await server.accept()).handshake()
    ours = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    assert ours
    for secret in (SECRET, "token-1", "token-2", "confidential"):
        assert not any(secret in line for line in ours)
