"""The checks of ``/readyz`` for what the chat needs to work."""

from __future__ import annotations

from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.errors import StoreFullError
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.readiness import ReadinessCheck


def store_check(store: HistoryStore) -> ReadinessCheck:
    """Return the check that the history store can be read and written; without it nothing can be sent."""

    async def check() -> str | None:
        try:
            await store.check()
        except StoreFullError as error:
            return str(error)
        return None

    return ReadinessCheck("store", check)


def bus_check(backplane: Backplane) -> ReadinessCheck:
    """Return the check that the other nodes are heard. It is not required: the store is polled meanwhile."""

    async def check() -> str | None:
        return None if backplane.connected else "The bus is away; other nodes' events come from the store."

    return ReadinessCheck("bus", check, required=False)
