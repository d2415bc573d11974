"""One end of a hub connection as a machine without I/O: bytes in, events out, for client and server.

::

    client   IDLE --start()--> HANDSHAKING --{}--> OPEN --close()--> CLOSED
    server   HANDSHAKING --request--> ANSWERING --handshake_reply()--> OPEN --close()--> CLOSED

A refused handshake ends in CLOSED on both ends (the server still has its reply to send). Records that share
a frame with the handshake are decoded at once, after its event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Final

import msgspec

from conduit_widget.errors import LocalProtocolError, MessageTooLargeError, RemoteProtocolError
from conduit_widget.protocol.framing import RECORD_SEPARATOR
from conduit_widget.protocol.handshake import (
    HandshakeRequest,
    HandshakeResponse,
    encode_request,
    encode_response,
    parse_request,
    parse_response,
)
from conduit_widget.protocol.hub_protocol import HubProtocol, RecordDecoder
from conduit_widget.protocol.messages import HubMessage

MAX_HANDSHAKE_BYTES: Final = 16 * 1024


class SessionState(Enum):
    """Where a session stands; see the module's picture."""

    IDLE = auto()
    HANDSHAKING = auto()
    ANSWERING = auto()
    OPEN = auto()
    CLOSED = auto()


_TRANSITIONS: Final[Mapping[SessionState, frozenset[SessionState]]] = {
    SessionState.IDLE: frozenset({SessionState.HANDSHAKING, SessionState.CLOSED}),
    SessionState.HANDSHAKING: frozenset({SessionState.ANSWERING, SessionState.OPEN, SessionState.CLOSED}),
    SessionState.ANSWERING: frozenset({SessionState.OPEN, SessionState.CLOSED}),
    SessionState.OPEN: frozenset({SessionState.CLOSED}),
    SessionState.CLOSED: frozenset({SessionState.CLOSED}),
}

_EXPECTED: Final[Mapping[SessionState, str]] = {
    SessionState.IDLE: "call start() and wait for the handshake first",
    SessionState.HANDSHAKING: "wait for the handshake first",
    SessionState.ANSWERING: "send handshake_reply() first",
    SessionState.OPEN: "the session is open",
    SessionState.CLOSED: "the session is closed; open a new one",
}


class HandshakeCompleted(msgspec.Struct, frozen=True):
    """Both ends agree; on the server, send :meth:`Session.handshake_reply` now."""

    protocol_name: str
    version: int


class HandshakeRefused(msgspec.Struct, frozen=True):
    """The handshake failed; on the server, send :meth:`Session.handshake_reply`, then close the transport."""

    error: str


Event = HandshakeCompleted | HandshakeRefused | HubMessage
"""What bytes mean: a step of the handshake, or a hub message."""


class Session:
    """One end of one hub connection. Make it with :meth:`client` or :meth:`server`."""

    def __init__(
        self, protocols: Mapping[str, HubProtocol], *, is_client: bool, max_message_bytes: int
    ) -> None:
        self._protocols = protocols
        self._is_client = is_client
        self._max_message_bytes = max_message_bytes
        self._state = SessionState.IDLE if is_client else SessionState.HANDSHAKING
        self._handshake = bytearray()
        self._decoder: RecordDecoder | None = None
        self._protocol: HubProtocol | None = None
        self._version = 0
        self._reply: bytes | None = None

    @classmethod
    def client(cls, protocol: HubProtocol, *, max_message_bytes: int) -> Session:
        """Return the client end, which speaks ``protocol``; the limit is per incoming record, in bytes."""
        return cls({protocol.name: protocol}, is_client=True, max_message_bytes=max_message_bytes)

    @classmethod
    def server(cls, protocols: Mapping[str, HubProtocol], *, max_message_bytes: int) -> Session:
        """Return the server end, which lets the client choose among ``protocols`` (by name)."""
        return cls(protocols, is_client=False, max_message_bytes=max_message_bytes)

    @property
    def state(self) -> SessionState:
        """Where the session stands."""
        return self._state

    @property
    def protocol(self) -> HubProtocol:
        """The agreed hub protocol.

        Raises:
            LocalProtocolError: none is agreed yet.

        """
        if self._protocol is None:
            raise LocalProtocolError(f"No hub protocol is agreed yet: {_EXPECTED[self._state]}.")
        return self._protocol

    @property
    def version(self) -> int:
        """The handshake version in use; 0 before the handshake."""
        return self._version

    @property
    def skipped(self) -> int:
        """How many records of unknown types there have been since the session was opened or resumed."""
        return 0 if self._decoder is None else self._decoder.skipped

    def start(self, version: int = 1) -> bytes:
        """Client: return the handshake request to send (version 2 asks for stateful reconnect).

        Raises:
            LocalProtocolError: on a server session, or when called twice.

        """
        if not self._is_client or self._state is not SessionState.IDLE:
            raise LocalProtocolError("start() opens a fresh client session, once.")
        (self._protocol,) = self._protocols.values()
        self._version = version
        self._enter(SessionState.HANDSHAKING)
        return encode_request(HandshakeRequest(self._protocol.name, version))

    def handshake_reply(self) -> bytes:
        """Server: return the handshake response to send, once, after either handshake event.

        Raises:
            LocalProtocolError: no handshake request is waiting for its reply.

        """
        reply, self._reply = self._reply, None
        if reply is None:
            raise LocalProtocolError("handshake_reply() answers a handshake request, once.")
        if self._state is SessionState.ANSWERING:
            self._enter(SessionState.OPEN)
        return reply

    def receive(self, data: bytes | str) -> Sequence[Event]:
        """Read bytes from the transport and return what they mean, in order.

        Once the session is open these are hub messages only.

        Raises:
            RemoteProtocolError: the peer broke the protocol; the session is CLOSED.
            MessageTooLargeError: a record exceeds the limit; the session is CLOSED.
            LocalProtocolError: the session was not started.

        """
        if self._decoder is not None:
            try:
                return self._decoder.feed(data)
            except RemoteProtocolError:
                self.close()
                raise
        if self._state is SessionState.HANDSHAKING:
            return self._receive_handshake(data.encode() if isinstance(data, str) else data)
        if self._state is SessionState.CLOSED:
            return []
        raise LocalProtocolError(f"Nothing can be received yet: {_EXPECTED[self._state]}.")

    def send(self, message: HubMessage) -> bytes:
        """Return the framed record to put on the transport.

        Raises:
            LocalProtocolError: the session is not open, or a value cannot be encoded.

        """
        if self._state is not SessionState.OPEN:
            raise LocalProtocolError(
                f"{type(message).__name__} cannot be sent now: {_EXPECTED[self._state]}."
            )
        return self.protocol.encode(message)

    def resume(self) -> None:
        """Go on over a new transport (stateful reconnect): what the old one cut in half is dropped.

        Raises:
            LocalProtocolError: the session is not open.

        """
        if self._state is not SessionState.OPEN:
            raise LocalProtocolError(f"A session cannot resume: {_EXPECTED[self._state]}.")
        self._decoder = self.protocol.decoder(self._max_message_bytes)

    def close(self) -> None:
        """End the session; what arrives later is dropped. Idempotent."""
        self._decoder = None
        self._enter(SessionState.CLOSED)

    def _enter(self, state: SessionState) -> None:
        """Set the state; the only place that does."""
        if state not in _TRANSITIONS[self._state]:
            raise LocalProtocolError(f"A session cannot go from {self._state.name} to {state.name}.")
        self._state = state

    def _receive_handshake(self, data: bytes) -> Sequence[Event]:
        self._handshake += data
        end = self._handshake.find(RECORD_SEPARATOR)
        size = len(self._handshake) if end < 0 else end
        if size > MAX_HANDSHAKE_BYTES:
            self.close()
            raise MessageTooLargeError(size, MAX_HANDSHAKE_BYTES)
        if end < 0:
            return []
        record, rest = bytes(self._handshake[:end]), bytes(self._handshake[end + 1 :])
        self._handshake.clear()
        event = self._read_response(record) if self._is_client else self._read_request(record)
        return [event, *self.receive(rest)] if rest else [event]

    def _read_response(self, record: bytes) -> HandshakeCompleted | HandshakeRefused:
        try:
            response = parse_response(record)
        except RemoteProtocolError:
            self.close()
            raise
        if response.error:
            self.close()
            return HandshakeRefused(response.error)
        self._decoder = self.protocol.decoder(self._max_message_bytes)
        self._enter(SessionState.OPEN)
        return HandshakeCompleted(self.protocol.name, self._version)

    def _read_request(self, record: bytes) -> HandshakeCompleted | HandshakeRefused:
        try:
            request = parse_request(record)
        except RemoteProtocolError as error:
            return self._refuse(str(error))
        protocol = self._protocols.get(request.protocol.lower())
        if protocol is None:
            spoken = ", ".join(sorted(self._protocols))
            return self._refuse(
                f"The hub protocol '{request.protocol[:32]}' is not spoken here; use {spoken}."
            )
        if not 1 <= request.version <= protocol.version:
            return self._refuse(
                f"Version {request.version} of the {protocol.name} hub protocol is not spoken here; "
                f"use 1 to {protocol.version}."
            )
        self._protocol, self._version = protocol, request.version
        self._decoder = protocol.decoder(self._max_message_bytes)
        self._reply = encode_response(HandshakeResponse())
        self._enter(SessionState.ANSWERING)
        return HandshakeCompleted(protocol.name, request.version)

    def _refuse(self, error: str) -> HandshakeRefused:
        self._reply = encode_response(HandshakeResponse(error=error))
        self.close()
        return HandshakeRefused(error)
