"""HubConnection against a scripted raw server on real sockets: calls, handlers, streams."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from conduit_widget.client import (
    ConnectionState,
    DelayRetry,
    HubConnection,
    handlers as handlers_module,
    invocations as invocations_module,
)
from conduit_widget.errors import (
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    LocalProtocolError,
    StreamOverflowError,
)
from tests.support.signalr.raw_connection import completion, connected, event
from tests.support.signalr.raw_signalr_server import (
    RawSignalRServer,
)
from tests.support.waiting import eventually

SECRET = "s3cret-access-token"


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
