"""The chat as a whole: two hubs, the history store and the providers, with one lifetime."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from conduit_widget.chat.calls.page_routes import call_page_routes
from conduit_widget.chat.calls.seats import SeatedAuthenticator
from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.files.file_area import FileArea
from conduit_widget.chat.files.routes import FileRoutes
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.node_watch import NodeWatch
from conduit_widget.chat.reaper import Reaper
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.provider_statuses import ProviderFeed, Providers
from conduit_widget.chat.status.readiness import bus_check, store_check
from conduit_widget.chat.status.system_health import SystemHealthReader
from conduit_widget.chat.status_hub import StatusHub
from conduit_widget.hub.auth.local_authority import Authenticator
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.routes import Route


class Chat:
    """Mount ``chat_hub`` and ``status_hub``, then :meth:`start`; :meth:`drain` before closing connections.

    The chat starts and closes the store. It does not start or close the providers or the backplane: start the
    backplane before the chat and close it after.
    """

    def __init__(
        self,
        store: HistoryStore,
        providers: Providers,
        settings: ChatSettings,
        metrics: ChatMetrics,
        backplane: Backplane | None = None,
        *,
        files: FileArea | None = None,
    ) -> None:
        self.store = store
        self._calls = settings.calls
        self.files = files
        self.readiness = (
            (store_check(store),) if backplane is None else (store_check(store), bus_check(backplane))
        )
        self.chat_hub = ChatHub(store, providers, settings, metrics, backplane, files=files)
        health = SystemHealthReader(metrics, self.chat_hub.conversations, providers, self.readiness)
        self._notices = self.chat_hub.notices
        self.status_hub = StatusHub(providers, settings, health, self._notices)
        self._notices.mount(self.chat_hub, self.status_hub)
        self._feed = ProviderFeed(
            providers, self._notices, (self.chat_hub, self.status_hub), interval=settings.status_interval
        )
        conversations = self.chat_hub.conversations
        self._reaper = Reaper(store, conversations, settings)
        self._node_watch = None if backplane is None else NodeWatch(conversations, store, backplane, settings)

    async def start(self) -> None:
        """Open the store; answers that a crash cut off become ``interrupted``, with the text they had."""
        await self.store.start()
        if self.files is not None:
            await self.files.start()
        await self._reaper.reap()
        self._reaper.start()
        if self._node_watch is not None:
            self._node_watch.start()
        self.chat_hub.seats.start()
        self._feed.start()
        self._notices.start()

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Start on entering and close on leaving; for ``HubApp(lifespan=…)``."""
        await self.start()
        try:
            yield
        finally:
            await self.aclose()

    def routes(self) -> list[Route]:
        """Return the routes of files and of the page of calls, for the same app as the hubs."""
        files = [] if self.files is None else FileRoutes(self.files).routes()
        return [*files, *call_page_routes(self.chat_hub.seats, self._calls)]

    def authenticator(self, others: Authenticator) -> Authenticator:
        """Return what lets in the pages of calls beside what ``others`` lets in, for the same app."""
        return SeatedAuthenticator(self.chat_hub.seats, others)

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
        self._notices.close()
        await self.chat_hub.warm_up.close()
        await self.drain()
        if self._node_watch is not None:
            await self._node_watch.aclose()
        await self._reaper.aclose()
        await self.chat_hub.seats.aclose()
        self.chat_hub.conversations.close()
        if self.files is not None:
            await self.files.aclose()
        await self.store.aclose()


def build_chat(
    store: HistoryStore,
    providers: Providers,
    settings: ChatSettings | None = None,
    *,
    metrics: ChatMetrics | None = None,
    backplane: Backplane | None = None,
    files: FileArea | None = None,
) -> Chat:
    """Return a chat on a ``store``.

    Without ``settings`` it has the local hub's defaults, without ``metrics`` its own. ``backplane`` leads to
    the other nodes that serve the conversations of the same ``store``; without it there are none. Without
    ``files`` its conversations have none.
    """
    settings, metrics = settings or ChatSettings(), metrics or ChatMetrics()
    return Chat(store, providers, settings, metrics, backplane, files=files)
