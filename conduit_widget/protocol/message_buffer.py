"""The message buffer of stateful reconnect: nothing lost or doubled across a cut, for client and server.

Hub messages of types 1 to 5 are numbered from 1 in each direction, by counting alone; what was sent is held
until the peer acknowledges it. After a cut both ends send ``Sequence`` first and then replay what they hold,
and each drops what it had received before. No I/O and no clock: the caller sends, and starts a timer of
:data:`ACK_DELAY` seconds when :attr:`MessageBuffer.owes_ack` becomes true.

Source: behaviour of the official peers. HubProtocol.md says that ``Sequence`` carries "the highest sent + 1";
what they really send is the id of the first message they hold, or the total + 1 when they hold none.

::

    sending                                  receiving
    record = protocol.encode(message)        for message in decoder.feed(data):
    if buffer.hold(message, record):             if buffer.accept(message):
        transport.send(record)                       handle(message)
    after a cut: buffer.disconnected()       if buffer.owes_ack and no timer runs: start one
    on the new transport: replay(protocol)   when it fires: ack = buffer.take_ack()
"""

from __future__ import annotations

from collections import deque
from typing import Final

from conduit_widget.errors import RemoteProtocolError
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import (
    Ack,
    CancelInvocation,
    Completion,
    HubMessage,
    Invocation,
    InvocationBindingFailure,
    Sequence,
    StreamInvocation,
    StreamItem,
)

BUFFER_BYTES: Final = 100_000
ACK_DELAY: Final = 1.0
"""Seconds between the first unacknowledged receive and the ``Ack`` for everything received by then."""

# A binding failure stands for an invocation that came over the wire, so it is counted like one.
_COUNTED: Final = frozenset(
    {Invocation, StreamItem, Completion, StreamInvocation, CancelInvocation, InvocationBindingFailure}
)


def is_counted(message: HubMessage) -> bool:
    """Tell whether a message has a sequence id: types 1 to 5 do; Ping, Close, Ack and Sequence have none."""
    return type(message) in _COUNTED


class MessageBuffer:
    """Both directions of one stateful connection, from the first byte after the handshake.

    Overflow policy: the sender waits. The buffer never refuses a record, :attr:`is_full` says when
    ``limit_bytes`` are held; callers stop sending then until acks made room (:meth:`accept` takes them).
    """

    def __init__(self, limit_bytes: int = BUFFER_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held: deque[bytes] = deque()  # the ids of its records end at _sent
        self._held_bytes = 0
        self._sent = 0  # id of the newest message numbered
        self._received = 0  # id of the newest message accepted
        self._next_id = 1  # id of the next message to arrive
        self._owes_ack = False
        self._cut = False
        self._awaits_sequence = False

    @property
    def held_bytes(self) -> int:
        """Bytes sent and not acknowledged."""
        return self._held_bytes

    @property
    def is_full(self) -> bool:
        """Whether the sender should wait for acks."""
        return self._held_bytes >= self._limit_bytes

    @property
    def is_cut(self) -> bool:
        """Whether the connection is cut: between :meth:`disconnected` and :meth:`replay`."""
        return self._cut

    @property
    def owes_ack(self) -> bool:
        """Whether something arrived since the last :meth:`take_ack`."""
        return self._owes_ack

    def hold(self, message: HubMessage, record: bytes) -> bool:
        """Number and keep an encoded message; returns whether to put it on the transport now.

        While the connection is cut a counted message goes out with the replay, any other not at all.
        """
        if type(message) in _COUNTED:
            self.hold_record(record)
        return not self._cut

    def hold_record(self, record: bytes) -> bool:
        """Do what :meth:`hold` does for a record known to be counted (a broadcast encoded once)."""
        self._sent += 1
        self._held.append(record)
        self._held_bytes += len(record)
        return not self._cut

    def accept(self, message: HubMessage) -> bool:
        """Take an arriving message; returns whether to act on it (Ack and Sequence are dealt with here).

        Raises:
            RemoteProtocolError: the peer skipped messages; the connection cannot be continued.

        """
        kind = type(message)
        if self._awaits_sequence:
            if kind is Sequence:
                self._reset(message)
                self._awaits_sequence = False
            return False
        if kind in _COUNTED:
            return self._count()
        if kind is Ack:
            self._release(message)
            return False
        if kind is Sequence:
            self._reset(message)
            return False
        return True

    def take_ack(self) -> Ack:
        """Return the ack for everything received so far; nothing is owed then until more arrives."""
        self._owes_ack = False
        return Ack(self._received)

    def disconnected(self) -> None:
        """Note a cut: nothing goes out before :meth:`replay`, nothing comes in before the peer's Sequence."""
        self._cut = True
        self._awaits_sequence = True

    def replay(self, protocol: HubProtocol) -> list[bytes]:
        """Return what to send first on the new transport: Sequence, then every record held; ends the cut."""
        self._cut = False
        first = self._sent - len(self._held) + 1
        return [protocol.encode(Sequence(first)), *self._held]

    def _count(self) -> bool:
        current = self._next_id
        self._next_id += 1
        if current < self._received:
            return False
        # The newest one arriving again means that the peer missed our ack: it is owed once more.
        self._owes_ack = True
        if current == self._received:
            return False
        self._received = current
        return True

    def _reset(self, message: HubMessage) -> None:
        assert isinstance(message, Sequence)
        expected = self._received + 1  # not _next_id: a replay may have been cut after our ack for all of it
        if not 1 <= message.sequence_id <= expected:
            raise RemoteProtocolError(
                f"The peer continues at message {message.sequence_id}, but {expected} is the next one."
            )
        self._next_id = message.sequence_id

    def _release(self, message: HubMessage) -> None:
        assert isinstance(message, Ack)
        first = self._sent - len(self._held) + 1
        for _ in range(min(message.sequence_id - first + 1, len(self._held))):
            self._held_bytes -= len(self._held.popleft())
