"""HubConnection and its ways to a hub: choice of transport, fallback, TLS, proxies, compression."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from conduit_widget.client import ConnectionState, HubConnection
from conduit_widget.client.transport_choice import TransportName
from conduit_widget.errors import AuthenticationError, ConnectionFailedError
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from tests.support.network.http_proxy import http_proxy
from tests.support.network.self_signed import self_signed
from tests.support.signalr.raw_connection import AT_ONCE
from tests.support.signalr.raw_http_transports import RawHttpServer, negotiate_all, raw_http_server
from tests.support.signalr.raw_signalr_server import (
    NegotiateReply,
    RawPeer,
    RawSignalRServer,
    raw_signalr_server,
)
from tests.support.waiting import eventually

SSE: TransportName = "ServerSentEvents"
POLLING: TransportName = "LongPolling"
SOCKETS: TransportName = "WebSockets"


@pytest.fixture
async def http() -> AsyncIterator[RawHttpServer]:
    """Return a server that has no WebSockets, though it offers them."""
    async with raw_http_server() as server:
        yield server


@contextlib.asynccontextmanager
async def connected(
    server: RawHttpServer | RawSignalRServer, **options: Any
) -> AsyncIterator[tuple[HubConnection, Any]]:
    """Start a connection and shake hands from the server's side; stop it afterwards."""
    connection = HubConnection(server.url, **{"retry": None, **options})
    starting = asyncio.ensure_future(connection.start())
    peer = await server.accept()
    await peer.handshake()
    await starting
    try:
        yield connection, peer
    finally:
        await connection.stop()


async def exchange(connection: HubConnection, peer: RawPeer) -> None:
    """Invoke, be answered, get an event."""
    heard: list[Any] = []
    connection.on("Event", heard.append)
    call = asyncio.ensure_future(connection.invoke("Echo", "ž"))
    invocation = await peer.receive_type(1)
    peer.send(
        {"type": 1, "target": "Event", "arguments": ["x"]},
        {"type": 3, "invocationId": invocation["invocationId"], "result": invocation["arguments"]},
    )
    assert await call == ["ž"]
    assert heard == ["x"]


@pytest.mark.parametrize("name", [SSE, POLLING])
async def test_hub_connection_works_without_websockets(http: RawHttpServer, name: str) -> None:
    """Everything goes over the one transport allowed, with the secret token as its id, and ends in order."""
    async with connected(http, transport=name, access_token="t0ken") as (connection, peer):
        assert peer.streams is (name == SSE)
        assert peer.request.query == {"id": ["token-1"]}
        assert connection.connection_id == "id-1"
        await exchange(connection, peer)
        assert all(request.headers["authorization"] == "Bearer t0ken" for request in peer.requests)
    assert (await peer.receive_type(7))["type"] == 7
    await eventually(peer.closed.is_set)
    methods = [request.method for request in peer.requests]
    assert methods.count("DELETE") == (1 if name == POLLING else 0)


async def test_websockets_killed_after_the_upgrade_make_way_for_the_next(
    http: RawHttpServer,
) -> None:
    """A proxy that lets the upgrade pass and no frame is as good as one that lets nothing pass."""
    http.kills_websockets = True
    async with connected(http) as (connection, peer):
        assert peer.streams
        await exchange(connection, peer)


async def test_drop_before_the_handshake_is_a_failed_connection(http: RawHttpServer) -> None:
    """``start()`` raises what it promises, in one line."""
    http.kills_websockets = True
    with pytest.raises(ConnectionFailedError, match="No handshake with the hub: "):
        await HubConnection(http.url, transport=SOCKETS, retry=None).start()


@pytest.mark.parametrize("name", [SSE, POLLING])
async def test_drop_without_websockets_reconnects(http: RawHttpServer, name: str) -> None:
    """Another negotiate, another connection."""
    async with connected(http, transport=[name], retry=AT_ONCE) as (connection, peer):
        peer.abort()
        second = await http.accept()
        await second.handshake()
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)
        assert second.request.query == {"id": ["token-2"]}
        await exchange(connection, second)


@pytest.mark.parametrize("name", [SOCKETS, SSE, POLLING])
async def test_record_of_three_megabytes_is_taken_where_the_limit_allows(name: TransportName) -> None:
    """The limit is the caller's to set, whatever carries the record."""
    listening: Any = raw_signalr_server() if name == SOCKETS else raw_http_server()
    async with (
        listening as server,
        connected(server, transport=name, max_message_bytes=4 << 20) as (connection, peer),
    ):
        heard: list[str] = []
        connection.on("Event", heard.append)
        peer.send({"type": 1, "target": "Event", "arguments": ["x" * (3 << 20)]})
        await eventually(lambda: heard)
        assert heard == ["x" * (3 << 20)]


@pytest.mark.parametrize("name", [SSE, POLLING])
async def test_logs_hold_neither_tokens_nor_content(
    http: RawHttpServer, name: TransportName, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, everywhere, over requests, a drop and a refusal."""
    caplog.set_level(logging.DEBUG)
    async with connected(http, transport=name, access_token="s3cret", retry=AT_ONCE) as (connection, peer):
        back: list[Any] = []
        connection.on_reconnected(back.append)
        await exchange(connection, peer)
        peer.abort()
        await (await http.accept()).handshake()
        await eventually(lambda: back)
        http.only_token = "other"
        await connection.send("Whisper", "c0ntent")
        await eventually(lambda: connection.state is ConnectionState.DISCONNECTED)
    for secret in ("s3cret", "token-1", "token-2", "c0ntent", "ž"):
        assert secret not in caplog.text


async def test_fallback_follows_the_hubs_order_with_a_fresh_negotiate(http: RawHttpServer) -> None:
    """The token of a transport that failed is spent: the next one gets its own."""
    async with connected(http) as (connection, peer):
        assert peer.streams
        assert len(http.negotiate_requests) == 2
        assert peer.request.query == {"id": ["token-2"]}
        await exchange(connection, peer)


async def test_hubs_order_decides(http: RawHttpServer) -> None:
    """Not ours."""
    http.negotiations.append(NegotiateReply(body=negotiate_all(7, POLLING, SSE, SOCKETS)))
    async with connected(http, transport={SOCKETS, SSE, POLLING}) as (_, peer):
        assert not peer.streams
        assert len(http.negotiate_requests) == 1


async def test_binary_encoding_passes_server_sent_events_over(http: RawHttpServer) -> None:
    """MessagePack needs binary frames, also where the hub claims them for an event stream."""
    offer = negotiate_all(1, SSE, POLLING)
    offer["availableTransports"][0]["transferFormats"] = ["Text", "Binary"]
    http.negotiations.append(NegotiateReply(body=offer))
    async with connected(http, protocol=MessagePackHubProtocol()) as (_, peer):
        assert not peer.streams
        assert peer.received.startswith(b'{"protocol":"messagepack"')


async def test_no_transport_that_connects_fails_with_every_reason(http: RawHttpServer) -> None:
    """One line says what was tried."""
    http.refuse_with = 503
    with pytest.raises(ConnectionFailedError, match=r"WebSocket with HTTP 404.*HTTP 503.*HTTP 503"):
        await HubConnection(http.url, retry=None).start()
    assert len(http.negotiate_requests) == 3


async def test_refused_token_ends_the_search(http: RawHttpServer) -> None:
    """401 is about the token, another transport would not change it."""
    http.refuse_with = 401
    with pytest.raises(AuthenticationError):
        await HubConnection(http.url, retry=None, transport=[SSE, POLLING]).start()
    assert len(http.negotiate_requests) == 1


@pytest.mark.parametrize("name", [SSE, POLLING])
async def test_token_that_expires_on_the_way_is_asked_for_anew(
    http: RawHttpServer, name: TransportName
) -> None:
    """Every request carries a token, so a 401 to one of them asks the factory once, and nothing is lost."""
    tokens = ["first"]
    async with connected(http, transport=name, access_token=lambda: tokens[-1]) as (connection, peer):
        http.only_token = "second"
        tokens.append("second")
        await exchange(connection, peer)
        assert peer.requests[-1].headers["authorization"] == "Bearer second"
        assert len(http.negotiate_requests) == 1
        http.only_token = "third"
        await connection.send("Late")
        await eventually(lambda: connection.state is ConnectionState.DISCONNECTED)


async def test_failing_token_factory_ends_the_connection_on_the_way(http: RawHttpServer) -> None:
    """Its error is reported as a lost connection, not left in a task."""
    asked = 0

    def factory() -> str:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise RuntimeError("no more")
        return "first"

    closed: list[Exception | None] = []
    async with connected(http, transport=POLLING, access_token=factory) as (connection, peer):
        connection.on_close(closed.append)
        http.only_token = "second"
        peer.send({"type": 6})
        await eventually(lambda: closed)
        assert "its function failed" in str(closed[0])


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"transport": []}, "must be some of"),
        ({"transport": "Pigeons"}, "must be some of"),
        ({"transport": POLLING, "skip_negotiation": True}, "needs the WebSockets"),
    ],
    ids=["none", "unknown", "skip"],
)
def test_options_that_exclude_each_other_are_refused(options: dict[str, Any], hint: str) -> None:
    """At once, not at the first connect."""
    with pytest.raises(ValueError, match=hint):
        HubConnection("http://h/hub", **options)


async def test_cookies_of_negotiate_travel_on(http: RawHttpServer) -> None:
    """Sticky sessions need the same server for both."""
    http.negotiations.append(
        NegotiateReply(body=negotiate_all(1, POLLING), headers={"Set-Cookie": "node=2; Path=/"})
    )
    async with connected(http) as (connection, peer):
        await exchange(connection, peer)
        assert all(request.headers["cookie"] == "node=2" for request in peer.requests)


async def test_long_polling_needs_no_pings_and_knows_no_silence(http: RawHttpServer) -> None:
    """Its polls are its signs of life, as with the official client; server-sent events do time out."""
    quick: dict[str, Any] = {"keep_alive_interval": 0.05, "server_timeout": 1.0}
    async with connected(http, transport=POLLING, **quick) as (polling, peer):
        async with connected(http, transport=SSE, **quick) as (events, other):
            await other.receive_type(6)
            await eventually(lambda: events.state is ConnectionState.DISCONNECTED)
        # It was silent for longer than the other one, which began later.
        assert polling.state is ConnectionState.CONNECTED
        await exchange(polling, peer)
        assert b'"type":6' not in peer.received


@pytest.mark.parametrize("name", [SOCKETS, SSE, POLLING])
async def test_custom_ssl_context_is_used_for_every_transport(name: TransportName, tmp_path: Path) -> None:
    """A self-signed hub is reached with a context that trusts it, and refused without."""
    server_side, client_side = self_signed(tmp_path)
    listening: Any = raw_signalr_server(server_side) if name == SOCKETS else raw_http_server(server_side)
    async with listening as server:
        with pytest.raises(ConnectionFailedError, match=r"(?i)certificate"):
            await HubConnection(server.url, transport=name, retry=None).start()
        async with connected(server, transport=name, ssl=client_side) as (connection, peer):
            await exchange(connection, peer)
        with pytest.raises(ConnectionFailedError, match=r"(?i)certificate"):
            await HubConnection(server.url, transport=SOCKETS, skip_negotiation=True, retry=None).start()


@pytest.mark.parametrize("name", [SOCKETS, SSE, POLLING])
async def test_proxy_carries_everything(name: TransportName) -> None:
    """Negotiate and transport both; WebSockets in a tunnel."""
    listening: Any = raw_signalr_server() if name == SOCKETS else raw_http_server()
    async with http_proxy() as proxy, listening as server:
        proxy.credentials = "user:pass"
        async with connected(server, transport=name, proxy=proxy.url) as (connection, peer):
            await exchange(connection, peer)
        assert proxy.seen[0] == f"POST {server.url}/negotiate"
        expected = f"CONNECT 127.0.0.1:{server.port}" if name == SOCKETS else f"GET {server.url}"
        assert expected in proxy.seen
        proxy.credentials = None
        wrong = proxy.url.replace("http://", "http://user:wrong@")
        proxy.credentials = "user:pass"
        with pytest.raises(ConnectionFailedError, match="407"):
            await HubConnection(server.url, transport=name, proxy=wrong, retry=None).start()
        with pytest.raises(ConnectionFailedError, match="407"):
            await HubConnection(
                server.url, transport=SOCKETS, skip_negotiation=True, proxy=wrong, retry=None
            ).start()


async def test_proxy_works_with_tls(tmp_path: Path) -> None:
    """TLS goes through the tunnel to the hub itself."""
    server_side, client_side = self_signed(tmp_path)
    async with (
        http_proxy() as proxy,
        raw_signalr_server(server_side) as server,
        connected(server, proxy=proxy.url, ssl=client_side) as (connection, peer),
    ):
        await exchange(connection, peer)
        assert proxy.seen == [f"CONNECT 127.0.0.1:{server.port}"] * 2


@pytest.mark.parametrize("name", [SOCKETS, SSE, POLLING])
async def test_proxy_reached_by_tls_carries_everything(name: TransportName, tmp_path: Path) -> None:
    """The way to the proxy is encrypted, whatever goes through it."""
    server_side, client_side = self_signed(tmp_path)
    listening: Any = raw_signalr_server() if name == SOCKETS else raw_http_server()
    async with (
        http_proxy(server_side) as proxy,
        listening as server,
        connected(server, transport=name, proxy=proxy.url, ssl=client_side) as (connection, peer),
    ):
        await exchange(connection, peer)
        assert len(proxy.seen) >= 2
    async with http_proxy(server_side) as proxy, raw_signalr_server(server_side) as server:
        options: dict[str, Any] = {"proxy": proxy.url, "ssl": client_side}
        async with connected(server, **options) as (connection, peer):
            await exchange(connection, peer)


@pytest.mark.parametrize("name", [SOCKETS, SSE, POLLING])
async def test_every_address_of_a_proxy_is_tried(
    name: TransportName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name often stands for ::1 first, where nothing listens."""
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def two_addresses(host: Any, *args: Any, **options: Any) -> Any:
        if host not in ("proxy.test", b"proxy.test"):
            return await real(host, *args, **options)
        found = await real("127.0.0.1", *args, **options)
        family, kind, protocol, canonical, address = found[0]
        return [(family, kind, protocol, canonical, ("127.0.0.2", *address[1:])), *found]

    monkeypatch.setattr(loop, "getaddrinfo", two_addresses)
    listening: Any = raw_signalr_server() if name == SOCKETS else raw_http_server()
    async with http_proxy() as proxy, listening as server:
        url = proxy.url.replace("127.0.0.1", "proxy.test")
        async with connected(server, transport=name, proxy=url) as (connection, peer):
            await exchange(connection, peer)


@pytest.mark.parametrize(
    "given", ["socks5://h:1", "h:3128", "http://[::1", "http://h:99999", "http://h\n:1", ""]
)
def test_proxy_of_another_kind_is_refused_at_once(given: str) -> None:
    """In one line that says what is taken, and does not repeat a password."""
    with pytest.raises(
        ValueError, match=r"^proxy must look like http://host:port or https://host:port\."
    ) as caught:
        HubConnection("http://h/hub", proxy=given)
    assert ("SOCKS" in str(caught.value)) is given.startswith("socks")


@pytest.mark.parametrize("name", [SOCKETS, SSE, POLLING])
async def test_environment_s_proxies_do_not_come_between(
    name: TransportName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a company's machine has set, of whatever kind."""
    for variable in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "WS_PROXY", "all_proxy", "http_proxy"):
        monkeypatch.setenv(variable, "socks5://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "[::1")
    listening: Any = raw_signalr_server() if name == SOCKETS else raw_http_server()
    async with listening as server, connected(server, transport=name) as (connection, peer):
        await exchange(connection, peer)


@pytest.mark.parametrize("name", [SOCKETS, SSE, POLLING])
async def test_missing_certificate_file_is_named(
    name: TransportName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that names the variable and the remedy."""
    server_side, _ = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    listening: Any = raw_signalr_server(server_side) if name == SOCKETS else raw_http_server(server_side)
    async with listening as server:
        with pytest.raises(ConnectionFailedError, match="SSL_CERT_FILE names a file that does not exist"):
            await HubConnection(server.url, transport=name, retry=None).start()


async def test_compression_is_negotiated_without_context_takeover() -> None:
    """Both directions inflate, from 512 bytes up ours are compressed, shorter ones go as they are."""
    async with raw_signalr_server() as server:
        server.extensions = [ServerPerMessageDeflateFactory()]
        async with connected(server, compression=True) as (connection, socket):
            offered = socket.request.headers["sec-websocket-extensions"]
            assert "server_no_context_takeover" in offered
            assert "client_no_context_takeover" in offered
            (agreed,) = socket.protocol.extensions
            assert isinstance(agreed, PerMessageDeflate)
            assert agreed.remote_no_context_takeover
            assert agreed.local_no_context_takeover
            await exchange(connection, socket)
            sizes = {}
            for length in (400, 10_000):
                before = socket.bytes_taken
                await connection.send("Long", "x" * length)
                record = await socket.receive_type(1)
                assert record["arguments"] == ["x" * length]
                sizes[length] = socket.bytes_taken - before
            assert sizes[400] > 400
            assert sizes[10_000] < 200
            heard: list[str] = []
            connection.on("Event", heard.append)
            socket.send({"type": 1, "target": "Event", "arguments": ["y" * 100_000]})
            await eventually(lambda: heard == ["y" * 100_000])


async def test_compression_is_used_only_where_both_want_it() -> None:
    """Not offered by default; a hub that has none is spoken to without."""
    async with raw_signalr_server() as server:
        server.extensions = [ServerPerMessageDeflateFactory()]
        async with connected(server) as (connection, socket):
            assert "sec-websocket-extensions" not in socket.request.headers
            await exchange(connection, socket)
        server.extensions = []
        async with connected(server, compression=True) as (connection, socket):
            assert socket.protocol.extensions == []
            await exchange(connection, socket)


async def test_inflated_size_is_limited() -> None:
    """A small frame that inflates beyond the frame limit ends the connection, not the process."""
    async with raw_signalr_server() as server:
        server.extensions = [ServerPerMessageDeflateFactory()]
        async with connected(server, compression=True) as (connection, socket):
            socket.send_text("x" * (20 << 20))
            await eventually(lambda: connection.state is ConnectionState.DISCONNECTED)
