"""The hub over real sockets, driven by a raw client that speaks nothing but WebSocket and JSON."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.http import HttpRequest, HttpResponse, json_response
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.routes import Route
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, negotiate, raw_client, running, token
from tests.support.waiting import eventually

PATH = "/hubs/echo"


def _app(hub: EchoHub | None = None, **limits: Any) -> HubApp:
    return HubApp({PATH: hub or EchoHub()}, authenticator=authority(), limits=HubLimits(**limits))


async def test_invocation_is_answered_and_the_hub_hears_of_the_end() -> None:
    """An echo comes back; leaving in good order is no error."""
    hub = EchoHub()
    app = _app(hub)
    async with running(app) as url:
        async with raw_client(url, PATH) as client:
            assert await client.invoke("Echo", "hello") == {"type": 3, "invocationId": "1", "result": "hello"}
            assert app.connections_active == 1
        await eventually(lambda: hub.disconnected)
        assert app.connections_active == 0
    assert hub.connected == ["ann"]
    assert hub.disconnected == [("ann", None)]


async def test_hub_hears_an_error_when_the_client_is_cut_off() -> None:
    """A dropped connection is told from a closed one, and leaves its groups."""
    hub = EchoHub()
    async with running(_app(hub)) as url, raw_client(url, PATH) as client:
        await client.invoke("JoinGroup", "g")
        assert len(hub.groups.members("g")) == 1
        client.socket.transport.abort()
        await eventually(lambda: hub.disconnected)
    assert isinstance(hub.disconnected[0][1], Exception)
    assert hub.groups.members("g") == ()


async def test_negotiate_keeps_the_token_secret_from_the_id() -> None:
    """Version 1: the public id does not open the connection, the token does, once."""
    async with running(_app()) as url:
        answer = (await negotiate(url, PATH, token())).json()
        assert answer["negotiateVersion"] == 1
        assert answer["availableTransports"] == [
            {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]},
            {"transport": "ServerSentEvents", "transferFormats": ["Text"]},
            {"transport": "LongPolling", "transferFormats": ["Text", "Binary"]},
        ]
        assert answer["connectionId"] != answer["connectionToken"]
        address = f"{url.replace('http', 'ws', 1)}{PATH}?access_token={token()}&id="
        with pytest.raises(Exception, match="404"):
            await connect(address + answer["connectionId"], proxy=None)
        async with connect(address + answer["connectionToken"], proxy=None):
            with pytest.raises(Exception, match="404"):
                await connect(address + answer["connectionToken"], proxy=None)
        other = (await negotiate(url, PATH, token("bob"))).json()
        with pytest.raises(Exception, match="404"):
            await connect(address + other["connectionToken"], proxy=None)


async def test_negotiate_version_0_gives_one_id() -> None:
    """Old clients connect with the connection id."""
    async with running(_app()) as url:
        answer = (await negotiate(url, PATH, token(), negotiateVersion="0")).json()
        assert "connectionToken" not in answer
        query = f"access_token={token()}&id={answer['connectionId']}"
        async with connect(f"{url.replace('http', 'ws', 1)}{PATH}?{query}", proxy=None):
            pass


async def test_messages_in_the_handshake_frame_are_served() -> None:
    """A client may send its first invocation together with the handshake."""
    async with running(_app()) as url, raw_client(url, PATH, handshake=False) as client:
        await client.send(
            {"protocol": "json", "version": 1},
            {"type": 1, "invocationId": "a", "target": "Echo", "arguments": [1]},
        )
        assert await client.read() == {}
        assert await client.read() == {"type": 3, "invocationId": "a", "result": 1}


@pytest.mark.parametrize(
    ("handshake", "text"),
    [
        ({"protocol": "xml", "version": 1}, "xml"),
        ({"protocol": "json", "version": 9}, "Version 9"),
        ({}, "malformed"),
    ],
)
async def test_handshake_is_refused_with_a_text(handshake: dict[str, Any], text: str) -> None:
    """An unknown protocol, version or shape is answered before the connection closes."""
    async with running(_app()) as url, raw_client(url, PATH, handshake=False) as client:
        await client.send(handshake)
        assert text in (await client.read())["error"]
        await asyncio.wait_for(client.socket.wait_closed(), 30)


async def test_invocations_run_in_order_and_pings_pass_a_waiting_one() -> None:
    """One at a time per connection; cancel and close act at once."""
    hub = EchoHub()
    async with running(_app(hub)) as url, raw_client(url, PATH) as client:
        await client.send(
            {"type": 1, "invocationId": "w", "target": "Wait", "arguments": []},
            {"type": 1, "invocationId": "e", "target": "Echo", "arguments": ["x"]},
        )
        await eventually(lambda: hub.calls == ["Wait"])
        async with raw_client(url, PATH, token("bob")) as bob:
            assert (await bob.invoke("Echo", 1))["result"] == 1
        assert hub.calls == ["Wait", "Echo"], "the second invocation waits for the first"
        hub.gate.set()
        assert [(await client.read())["invocationId"] for _ in range(2)] == ["w", "e"]


async def test_stream_is_cancelled_at_once_when_an_invocation_waits() -> None:
    """A stream's end is not stuck behind a long invocation."""
    hub = EchoHub()
    async with running(_app(hub)) as url, raw_client(url, PATH) as client:
        await client.send({"type": 4, "invocationId": "s", "target": "Forever", "arguments": []})
        assert (await client.read())["item"] == 0
        await client.send({"type": 1, "invocationId": "w", "target": "Wait", "arguments": []})
        await client.send({"type": 5, "invocationId": "s"})
        await asyncio.wait_for(hub.stream_ended.wait(), 30)
        hub.gate.set()


async def test_streams_end_when_the_connection_does() -> None:
    """No stream goes on for nobody."""
    hub = EchoHub()
    async with running(_app(hub)) as url:
        async with raw_client(url, PATH) as client:
            await client.send({"type": 4, "invocationId": "s", "target": "Forever", "arguments": []})
            await client.read()
        await asyncio.wait_for(hub.stream_ended.wait(), 30)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"type": 1, "invocationId": "1", "target": "Nope", "arguments": []}, "Unknown hub method 'Nope'"),
        ({"type": 1, "invocationId": "1", "target": "on_connected", "arguments": []}, "Unknown hub method"),
        (
            {"type": 1, "invocationId": "1", "target": "Said", "arguments": ["bob", "spoof"]},
            "Unknown hub method",
        ),
        ({"type": 1, "invocationId": "1", "target": "Count", "arguments": [1]}, "use stream()"),
        ({"type": 4, "invocationId": "1", "target": "Echo", "arguments": [1]}, "use invoke()"),
        ({"type": 4, "invocationId": "1", "target": "Count", "arguments": ["x"]}, "argument 'number'"),
        ({"type": 1, "invocationId": "1", "target": "Echo", "arguments": []}, "expected 1 argument (value)"),
        ({"type": 1, "invocationId": "1", "target": "Refuse", "arguments": ["no"]}, "no"),
        (
            {"type": 1, "invocationId": "1", "target": "Echo", "arguments": ["\ud83d"]},
            "Echo: an argument has half a character",
        ),
        ({"type": 1, "invocationId": "1", "target": "\ud83d", "arguments": ["\ud83d"]}, "half a character"),
    ],
)
async def test_wrong_invocation_gets_its_text_and_the_connection_stays(
    message: dict[str, Any], text: str
) -> None:
    """Unknown names, events, wrong kinds and types are completions with an error."""
    async with running(_app()) as url, raw_client(url, PATH) as client:
        await client.send(message)
        answer = await client.read()
        assert answer["type"] == 3
        assert text in answer["error"]
        await client.send({"type": 1, "invocationId": "2", "target": "Echo", "arguments": ["fine"]})
        assert (await client.read())["result"] == "fine"


async def test_unexpected_error_is_logged_under_the_id_the_caller_sees(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log has its type and place under the id; its text, which may hold content, is nowhere."""
    async with running(_app()) as url, raw_client(url, PATH) as client:
        text = (await client.invoke("Crash"))["error"]
    assert "inner detail" not in text
    error_id = text.rsplit(" ", 1)[1]
    assert f"error id {error_id}" in caplog.text
    assert "RuntimeError at echo_hub.py" in caplog.text
    assert "an inner detail" not in caplog.text


@pytest.mark.parametrize(
    "frame", ["no json\x1e", '{"type":1}\x1e', '{"target":"x"}\x1e', "[1]\x1e", '{"type":"1"}\x1e']
)
async def test_broken_record_closes_with_a_text(frame: str) -> None:
    """What is no hub message ends the connection, saying so, without reconnect."""
    async with running(_app()) as url, raw_client(url, PATH) as client:
        await client.socket.send(frame)
        close = await client.read()
        assert close["type"] == 7
        assert close["error"]
        assert not close.get("allowReconnect")
        await asyncio.wait_for(client.socket.wait_closed(), 30)
        assert client.socket.close_code == 3503


async def test_unknown_message_types_are_skipped() -> None:
    """A newer peer's messages break nothing."""
    async with running(_app()) as url, raw_client(url, PATH) as client:
        await client.send({"type": 77, "x": 1}, {"type": 6}, {"type": 3, "invocationId": "zz", "result": 1})
        assert (await client.invoke("Echo", 1))["result"] == 1


async def test_fragmented_message_is_put_together() -> None:
    """A record over several WebSocket frames, and over several messages, is one record."""
    record = '{"type":1,"invocationId":"1","target":"Echo","arguments":["é"]}\x1e'
    async with running(_app()) as url, raw_client(url, PATH) as client:
        await client.socket.send(iter([record[:10], record[10:40], record[40:]]))
        assert (await client.read())["result"] == "é"
        await client.socket.send(record[:30])
        await client.socket.send(record[30:])
        assert (await client.read())["result"] == "é"


async def test_client_that_says_close_is_closed() -> None:
    """A Close message from the client ends the connection in good order."""
    hub = EchoHub()
    async with running(_app(hub)) as url, raw_client(url, PATH) as client:
        await client.send({"type": 7})
        await asyncio.wait_for(client.socket.wait_closed(), 30)
        assert client.socket.close_code == 1000
        await eventually(lambda: hub.disconnected == [("ann", None)])


async def test_groups_users_and_exclusion_reach_whom_they_name() -> None:
    """Group, group without some, user: and nobody else."""
    async with (
        running(_app()) as url,
        raw_client(url, PATH, token("ann")) as ann,
        raw_client(url, PATH, token("bob")) as bob,
        raw_client(url, PATH, token("bob")) as bob_too,
    ):
        for client in (ann, bob):
            await client.invoke("JoinGroup", "g")
        await ann.invoke("ToOthers", "g", "one")
        assert (await bob.read())["arguments"] == ["ann", "one"]
        await ann.invoke("ToGroup", "g", "two")
        assert (await ann.read())["arguments"] == ["ann", "two"], "the first went to others only"
        assert (await bob.read())["arguments"] == ["ann", "two"]
        await ann.invoke("ToUser", "bob", "three")
        assert (await bob.read())["arguments"] == ["ann", "three"]
        assert (await bob_too.read())["arguments"] == ["ann", "three"], "not in the group, but the user's"


async def test_on_connected_refusal_closes_with_its_text() -> None:
    """A hub may turn a connection away."""

    class Closed(EchoHub):
        async def on_connected(self, caller: Any) -> None:
            from conduit_widget.errors import HubException

            raise HubException("We are closed today.")

    async with running(_app(Closed())) as url, raw_client(url, PATH) as client:
        assert await client.read() == {"type": 7, "error": "We are closed today."}


async def test_http_answers_are_small_json() -> None:
    """404, 405 and 413 say what is wrong; health, readiness, metrics and further routes answer."""

    async def hello(request: HttpRequest) -> HttpResponse:
        return json_response(200, {"got": len(await request.body.read())})

    app = HubApp(
        {PATH: EchoHub()}, authenticator=authority(), routes=[Route("/hello", hello, methods=("POST",))]
    )
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        for method, path, status in (
            ("GET", "/nothing", 404),
            ("POST", "/hubs/other/negotiate", 404),
            ("GET", f"{PATH}/negotiate", 405),
            ("GET", PATH, 401),
            ("POST", "/healthz", 405),
        ):
            response = await http.request(method, path)
            assert (response.status_code, list(response.json())) == (status, ["error"]), path
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        assert (await http.get("/readyz")).json() == {"status": "ready", "connections": 0, "reasons": []}
        assert (await http.post("/hello", content=b"x" * 65536)).json() == {"got": 65536}
        too_large = await http.post("/hello", content=b"x" * 65537)
        assert too_large.status_code == 413
        assert "65536 bytes" in too_large.json()["error"]


async def test_metrics_have_the_contract_s_names_and_no_ids() -> None:
    """What operators read after some traffic."""
    async with running(_app()) as url, raw_client(url, PATH, token("very-special-user")) as client:
        await client.invoke("Echo", 1)
        await client.invoke("Nope")
        await client.invoke("ToCaller", 3)
        async with httpx2.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"{url}/metrics")).text
    hub = f'hub="{PATH}"'
    for line in (
        f"conduit_signalr_connections_active{{{hub}}} 1.0",
        f'conduit_signalr_connections_total{{{hub},status="accepted"}} 1.0',
        f'conduit_signalr_messages_total{{direction="in",{hub},method="Echo"}} 1.0',
        f'conduit_signalr_messages_total{{direction="in",{hub},method="unknown"}} 1.0',
        f'conduit_signalr_messages_total{{direction="out",{hub},method="Number"}} 3.0',
        f'conduit_signalr_errors_total{{{hub},kind="unknown_method"}} 1.0',
        f"conduit_signalr_outbound_queue_bytes{{{hub}}} 0.0",
    ):
        assert line in text.splitlines(), text
    for name in ("connection_duration_seconds", "message_processing_seconds", "reconnections_total"):
        assert f"conduit_signalr_{name}" in text
    for name in ("delivery_latency_seconds", "closes_total"):
        assert f"conduit_signalr_{name}" in text
    assert "very-special-user" not in text
