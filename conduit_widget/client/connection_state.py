"""The states of a hub connection as a table with one setter."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from conduit_widget.errors import LocalProtocolError, NotSentError


class ConnectionState(Enum):
    """The five states of a hub connection, as SignalR names them."""

    DISCONNECTED = "Disconnected"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    RECONNECTING = "Reconnecting"
    DISCONNECTING = "Disconnecting"


_TRANSITIONS: Final[Mapping[ConnectionState, frozenset[ConnectionState]]] = {
    ConnectionState.DISCONNECTED: frozenset({ConnectionState.CONNECTING}),
    ConnectionState.CONNECTING: frozenset(
        {ConnectionState.CONNECTED, ConnectionState.DISCONNECTED, ConnectionState.DISCONNECTING}
    ),
    ConnectionState.CONNECTED: frozenset(
        {ConnectionState.RECONNECTING, ConnectionState.DISCONNECTED, ConnectionState.DISCONNECTING}
    ),
    ConnectionState.RECONNECTING: frozenset(
        {ConnectionState.CONNECTED, ConnectionState.DISCONNECTED, ConnectionState.DISCONNECTING}
    ),
    ConnectionState.DISCONNECTING: frozenset({ConnectionState.DISCONNECTED}),
}

_ADVICE: Final[Mapping[ConnectionState, str]] = {
    ConnectionState.DISCONNECTED: "call start() first",
    ConnectionState.CONNECTING: "wait for start() to return",
    ConnectionState.CONNECTED: "it is connected",
    ConnectionState.RECONNECTING: "try again after it reconnected",
    ConnectionState.DISCONNECTING: "it was stopped; start() it again",
}


class ConnectionStates:
    """The present state and the only way to change it."""

    def __init__(self) -> None:
        self._current = ConnectionState.DISCONNECTED

    @property
    def current(self) -> ConnectionState:
        """The present state."""
        return self._current

    def enter(self, state: ConnectionState) -> None:
        """Change to ``state``.

        Raises:
            LocalProtocolError: the table does not allow it; the text says what to do.

        """
        if state not in _TRANSITIONS[self._current]:
            raise LocalProtocolError(
                f"A {self._current.value} connection cannot become {state.value}: {_ADVICE[self._current]}."
            )
        self._current = state

    def not_connected(self, target: str) -> NotSentError:
        """Return the error for an invocation of ``target`` in the present state."""
        return NotSentError(
            f"{target} was not sent, the connection is {self._current.value}: {_ADVICE[self._current]}."
        )
