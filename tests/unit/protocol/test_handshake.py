"""Handshake records against the official vectors."""

from __future__ import annotations

import pytest

from conduit_widget.errors import RemoteProtocolError
from conduit_widget.protocol.handshake import (
    HandshakeRequest,
    HandshakeResponse,
    encode_request,
    encode_response,
    parse_request,
    parse_response,
)
from conduit_widget.protocol.session import Session
from tests.support.signalr.vectors import VECTORS

HANDSHAKE = VECTORS["handshake"]


@pytest.mark.parametrize(("record", "protocol", "version"), HANDSHAKE["request_ok"])
def test_request_is_read(record: str, protocol: str, version: int) -> None:
    """Protocol and version are found, extra properties ignored."""
    assert parse_request(record.rstrip("\x1e").encode()) == HandshakeRequest(protocol, version)


@pytest.mark.parametrize(("record", "_error"), HANDSHAKE["request_invalid"])
def test_malformed_request_is_refused(record: str, _error: str) -> None:
    """What .NET refuses is refused."""
    with pytest.raises(RemoteProtocolError):
        parse_request(record.rstrip("\x1e").encode())


@pytest.mark.parametrize("record", HANDSHAKE["request_incomplete"])
def test_incomplete_request_waits(record: str) -> None:
    """Without its separator a request is not judged yet."""
    session = Session.server({}, max_message_bytes=1000)
    assert session.receive(record) == []


@pytest.mark.parametrize(("record", "error"), HANDSHAKE["response_ok"])
def test_response_is_read(record: str, error: str | None) -> None:
    """The error is found, extra properties ignored."""
    assert parse_response(record.rstrip("\x1e").encode()).error == error


@pytest.mark.parametrize(("record", "minor"), HANDSHAKE["response_minor_version"])
def test_minor_version_is_read(record: str, minor: int) -> None:
    """Older servers send it."""
    assert parse_response(record.rstrip("\x1e").encode()).minor_version == minor


@pytest.mark.parametrize("record", HANDSHAKE["response_invalid"])
def test_malformed_response_is_refused(record: str) -> None:
    """What .NET refuses is refused."""
    with pytest.raises(RemoteProtocolError):
        parse_response(record.rstrip("\x1e").encode())


def test_hub_message_in_place_of_the_response_is_refused() -> None:
    """A server that skips its response is told apart from one that agrees."""
    with pytest.raises(RemoteProtocolError, match="hub message"):
        parse_response(b'{"type":6}')


def test_written_records_are_the_official_bytes() -> None:
    """What we send is what the peers send."""
    assert encode_request(HandshakeRequest("json", 1)) == b'{"protocol":"json","version":1}\x1e'
    assert encode_response(HandshakeResponse()) == b"{}\x1e"
    assert encode_response(HandshakeResponse("no")) == b'{"error":"no"}\x1e'


def test_record_that_nests_too_deeply_is_refused_with_the_limit() -> None:
    """Also where the nesting is in a key nobody asks for."""
    nested = b"[" * 33 + b"]" * 33
    with pytest.raises(RemoteProtocolError, match="handshake request nests more than 32 levels"):
        parse_request(b'{"protocol":"json","version":1,"x":' + nested + b"}")
    with pytest.raises(RemoteProtocolError, match="handshake response nests more than 32 levels"):
        parse_response(b'{"x":' + nested + b"}")
