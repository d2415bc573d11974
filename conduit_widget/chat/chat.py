"""The chat put together: two hubs, the history store and the providers, with one lifetime."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.node_watch import ChatNode
from conduit_widget.chat.readiness import bus_check, store_check
from conduit_widget.chat.reaper import Reaper
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.provider_statuses import ProviderFeed, Providers
from conduit_widget.chat.status_hub import StatusHub
from conduit_widget.hub.backplane.backplane import Backplane

__all__ = ["Chat", "build_chat"]


class Chat:
    """Mount ``chat_hub`` and ``status_hub``, then :meth:`start`; :meth:`drain` before closing connections.

    The chat owns the store's lifetime, not the providers' nor the backplane's: that should be started before
    the chat and closed after it.
    """

    def __init__(
        self,
        store: HistoryStore,
        providers: Providers,
        settings: ChatSettings,
        metrics: ChatMetrics,
        backplane: Backplane | None = None,
    ) -> None:
        self.store = store
        self.readiness = (
            (store_check(store),) if backplane is None else (store_check(store), bus_check(backplane))
        )
        self.chat_hub = ChatHub(store, providers, settings, metrics, backplane)
        self.status_hub = StatusHub(providers, settings)
        self._feed = ProviderFeed(
            providers, (self.chat_hub, self.status_hub), interval=settings.status_interval
        )
        conversations = self.chat_hub.conversations
        self._reaper = Reaper(store, conversations, settings)
        self._node = None if backplane is None else ChatNode(conversations, store, backplane, settings)

    async def start(self) -> None:
        """Open the store; answers a crash left unfinished become ``interrupted``, with the text they had."""
        await self.store.start()
        await self._reaper.reap()
        self._reaper.start()
        if self._node is not None:
            self._node.start()
        self._feed.start()

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Start and, in the end, close; for ``HubApp(lifespan=…)``."""
        await self.start()
        try:
            yield
        finally:
            await self.aclose()

    @property
    def busy(self) -> bool:
        """Whether an answer is being written or waits, with or without a reader."""
        return self.chat_hub.generations.busy

    async def drain(self) -> None:
        """Interrupt every answer, its text committed and sent; later messages are kept but not answered."""
        await self.chat_hub.generations.drain()

    async def aclose(self) -> None:
        """Drain, then close the store (idempotent)."""
        self._feed.close()
        await self.chat_hub.warm_up.close()
        await self.drain()
        if self._node is not None:
            await self._node.aclose()
        await self._reaper.aclose()
        self.chat_hub.conversations.close()
        await self.store.aclose()


def build_chat(
    store: HistoryStore,
    providers: Providers,
    settings: ChatSettings | None = None,
    *,
    metrics: ChatMetrics | None = None,
    backplane: Backplane | None = None,
) -> Chat:
    """Put a chat together.

    ``settings`` None means the local hub's defaults, ``metrics`` None its own. ``backplane`` leads to the
    other nodes that serve the conversations of the same ``store``; None: there are none.
    """
    return Chat(store, providers, settings or ChatSettings(), metrics or ChatMetrics(), backplane)
