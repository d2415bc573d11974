"""StatusHub: provider health for whoever wants it without joining a conversation."""

from __future__ import annotations

from conduit_widget.chat.methods.providers import ProviderMethods, TokenMethods
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.limit_notices import status_rates
from conduit_widget.chat.status.provider_statuses import Providers


class StatusHub(ProviderMethods, TokenMethods):
    """The status methods; the provider feed sends this hub's events."""

    def __init__(self, providers: Providers, settings: ChatSettings) -> None:
        self._providers = providers
        self.user_rates = status_rates(settings)
