"""StatusHub: provider health for whoever wants it without joining a conversation."""

from __future__ import annotations

from conduit_widget.contract import StatusMethod
from conduit_widget.hub.connection import HubConnectionContext
from conduit_widget.hub.hub import Hub, hub_method
from conduit_widget.types import ProviderStatus

from .provider_feed import Providers, send_statuses

__all__ = ["StatusHub"]


class StatusHub(Hub):
    """The status methods; its events come from the provider feed."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    @hub_method(StatusMethod.REQUEST_PROVIDER_STATUS)
    async def request_provider_status(self, caller: HubConnectionContext) -> list[ProviderStatus]:
        """Return every provider's status, and send it as events to the caller."""
        return send_statuses(caller, self._providers)
