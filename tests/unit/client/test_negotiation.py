"""Addresses derived from a hub URL."""

from __future__ import annotations

import pytest

from conduit_widget.client.hub_url import connect_url, negotiate_url
from conduit_widget.client.negotiation import Endpoint
from conduit_widget.errors import ConnectionFailedError
from conduit_widget.transports.client.websocket import WebSocketTransport


@pytest.mark.parametrize(
    ("hub_url", "expected"),
    [
        ("http://h/hub", "http://h/hub/negotiate?negotiateVersion=1"),
        ("http://h/hub/", "http://h/hub/negotiate?negotiateVersion=1"),
        ("https://h:1/hub?a=b", "https://h:1/hub/negotiate?a=b&negotiateVersion=1"),
        ("wss://h/hub?negotiateVersion=0#top", "https://h/hub/negotiate?negotiateVersion=0"),
        ("ws://[::1]:5000/hub", "http://[::1]:5000/hub/negotiate?negotiateVersion=1"),
    ],
)
def test_negotiate_url_keeps_the_query(hub_url: str, expected: str) -> None:
    """The path is extended, the query kept, a version already asked for respected."""
    assert negotiate_url(hub_url) == expected


@pytest.mark.parametrize(
    ("hub_url", "token", "expected"),
    [
        ("http://h/hub", "t", "ws://h/hub?id=t"),
        ("https://h/hub?a=b", "t/+&", "wss://h/hub?a=b&id=t%2F%2B%26"),
        ("ws://h/hub", None, "ws://h/hub"),
        ("http://h/hub", "", "ws://h/hub"),
    ],
)
def test_connect_url_carries_the_connection_token(hub_url: str, token: str | None, expected: str) -> None:
    """The connection token is the id parameter, and nothing else secret is in the URL."""
    assert connect_url(hub_url, token) == expected


@pytest.mark.parametrize("hub_url", ["", "/hubs/chat", "ftp://h/hub", "localhost:5000/hub"])
def test_useless_url_says_what_is_wanted(hub_url: str) -> None:
    """The error shows the form of a good URL."""
    with pytest.raises(ConnectionFailedError, match="must look like"):
        negotiate_url(hub_url)


def test_endpoint_repr_hides_its_secrets() -> None:
    """An endpoint in a log or a traceback shows neither URL nor headers."""
    headers = {"Authorization": "Bearer secret"}
    endpoint = Endpoint("ws://h/hub?id=secret", headers, "id", "WebSockets", WebSocketTransport)
    assert "secret" not in repr(endpoint)
