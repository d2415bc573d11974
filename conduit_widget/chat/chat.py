"""The chat put together: two hubs, the history store and the providers, with one lifetime."""

from __future__ import annotations

from conduit_widget.types import ChatMessage

from .chat_hub import ChatHub
from .chat_metrics import ChatMetrics
from .history_store import HistoryStore, StoredStream
from .provider_feed import ProviderFeed, Providers
from .settings import ChatSettings
from .status_hub import StatusHub

__all__ = ["Chat", "build_chat"]


class Chat:
    """Mount ``chat_hub`` and ``status_hub``, then :meth:`start`; :meth:`drain` before closing connections.

    The chat owns the store's lifetime, not the providers'.
    """

    def __init__(
        self, store: HistoryStore, providers: Providers, settings: ChatSettings, metrics: ChatMetrics
    ) -> None:
        self.store = store
        providers = metrics.observing(providers)
        self.chat_hub = ChatHub(store, providers, settings, metrics)
        self.status_hub = StatusHub(providers)
        self._feed = ProviderFeed(
            providers, (self.chat_hub, self.status_hub), interval=settings.status_interval
        )

    async def start(self) -> None:
        """Open the store; answers a crash left unfinished become ``interrupted``, with the text they had."""
        await self.store.start()
        for stream in await self.store.open_streams():
            await self._interrupt(stream)
        self._feed.start()

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
        self.chat_hub.conversations.close()
        await self.store.aclose()

    async def _interrupt(self, stream: StoredStream) -> None:
        wire = await self.store.message(stream.conversation_id, stream.message_id)
        if wire is None:
            return
        placeholder = ChatMessage.from_wire(wire)
        known = {"model": stream.model, "provider": stream.provider}
        message = ChatMessage(
            id=placeholder.id,
            role=placeholder.role,
            content=stream.text,
            parent_id=placeholder.parent_id,
            metadata={
                **placeholder.metadata,
                **{key: value for key, value in known.items() if value},
                "status": "interrupted",
                "finishReason": "interrupted",
            },
        )
        await self.store.update(stream.conversation_id, message, close_stream=True)


def build_chat(
    store: HistoryStore,
    providers: Providers,
    settings: ChatSettings | None = None,
    *,
    metrics: ChatMetrics | None = None,
) -> Chat:
    """Put a chat together; ``settings`` None means the local hub's defaults, ``metrics`` None its own."""
    return Chat(store, providers, settings or ChatSettings(), metrics or ChatMetrics())
