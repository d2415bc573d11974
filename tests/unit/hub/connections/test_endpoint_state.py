"""The states of the hub's end of a connection: what may follow what."""

from __future__ import annotations

import pytest

from conduit_widget.hub.connections.endpoint_state import EndpointState


def test_a_client_that_is_away_may_come_back_and_one_that_is_gone_may_not() -> None:
    """Open and away change about; whatever closes only ends."""
    away = EndpointState.HANDSHAKING.enter(EndpointState.OPEN).enter(EndpointState.AWAY)
    closing = away.enter(EndpointState.OPEN).enter(EndpointState.CLOSING)
    assert closing.is_over
    gone = closing.enter(EndpointState.GONE)
    for state in EndpointState:
        with pytest.raises(RuntimeError, match="cannot become"):
            gone.enter(state)
    with pytest.raises(RuntimeError, match="that is closing cannot become open"):
        closing.enter(EndpointState.OPEN)
