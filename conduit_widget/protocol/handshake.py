"""The handshake that opens a hub connection: one JSON text record each way, whatever the hub protocol.

Source: HubProtocol.md, "Handshake"; behaviour of the official peers where the prose is silent.
"""

from __future__ import annotations

import msgspec

from conduit_widget.errors import UNREADABLE, RemoteProtocolError
from conduit_widget.nesting import MAX_DEPTH, is_json_too_deep
from conduit_widget.protocol.framing import RECORD_SEPARATOR


class HandshakeRequest(msgspec.Struct, frozen=True):
    """Which hub protocol the client wants, and its version (1, or 2 for stateful reconnect)."""

    protocol: str
    version: int


class HandshakeResponse(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The hub's answer; an ``error`` means refused unless it is empty (as the TypeScript client reads it)."""

    error: str | None = None
    minor_version: int | None = None


class _ResponseRecord(msgspec.Struct, rename="camel"):
    error: str | msgspec.UnsetType = msgspec.UNSET
    minor_version: int | msgspec.UnsetType = msgspec.UNSET
    type: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_request_decoder = msgspec.json.Decoder(HandshakeRequest)
_response_decoder = msgspec.json.Decoder(_ResponseRecord)
_encoder = msgspec.json.Encoder()


def encode_request(request: HandshakeRequest) -> bytes:
    """Return the request as a framed record."""
    return _encoder.encode(request) + RECORD_SEPARATOR


def encode_response(response: HandshakeResponse) -> bytes:
    """Return the response as a framed record."""
    return _encoder.encode(response) + RECORD_SEPARATOR


def parse_request(record: bytes) -> HandshakeRequest:
    """Read a request record (without separator).

    Raises:
        RemoteProtocolError: it is no handshake request; the text says what is wrong, without the content.

    """
    if is_json_too_deep(record):
        raise RemoteProtocolError(f"The handshake request nests more than {MAX_DEPTH} levels deep.")
    try:
        return _request_decoder.decode(record)
    except UNREADABLE as error:
        raise RemoteProtocolError(f"The handshake request is malformed: {error}.") from error


def parse_response(record: bytes) -> HandshakeResponse:
    """Read a response record (without separator).

    Raises:
        RemoteProtocolError: it is no handshake response.

    """
    if is_json_too_deep(record):
        raise RemoteProtocolError(f"The handshake response nests more than {MAX_DEPTH} levels deep.")
    try:
        parsed = _response_decoder.decode(record)
    except UNREADABLE as error:
        raise RemoteProtocolError(f"The handshake response is malformed: {error}.") from error
    if parsed.type is not msgspec.UNSET:
        raise RemoteProtocolError("The hub sent a hub message where its handshake response was expected.")
    return HandshakeResponse(
        error=None if parsed.error is msgspec.UNSET else parsed.error,
        minor_version=None if parsed.minor_version is msgspec.UNSET else parsed.minor_version,
    )
