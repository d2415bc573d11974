"""The states of the hub's end of a connection as a table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class EndpointState(Enum):
    """Where the hub's end of a connection stands."""

    HANDSHAKING = "handshaking"
    """The transport is open; the client has not said which protocol it speaks."""
    OPEN = "open"
    """Messages go both ways."""
    AWAY = "away"
    """The transport is gone; a client with stateful reconnect may come back over another one."""
    CLOSING = "closing"
    """One side has said that it ends: nothing is read or sent any more, the transport closes."""
    GONE = "gone"
    """The connection is over and the hub has been told."""

    @property
    def is_over(self) -> bool:
        """Whether the hub's end takes part no more."""
        return self in (EndpointState.CLOSING, EndpointState.GONE)

    def enter(self, state: EndpointState) -> EndpointState:
        """Return ``state``, which follows this one.

        Raises:
            RuntimeError: the table does not allow it.

        """
        if state not in _TRANSITIONS[self]:
            raise RuntimeError(f"A connection that is {self.value} cannot become {state.value}.")
        return state


_State = EndpointState
_TRANSITIONS: Final[Mapping[EndpointState, frozenset[EndpointState]]] = {
    _State.HANDSHAKING: frozenset({_State.OPEN, _State.CLOSING, _State.GONE}),
    _State.OPEN: frozenset({_State.AWAY, _State.CLOSING, _State.GONE}),
    _State.AWAY: frozenset({_State.OPEN, _State.CLOSING, _State.GONE}),
    _State.CLOSING: frozenset({_State.GONE}),
    _State.GONE: frozenset(),
}
