"""Where the hub is and a token for a user of this server, kept while they are good.

Everything here runs on Jupyter's event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple

from conduit_widget.access.hub_access import HubAccess, expiry_in
from conduit_widget.contract import CHAT_HUB_PATH

MAX_TICKETS: Final = 256
_MARGIN: Final = 60.0
"""Seconds before its end in which a token is not given out any more."""


class Ticket(NamedTuple):
    """The hub's address, without a slash at its end, and a token of the user; never shown or logged."""

    url: str
    token: str | None
    good_until: float

    def __repr__(self) -> str:
        return "Ticket()"


class HubTickets:
    """Asks an access once for many requests. Of more than :data:`MAX_TICKETS` users the longest idle goes."""

    def __init__(self) -> None:
        self._tickets: OrderedDict[Hashable, asyncio.Task[Ticket]] = OrderedDict()

    async def get(self, access: HubAccess) -> Ticket:
        """Return a ticket for the user of ``access``.

        Raises:
            ConduitError: there is no hub, or it refuses the user.

        """
        known = self._tickets.get(access.key)
        if known is None or not _is_good(known):
            known = self._tickets[access.key] = asyncio.create_task(_ask(access))
        self._tickets.move_to_end(access.key)
        while len(self._tickets) > MAX_TICKETS:
            self._tickets.popitem(last=False)
        return await asyncio.shield(known)

    def forget(self, access: HubAccess) -> None:
        """Ask anew next time: the hub is not where it was, or takes the token no more."""
        self._tickets.pop(access.key, None)


def _is_good(task: asyncio.Task[Ticket]) -> bool:
    if not task.done():
        return True  # whoever asks meanwhile waits with the first
    if task.cancelled() or task.exception() is not None:
        return False
    return task.result().good_until > time.time()


async def _ask(access: HubAccess) -> Ticket:
    url = (await access.url()).removesuffix(CHAT_HUB_PATH)
    token = await access.token()
    return Ticket(url, token, (expiry_in(token) if token else 0.0) - _MARGIN)
