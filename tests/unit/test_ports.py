"""Ports that tests give to servers of other people."""

from __future__ import annotations

import contextlib
import socket

from tests.support.network import ports


def test_a_port_is_free_its_own_and_below_those_of_outgoing_connections() -> None:
    """An outgoing connection never takes it before the server listens."""
    given = [ports.free_port() for _ in range(20)]
    assert len(set(given)) == len(given)
    assert max(given) < 32_768
    with contextlib.ExitStack() as servers:
        for port in given:
            servers.enter_context(socket.create_server(("127.0.0.1", port)))


def test_a_port_where_somebody_listens_is_passed_over() -> None:
    """Whichever comes next, it is another."""
    expected = ports._order[-1]
    with socket.create_server(("127.0.0.1", expected)):
        assert ports.free_port() != expected
