"""StatusHub: the health of the providers and the hub, for whoever wants it without joining a conversation."""

from __future__ import annotations

from typing import Final

import msgspec

from conduit_widget.chat.methods.providers import ProviderMethods, TokenMethods
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.limit_notices import status_rates
from conduit_widget.chat.status.notices import Notices
from conduit_widget.chat.status.provider_statuses import Providers
from conduit_widget.chat.status.system_health import SystemHealthFeed, SystemHealthReader
from conduit_widget.contract import OPERATOR_ROLE, StatusMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import (
    Announcement,
    AnnouncementNotice,
    ProviderExplanation,
    ProviderQuestion,
    SystemHealth,
)

UNUSABLE_SETTINGS: Final = (
    "The new settings of the providers cannot be used; what was set before stays in use."
)


class StatusHub(ProviderMethods, TokenMethods):
    """The status methods; the feeds of the providers and of the system's health send this hub's events."""

    def __init__(
        self, providers: Providers, settings: ChatSettings, health: SystemHealthReader, notices: Notices
    ) -> None:
        self._providers = providers
        self._health = health
        self._notices = notices
        self._tells_settings = settings.tells_settings
        self._feed = SystemHealthFeed(health, providers, interval=settings.health_interval)
        self.user_rates = status_rates(settings)

    async def on_connected(self, caller: HubConnectionContext) -> None:
        """Send the caller the system's health from now on."""
        self._feed.add(caller)

    async def on_disconnected(self, caller: HubConnectionContext, error: Exception | None) -> None:
        """Send nothing more."""
        self._feed.remove(caller)

    @hub_method(StatusMethod.REQUEST_SYSTEM_HEALTH, reads=True)
    async def request_system_health(self, caller: HubConnectionContext) -> SystemHealth:
        """Return what the hub does at present, and whether its parts work."""
        return await self._health.read()

    @hub_method(StatusMethod.EXPLAIN_PROVIDERS)
    async def explain_providers(
        self, caller: HubConnectionContext, question: ProviderQuestion
    ) -> ProviderExplanation:
        """Return which provider would answer a message now, and why not the others."""
        explanation = self._providers.explain(question)
        if explanation.settings_problem is None or self._tells_settings or OPERATOR_ROLE in caller.user.roles:
            return explanation
        return msgspec.structs.replace(explanation, settings_problem=UNUSABLE_SETTINGS)

    @hub_method(StatusMethod.ANNOUNCE, authorize=OPERATOR_ROLE)
    async def announce(self, caller: HubConnectionContext, announcement: Announcement) -> AnnouncementNotice:
        """Tell everybody on both hubs one line; for operators. Return what they are told."""
        return self._notices.announce(announcement)
