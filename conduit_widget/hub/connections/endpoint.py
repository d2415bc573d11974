"""The hub's end of one connection, from its transport's opening to its end. It has no task of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from conduit_widget.contract import CLOSE_REASONS, TOKEN_EXPIRING, CloseCode, ErrorText
from conduit_widget.errors import (
    AuthenticationError,
    HubException,
    MessageTooLargeError,
    RemoteProtocolError,
)
from conduit_widget.hub.auth.local_authority import Credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.calls.dispatcher import Dispatcher
from conduit_widget.hub.connections.endpoint_state import EndpointState
from conduit_widget.hub.connections.intake import Intake
from conduit_widget.hub.connections.liveness import Liveness
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.oversize import next_piece
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.delivery.outbox import Outbox
from conduit_widget.hub.limits.user_rates import LimitWarning
from conduit_widget.hub.logs.logging import connection_fields
from conduit_widget.protocol.handshake import HandshakeResponse, encode_response
from conduit_widget.protocol.hub_protocol import HubProtocol, TransferFormat
from conduit_widget.protocol.messages import (
    CancelInvocation,
    Close,
    Completion,
    HubMessage,
    Invocation,
    InvocationBindingFailure,
    StreamInvocation,
    StreamItem,
)
from conduit_widget.protocol.session import (
    HandshakeCompleted,
    HandshakeRefused,
    Session,
    SessionState,
)
from conduit_widget.text.plain_text import writable
from conduit_widget.transports.server.server_connection import ServerConnection

_logger = logging.getLogger(__name__)
_CALLS: Final = (Invocation, StreamInvocation)


class ConnectionEndpoint:
    """The hub's end of one connection; implements ``ConnectionReceiver``.

    ``on_gone`` is told at the end; ``refusal`` is a text that answers the handshake instead of
    letting the client in; ``protocols`` are those the transport can carry (all of the hub's unless given).
    """

    __slots__ = (
        "_connection",
        "_context",
        "_dispatcher",
        "_error",
        "_intake",
        "_liveness",
        "_mount",
        "_on_gone",
        "_opened_at",
        "_refusal",
        "_session",
        "_state",
        "connection_id",
        "limit_warning",
        "user",
    )

    def __init__(
        self,
        connection: ServerConnection,
        mount: MountedHub,
        *,
        connection_id: str,
        user: Principal,
        on_gone: Callable[[ConnectionEndpoint], None],
        refusal: str | None = None,
        protocols: Mapping[str, HubProtocol] | None = None,
    ) -> None:
        self.connection_id = connection_id
        self.user = user
        self._connection = connection
        self._mount = mount
        self._on_gone = on_gone
        self._refusal = refusal
        self.limit_warning: LimitWarning | None = None  # told once the client is in
        self._session = Session.server(
            mount.protocols if protocols is None else protocols,
            max_message_bytes=mount.limits.max_message_bytes,
        )
        self._context: HubConnectionContext | None = None
        self._dispatcher: Dispatcher | None = None
        self._opened_at = asyncio.get_running_loop().time()
        self._state = EndpointState.HANDSHAKING
        self._error: Exception | None = None
        self._liveness = Liveness(self, mount.limits, mount.wheel)
        self._intake = Intake(self, mount.limits)

    @property
    def finished(self) -> bool:
        """Whether the connection is over and the hub has nothing left to do for it."""
        return self._state is EndpointState.GONE and (self._dispatcher is None or self._dispatcher.idle)

    def attach_to(self, connection: ServerConnection) -> None:
        """Receive the events of ``connection`` from now on."""
        self._connection = connection
        connection.attach(self)

    # ConnectionReceiver

    def data_received(self, data: bytes) -> None:
        """Decode one transport message and act on the hub messages in it."""
        if not self._state.is_over:
            self._liveness.received()
            self._intake.accept(data)

    def frame_received(self) -> None:
        """Count a frame that is no message."""
        if not self._state.is_over:
            self._liveness.received()
            self._intake.count_frame()

    def message_too_large(self, limit_bytes: int) -> bytes:
        """Return a Close message that names the limit; the transport's message cannot be read at all."""
        if self._state.is_over:
            return b""
        self._error = MessageTooLargeError(limit_bytes + 1, limit_bytes)
        self._mount.meter.failed("too_large")
        frame = self._close_frame(CloseCode.MESSAGE_TOO_LARGE, self._too_large_text())
        self._end(CloseCode.MESSAGE_TOO_LARGE)
        return frame

    def connection_lost(self, error: Exception | None) -> None:
        """Called when the transport has ended: tell the hub that the client is gone."""
        if self._state is EndpointState.GONE:
            return
        farewell = "closed" if self._state.is_over else "ended" if error is None else "dropped"
        self._state = self._state.enter(EndpointState.GONE)
        self._liveness.stop()
        self._intake.drop()
        self._session.close()
        error = self._error or error
        context, dispatcher = self._context, self._dispatcher
        if context is not None and dispatcher is not None:
            context.closed = True
            context.outbox.clear()
            self._mount.lifetime.remove(context)
            self._mount.groups.remove_all(context.connection_id)
            duration = asyncio.get_running_loop().time() - self._opened_at
            self._mount.meter.ended(self.user.user_id, duration, error is not None)
            dispatcher.disconnected(error)
            self._log("Connection over: %s", farewell)
        self._on_gone(self)

    def pause_writing(self) -> None:
        """Called when the send buffer is over its high-water mark: keep what the hub sends in the outbox."""
        self._liveness.pause()
        if self._context is not None:
            self._context.outbox.pause()

    def resume_writing(self) -> None:
        """Called when the send buffer has drained: send what the outbox holds."""
        self._liveness.resume()
        if self._context is not None:
            self._context.outbox.resume()

    def shutdown(self) -> None:
        """Close because the hub restarts; the client may reconnect."""
        self.close(CloseCode.SHUTDOWN)

    # Closer, ReadControl

    def close(self, code: CloseCode, text: str | None = None) -> None:
        """Send what is queued and a Close message, then close the transport. Idempotent."""
        if self._state.is_over:
            return
        reason = CLOSE_REASONS[code]
        if self._context is not None:
            if not self._liveness.paused:
                self._context.outbox.flush_now()
            self._connection.write(self._close_frame(code, text))
        self._end(code)
        number = 1000 if code is CloseCode.NORMAL else int(code)
        self._connection.close(number, text or reason.text or "")

    async def refresh(self, token: str) -> Principal:
        """Replace the token by a newer one of the same user; return who it speaks for."""
        try:
            user = await self._mount.authenticator.authenticate(Credential("bearer", token))
        except AuthenticationError as error:
            self._log("Token refresh refused: %s", error.reason or "nobody here knows it")
            raise HubException(str(error)) from error
        if user.user_id != self.user.user_id:
            raise HubException(ErrorText.UNAUTHORIZED)
        self.renew(user)
        return user

    def renew(self, user: Principal) -> None:
        """Set the user again, with another expiry."""
        self.user = user
        if self._context is not None:
            self._context.user = user
            self._liveness.check()

    def pause_reading(self) -> None:
        """Stop reading from the client: one of its uploads is full."""
        self._intake.block()

    def resume_reading(self) -> None:
        """Read from the client again."""
        self._intake.unblock()

    # Reader

    def read(self, data: bytes) -> tuple[Sequence[HubMessage], int]:
        """Return the messages that ``data`` completes, and how many records of it were none."""
        session = self._session
        try:
            if session.state is SessionState.OPEN:
                before = session.skipped
                messages = cast("Sequence[HubMessage]", session.receive(data))  # once it is open nothing else
                return messages, session.skipped - before
            return self._shake_hands(data), 0
        except RemoteProtocolError as error:
            self._broken(error)
            return (), 0

    def read_piece(self, data: bytes, at: int, size: int) -> tuple[int, Sequence[HubMessage], int]:
        """Do the same for about ``size`` bytes from ``at`` on; an oversized invocation is refused here."""
        context, limit = self._context, self._mount.limits.max_message_bytes
        if context is None:
            return at + size, *self.read(data[at : at + size])
        end, oversized = next_piece(data, at, size, limit, context.protocol.transfer_format)
        if oversized is None or not self._may_skip or self._dispatcher is None:
            return end, *self.read(data[at:end])
        error = MessageTooLargeError(oversized.size_bytes, limit)
        self._dispatcher.refuse(oversized.invocation_id, f"{oversized.target[:64]}: {error}", "too_large")
        return end, (), 1

    def act(self, message: HubMessage) -> bool:
        """Act on a message; tell whether it counts: not if the hub has asked for it."""
        dispatcher = self._dispatcher
        try:
            if self._state.is_over or dispatcher is None or not self._accept(message):
                return True
        except RemoteProtocolError as error:
            self._broken(error)
            return True
        if isinstance(message, _CALLS):
            dispatcher.invoke(message)
        elif isinstance(message, StreamItem):
            return not dispatcher.stream_item(message)
        elif isinstance(message, Completion):
            return not dispatcher.completion(message)
        elif isinstance(message, CancelInvocation):
            dispatcher.cancel(message.invocation_id)
        elif isinstance(message, Close):
            self._error = HubException("The client closed with an error") if message.error else None
            self._end(None)
            self._connection.close()
        elif isinstance(message, InvocationBindingFailure):
            dispatcher.refuse(message.invocation_id, message.error)
        # Pings only prove life.
        return True

    def hold(self) -> None:
        """Stop reading from the client."""
        self._connection.pause_reading()

    def release(self) -> None:
        """Read from the client again."""
        self._liveness.received()
        self._connection.resume_reading()

    def close_for_flooding(self) -> None:
        """End a connection that has sent too much for too long."""
        self.close(CloseCode.RATE_LIMITED)

    # LiveConnection

    @property
    def handshake_done(self) -> bool:
        """Whether the client has said which protocol it speaks."""
        return self._state is not EndpointState.HANDSHAKING

    @property
    def silence_allowed(self) -> bool:
        """Whether the client is not read at present."""
        return self._intake.held

    @property
    def expiry_warning(self) -> float | None:
        """How many seconds before its token expires the hub wants the client to know."""
        return self._mount.hub.expiry_warning

    def ping(self) -> None:
        """Send a ping to a client that reads."""
        if self._context is not None and not self._context.outbox.paused:
            self._context.send_record(self._mount.pings[self._context.protocol.name])

    def warn_of_expiry(self, seconds_left: float) -> None:
        """Tell the client that its token expires soon."""
        if self._context is not None:
            self._context.send(TOKEN_EXPIRING, round(seconds_left))

    def time_out(self, code: CloseCode, error: Exception | None) -> None:
        """End a connection whose deadline has passed."""
        if code is CloseCode.SLOW_READER:
            self._overflowed()
        else:
            self._error = self._error or error
            self.close(code)

    # Handshake

    def _shake_hands(self, data: bytes) -> Sequence[HubMessage]:
        """Take a piece of the handshake; return the messages after it in the same piece."""
        messages = []
        for event in self._session.receive(data):
            if isinstance(event, HandshakeCompleted):
                self._handshake_completed()
            elif isinstance(event, HandshakeRefused):
                self._refuse_handshake(self._session.handshake_reply())
            else:
                messages.append(event)
        return messages

    def _handshake_completed(self) -> None:
        if self._refusal is not None:
            self._refuse_handshake(encode_response(HandshakeResponse(error=self._refusal)))
            return
        mount, protocol = self._mount, self._session.protocol
        binary = protocol.transfer_format is TransferFormat.BINARY
        outbox = self._new_outbox(binary=binary)
        context = HubConnectionContext(
            self.connection_id,
            self.user,
            hub=mount.path,
            protocol=protocol,
            outbox=outbox,
            closer=self,
            events=mount.events,
        )
        if self._liveness.paused:
            outbox.pause()
        self._connection.write(self._connection.framer(binary)(self._session.handshake_reply()))
        self._context = context
        self._state = self._state.enter(EndpointState.OPEN)
        self._dispatcher = Dispatcher(mount.invoker, context, mount.limits, mount.meter, self)
        mount.lifetime.add(context)
        mount.meter.opened(self.user.user_id)
        self._log("Connection opened: %s", protocol.name)
        self._dispatcher.connected()
        if self.limit_warning is not None:
            mount.invoker.warn(context, self.limit_warning)
        self._liveness.check()

    def _new_outbox(self, *, binary: bool) -> Outbox:
        return Outbox(
            self._connection,
            self._mount.flush_round,
            binary=binary,
            soft_bytes=self._mount.limits.outbox_soft_bytes,
            hard_bytes=self._mount.limits.outbox_hard_bytes,
            on_overflow=self._overflowed,
        )

    def _refuse_handshake(self, reply: bytes) -> None:
        code = None if self._refusal is None else CloseCode.CONNECTION_LIMIT
        self._mount.meter.refused("handshake" if code is None else "limit")
        self._connection.write(self._connection.framer(False)(reply))
        self._session.close()
        self._end(code)
        self._connection.close(1000 if code is None else int(code), self._refusal or "")

    # Messages

    @property
    def _may_skip(self) -> bool:
        """Whether a record may be left out, as if it had not come."""
        return True

    def _accept(self, message: HubMessage) -> bool:
        """Tell whether to act on a message."""
        return True

    # The end

    def _broken(self, error: RemoteProtocolError) -> None:
        """Close: what the client sent cannot be understood."""
        self._error = error
        if isinstance(error, MessageTooLargeError):
            self._mount.meter.failed("too_large")
            self.close(CloseCode.MESSAGE_TOO_LARGE, self._too_large_text())
        else:
            self._mount.meter.failed("protocol")
            self.close(CloseCode.PROTOCOL_ERROR, str(error))

    def _overflowed(self) -> None:
        if self._state.is_over:
            return
        self._error = TimeoutError("The client reads too slowly.")
        if self._context is not None:
            self._context.outbox.clear()
        self.close(CloseCode.SLOW_READER)

    def _end(self, code: CloseCode | None) -> None:
        """Stop taking part; the transport's own close follows."""
        self._state = self._state.enter(EndpointState.CLOSING)
        self._liveness.stop()
        self._intake.drop()
        if self._context is not None:
            self._context.closed = True
        if code is not None:
            self._mount.meter.closed(code)
            back = "comes back by itself" if CLOSE_REASONS[code].allow_reconnect else "does not come back"
            self._log("Connection closed by the hub: %s", f"{code.name.lower()}; the client {back}")

    def _close_frame(self, code: CloseCode, text: str | None) -> bytes:
        if self._context is None:
            return b""
        reason = CLOSE_REASONS[code]
        said = text or reason.text
        message = Close(
            error=None if said is None else writable(said), allow_reconnect=reason.allow_reconnect
        )
        protocol = self._context.protocol
        framer = self._connection.framer(protocol.transfer_format is TransferFormat.BINARY)
        return framer(protocol.encode(message))

    def _log(self, event: str, detail: str) -> None:
        if not _logger.isEnabledFor(logging.INFO):
            return
        # Whoever comes back at once each time they are closed does not fill the disk.
        left = self._mount.log_lines.left(self.user.user_id)
        if left == 0:
            return
        if left == 1:
            detail += " (what else this user's connections do this minute is left out)"
        _logger.info(event, detail, extra=connection_fields(self.connection_id, self._mount.path))

    def _too_large_text(self) -> str:
        text = CLOSE_REASONS[CloseCode.MESSAGE_TOO_LARGE].text or ""
        return text.format(max=self._mount.limits.max_message_bytes)
