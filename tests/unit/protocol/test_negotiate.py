"""Negotiate responses, versions 0 and 1, against the official vectors."""

from __future__ import annotations

from typing import Any

import pytest

from conduit_widget.errors import RemoteProtocolError
from conduit_widget.protocol.negotiate import (
    AvailableTransport,
    NegotiateResponse,
    encode_negotiate,
    parse_negotiate,
)
from tests.support.signalr.vectors import VECTORS


@pytest.mark.parametrize("vector", VECTORS["negotiate_response"]["ok"], ids=lambda vector: vector["json"])
def test_response_is_read(vector: dict[str, Any]) -> None:
    """Connections and redirects are told apart, escapes in keys understood."""
    response = parse_negotiate(vector["json"])
    assert response.connection_id == vector.get("connectionId", response.connection_id)
    assert response.url == vector.get("url")
    assert response.access_token == vector.get("accessToken")
    assert [offered.transport for offered in response.transports] == vector.get("transports", [])


@pytest.mark.parametrize(("body", "_error"), VECTORS["negotiate_response"]["invalid"])
def test_malformed_response_is_refused(body: str, _error: str) -> None:
    """What .NET refuses is refused, an old ASP.NET server by name."""
    with pytest.raises(RemoteProtocolError, match=r"ASP\.NET" if "ProtocolVersion" in body else "negotiate"):
        parse_negotiate(body)


def test_version_1_without_token_is_refused() -> None:
    """The public id must never stand in for the secret token."""
    with pytest.raises(RemoteProtocolError, match="connectionToken"):
        parse_negotiate('{"negotiateVersion":1,"connectionId":"a","availableTransports":[]}')


def test_id_for_connect_follows_the_version() -> None:
    """Version 1 connects with the token, version 0 with the id."""
    assert (
        NegotiateResponse(negotiate_version=1, connection_id="a", connection_token="b").id_for_connect == "b"
    )
    assert (
        NegotiateResponse(negotiate_version=0, connection_id="a", connection_token="b").id_for_connect == "a"
    )


def test_written_response_is_read_back() -> None:
    """The hub's own responses have the official property names."""
    response = NegotiateResponse(
        negotiate_version=1,
        connection_id="a",
        connection_token="b",
        available_transports=[AvailableTransport("WebSockets", ["Text", "Binary"])],
    )
    body = encode_negotiate(response)
    assert body == (
        b'{"negotiateVersion":1,"connectionId":"a","connectionToken":"b",'
        b'"availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}'
    )
    assert parse_negotiate(body) == response


def test_version_0_is_written_out() -> None:
    """Clients of version 0 hubs look for the number; an error travels alone."""
    response = NegotiateResponse(connection_id="a", available_transports=[])
    assert encode_negotiate(response) == b'{"negotiateVersion":0,"connectionId":"a","availableTransports":[]}'
    assert encode_negotiate(NegotiateResponse(error="full")) == b'{"error":"full"}'


def test_error_response_is_read() -> None:
    """A hub may refuse in words."""
    assert parse_negotiate('{"error":"full"}').error == "full"


def test_response_that_nests_too_deeply_is_refused_with_the_limit() -> None:
    """As text and as bytes."""
    body = '{"url":"http://h","x":' + "[" * 33 + "]" * 33 + "}"
    for form in (body, body.encode()):
        with pytest.raises(RemoteProtocolError, match="nests more than 32 levels"):
            parse_negotiate(form)
