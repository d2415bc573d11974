"""Negotiate responses, versions 0 and 1 (TransportProtocols.md, "POST [endpoint-base]/negotiate")."""

from __future__ import annotations

import msgspec

from conduit_widget.errors import UNREADABLE, RemoteProtocolError
from conduit_widget.nesting import MAX_DEPTH, is_json_too_deep

NEGOTIATE_VERSION = 1


class AvailableTransport(msgspec.Struct, frozen=True, rename="camel"):
    """A transport the hub offers (``WebSockets``, ``ServerSentEvents``, ``LongPolling``) and its formats."""

    transport: str
    transfer_formats: list[str]


class NegotiateResponse(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """The hub's answer: a connection, or a redirect (``url``, ``access_token``), or an ``error``.

    ``connection_id`` is public; ``connection_token`` is the secret that opens the connection. A version 0
    hub sends no token and its id serves as one (:attr:`id_for_connect`).
    """

    negotiate_version: int = 0
    connection_id: str | None = None
    connection_token: str | None = None
    available_transports: list[AvailableTransport] | msgspec.UnsetType = msgspec.UNSET
    use_stateful_reconnect: bool = False
    url: str | None = None
    access_token: str | None = None
    error: str | None = None

    @property
    def id_for_connect(self) -> str | None:
        """The value of the ``id`` query parameter."""
        return self.connection_token if self.negotiate_version > 0 else self.connection_id

    @property
    def transports(self) -> list[AvailableTransport]:
        """The offered transports in the hub's order; empty when none came."""
        return [] if self.available_transports is msgspec.UNSET else self.available_transports


class _ClassicMarker(msgspec.Struct, rename="pascal"):
    protocol_version: str | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(NegotiateResponse)
_classic_decoder = msgspec.json.Decoder(_ClassicMarker)
_encoder = msgspec.json.Encoder()


def encode_negotiate(response: NegotiateResponse) -> bytes:
    """Return the JSON body of a negotiate response; version 0 is written out too: clients insist on it."""
    body = _encoder.encode(response)
    if response.negotiate_version or response.error is not None:
        return body
    return b'{"negotiateVersion":0' + (b"," if len(body) > 2 else b"") + body[1:]


def parse_negotiate(body: bytes | str) -> NegotiateResponse:
    """Read the JSON body of a negotiate response.

    Raises:
        RemoteProtocolError: the body is none, or comes from the older ASP.NET (not Core) SignalR.

    """
    if is_json_too_deep(body.encode(errors="replace") if isinstance(body, str) else body):
        raise RemoteProtocolError(f"The negotiate response nests more than {MAX_DEPTH} levels deep.")
    try:
        response = _decoder.decode(body)
    except UNREADABLE as error:
        raise RemoteProtocolError(f"The negotiate response is malformed: {error}.") from error
    if response.url is not None or response.error is not None:
        return response
    if _classic_decoder.decode(body).protocol_version is not msgspec.UNSET:
        raise RemoteProtocolError(
            "The address belongs to an ASP.NET SignalR server; this client speaks ASP.NET Core SignalR only."
        )
    if response.connection_id is None:
        raise RemoteProtocolError("The negotiate response lacks 'connectionId'.")
    if response.available_transports is msgspec.UNSET:
        raise RemoteProtocolError("The negotiate response lacks 'availableTransports'.")
    if response.negotiate_version > 0 and response.connection_token is None:
        raise RemoteProtocolError("The negotiate response lacks 'connectionToken'.")
    return response
