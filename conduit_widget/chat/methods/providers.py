"""What both hubs of the chat offer: the state of the providers, and going on with a newer token."""

from __future__ import annotations

from conduit_widget.chat.status.limit_notices import WarnsOfLimits
from conduit_widget.chat.status.provider_statuses import Providers, send_statuses
from conduit_widget.contract import TOKEN_EXPIRY_WARNING, StatusMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import ProviderStatus


class ProviderMethods(WarnsOfLimits):
    """The state of the providers, for whoever is connected."""

    _providers: Providers

    @hub_method(StatusMethod.REQUEST_PROVIDER_STATUS, reads=True)
    async def request_provider_status(self, caller: HubConnectionContext) -> list[ProviderStatus]:
        """Return every provider's status, and send it as events to the caller."""
        return send_statuses(caller, self._providers)


class TokenMethods(WarnsOfLimits):
    """Connections that outlive their token."""

    expiry_warning = TOKEN_EXPIRY_WARNING

    @hub_method(StatusMethod.REFRESH_TOKEN, reads=True)
    async def refresh_token(self, caller: HubConnectionContext, token: str) -> float:
        """Continue with a newer token of the same user; return when it expires (epoch seconds)."""
        return (await caller.refresh(token)).expires_at
