"""The network below the HTTP library, over real sockets."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings

import pytest

from conduit_widget.providers.http_api.socket_backend import SocketBackend


@pytest.mark.parametrize("turns", range(1, 24))
async def test_connecting_that_is_cancelled_leaves_no_socket_open(turns: int) -> None:
    """At whatever turn of the event loop somebody gives up, no socket is left for the collector."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=50) as server,
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always", ResourceWarning)
        for _ in range(10):
            connecting = asyncio.create_task(
                SocketBackend().connect_tcp("127.0.0.1", server.getsockname()[1], timeout=30.0)
            )
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            try:
                await (await connecting).aclose()
            except asyncio.CancelledError:
                await asyncio.sleep(0)  # the socket is closed by the loop
        del connecting
        gc.collect()
    assert [str(each.message) for each in told if each.category is ResourceWarning] == []
