"""The state table and its one setter."""

from __future__ import annotations

import itertools

import pytest

from conduit_widget.client.connection_state import ConnectionState, ConnectionStates
from conduit_widget.errors import LocalProtocolError

S = ConnectionState
PATHS = {
    S.DISCONNECTED: [],
    S.CONNECTING: [S.CONNECTING],
    S.CONNECTED: [S.CONNECTING, S.CONNECTED],
    S.RECONNECTING: [S.CONNECTING, S.CONNECTED, S.RECONNECTING],
    S.DISCONNECTING: [S.CONNECTING, S.DISCONNECTING],
}
ALLOWED = {
    (S.DISCONNECTED, S.CONNECTING),
    (S.CONNECTING, S.CONNECTED),
    (S.CONNECTING, S.DISCONNECTED),
    (S.CONNECTING, S.DISCONNECTING),
    (S.CONNECTED, S.RECONNECTING),
    (S.CONNECTED, S.DISCONNECTED),
    (S.CONNECTED, S.DISCONNECTING),
    (S.RECONNECTING, S.CONNECTED),
    (S.RECONNECTING, S.DISCONNECTED),
    (S.RECONNECTING, S.DISCONNECTING),
    (S.DISCONNECTING, S.DISCONNECTED),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(S, S)), ids=lambda state: state.value)
def test_only_the_tables_transitions_are_possible(before: ConnectionState, after: ConnectionState) -> None:
    """Every pair is either in the table or refused with advice, the state unchanged."""
    states = ConnectionStates()
    for step in PATHS[before]:
        states.enter(step)
    if (before, after) in ALLOWED:
        states.enter(after)
        assert states.current is after
        return
    with pytest.raises(LocalProtocolError, match=before.value):
        states.enter(after)
    assert states.current is before


def test_error_for_an_unsent_invocation_says_what_to_do() -> None:
    """The text names the target, the state and the next step."""
    assert str(ConnectionStates().not_connected("SendMessage")) == (
        "SendMessage was not sent, the connection is Disconnected: call start() first."
    )
