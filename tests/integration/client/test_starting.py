"""How a HubConnection starts: negotiate, tokens, redirects, handshake; against a scripted raw server."""

from __future__ import annotations

import asyncio
import socket as sockets

import pytest

from conduit_widget.client import (
    ConnectionState,
    HubConnection,
    RetryContext,
)
from conduit_widget.errors import (
    AuthenticationError,
    ConnectionFailedError,
    LocalProtocolError,
)
from tests.support.signalr.raw_connection import AT_ONCE, connected
from tests.support.signalr.raw_signalr_server import (
    NegotiateReply,
    RawSignalRServer,
    negotiate_body,
    raw_signalr_server,
)
from tests.support.waiting import eventually

SECRET = "s3cret-access-token"


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
