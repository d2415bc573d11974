"""StatusHub: the health of the providers and the hub, for whoever wants it without joining a conversation."""

from __future__ import annotations

from conduit_widget.chat.methods.providers import ProviderMethods, TokenMethods
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.limit_notices import status_rates
from conduit_widget.chat.status.provider_statuses import Providers
from conduit_widget.chat.status.system_health import SystemHealthReader
from conduit_widget.contract import StatusMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import SystemHealth


class StatusHub(ProviderMethods, TokenMethods):
    """The status methods; the provider feed sends this hub's events."""

    def __init__(self, providers: Providers, settings: ChatSettings, health: SystemHealthReader) -> None:
        self._providers = providers
        self._health = health
        self.user_rates = status_rates(settings)

    @hub_method(StatusMethod.REQUEST_SYSTEM_HEALTH)
    async def request_system_health(self, caller: HubConnectionContext) -> SystemHealth:
        """Return what the hub does at present, and whether its parts work."""
        return await self._health.read()
