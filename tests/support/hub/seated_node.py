"""A node with the page of one call, in a process of its own that can be killed.

``python -m tests.support.hub.seated_node REDIS_URL LEASE`` prints the page's key and
goes on until it is killed.
"""

from __future__ import annotations

import asyncio
import math
import sys

from conduit_widget.chat.calls.seats import CallSeats
from conduit_widget.hub.auth.local_authority import Credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.backplane.redis import RedisBackplane

ANN = Principal("ann", "Ann", "token-1", math.inf, {"iat": 7})


async def seated_page(seats: CallSeats) -> Credential:
    """Take a seat as the page of a call does, and connect with it; return its key."""
    found = await seats.redeem(await seats.ticket(ANN, "team"))
    assert found is not None
    key = Credential("bearer", found[0])
    await seats.connected(await seats.authenticate(key))
    return key


async def _main(url: str, lease: float) -> None:
    backplane = RedisBackplane(url)
    await backplane.start()
    seats = CallSeats(backplane, lease=lease)
    seats.start()
    print((await seated_page(seats)).value, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], float(sys.argv[2])))
