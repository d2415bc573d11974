"""Free ports for servers that cannot say which one they picked."""

from __future__ import annotations

import random
import socket
from typing import Final

BELOW_EPHEMERAL: Final = range(20_000, 32_768)
"""Linux gives outgoing connections ports from 32,768 up: a free one there may be somebody's by now."""

_order: Final = random.SystemRandom().sample(BELOW_EPHEMERAL, len(BELOW_EPHEMERAL))
"""Of its own in each process, so that two test processes hardly ever try the same port at the same time."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free and that this process has not been given before."""
    while _order:
        port = _order.pop()
        with socket.socket() as probe:
            # As servers do: what a closed connection left behind does not make a port taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError("every port of 127.0.0.1 below the ephemeral ones has been given out or is taken")
