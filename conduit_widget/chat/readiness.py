"""What the chat needs to do its work, as checks of ``/readyz``."""

from __future__ import annotations

from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.errors import StoreFullError
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.readiness import ReadinessCheck

__all__ = ["bus_check", "store_check"]


def store_check(store: HistoryStore) -> ReadinessCheck:
    """Return the check that the history store can be read and written; without it nothing can be said."""

    async def check() -> str | None:
        try:
            await store.check()
        except StoreFullError as error:
            return str(error)
        return None

    return ReadinessCheck("store", check)


def bus_check(backplane: Backplane) -> ReadinessCheck:
    """Return the check that the other nodes are heard; not required: the store is polled meanwhile."""

    async def check() -> str | None:
        return None if backplane.connected else "The bus is away; other nodes' events come from the store."

    return ReadinessCheck("bus", check, required=False)
