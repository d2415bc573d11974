"""The one small HTTP client."""

from __future__ import annotations

import logging

import pytest

from conduit_widget.errors import ConnectionFailedError
from conduit_widget.transports.client.http_client import HttpClient
from tests.support.signalr.raw_signalr_server import NegotiateReply, raw_signalr_server


async def test_environment_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loopback hub is reached although a proxy is set that does not exist."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with raw_signalr_server() as server:
        reply = await HttpClient(timeout=5).post(server.url, {"X-Extra": "1"})
        assert reply.status_code == 200
        assert server.requests[0].headers["x-extra"] == "1"


async def test_redirects_are_not_followed_with_the_token() -> None:
    """A 307 is an answer like any other: the Authorization header goes nowhere else."""
    async with raw_signalr_server() as server, raw_signalr_server() as elsewhere:
        server.negotiations.append(NegotiateReply(307, headers={"Location": elsewhere.url}))
        reply = await HttpClient(timeout=5).post(server.url, {"Authorization": "Bearer secret"})
        assert reply.status_code == 307
        assert elsewhere.requests == []


async def test_cookies_go_back_to_the_host_that_set_them() -> None:
    """The jar answers by host, for later requests and for the WebSocket."""
    async with raw_signalr_server() as server:
        server.negotiations.append(NegotiateReply(headers={"Set-Cookie": "sticky=1; Path=/"}))
        client = HttpClient(timeout=5)
        await client.post(server.url, {})
        await client.post(server.url, {})
        assert server.requests[1].headers["cookie"] == "sticky=1"
        assert client.cookie_header(server.url) == "sticky=1"
        assert client.cookie_header("http://example.org/hub") is None


async def test_failure_names_host_and_port_only(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the error nor a log shows the query or user information."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConnectionFailedError) as caught:
        await HttpClient(timeout=5).post("http://user:secret@127.0.0.1:1/hub?access_token=secret", {})
    assert "127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "secret" not in caplog.text
