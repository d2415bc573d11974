"""Typed proxy of StatusHub: provider health, rate-limit warnings, announcements. Needs no Jupyter.

::

    async with HubConnection("http://localhost:5000/hubs/status", access_token=token) as connection:
        status = StatusHubClient(connection)
        status.on_event(lambda event, arguments: print(event, arguments))
        print(await status.request_provider_status())
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from conduit_widget.chat_client.chat import INVOKE_TIMEOUT, EventHandler, subscribe_all
from conduit_widget.chat_client.notices import on_rate_limit_warning
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import StatusEvent, StatusMethod
from conduit_widget.types import ProviderStatus, RateLimitNotice

STATUS_EVENTS: Final = tuple(
    value for name, value in vars(StatusEvent).items() if name.isupper() and isinstance(value, str)
)


class StatusHubClient:
    """StatusHub over a started :class:`HubConnection`."""

    def __init__(self, connection: HubConnection, *, timeout: float = INVOKE_TIMEOUT) -> None:
        self.connection = connection
        self._timeout = timeout

    async def request_provider_status(self) -> list[ProviderStatus]:
        """Return the health of every provider; empty from a hub that answers by events only.

        Raises:
            HubException: the hub refused.
            ConnectionLostError: the connection ended first.
            InvocationTimeoutError: no answer in time.

        """
        result = await self.connection.invoke(StatusMethod.REQUEST_PROVIDER_STATUS, timeout=self._timeout)
        return [] if result is None else msgspec.convert(result, list[ProviderStatus])

    async def refresh_token(self, token: str) -> float:
        """Go on with a newer token of the same user; return when that one expires (epoch seconds).

        Raises as :meth:`request_provider_status` does.
        """
        result = await self.connection.invoke(StatusMethod.REFRESH_TOKEN, token, timeout=self._timeout)
        return msgspec.convert(result, float)

    def on_rate_limit_warning(self, handler: Callable[[RateLimitNotice], None]) -> Callable[[], None]:
        """Call ``handler`` when a limit, ours or a provider's, reaches 80 or 95 %.

        Returns the unsubscriber.
        """
        return on_rate_limit_warning(self.connection, handler)

    def on_event(self, handler: EventHandler) -> Callable[[], None]:
        """Call ``handler(target, arguments)`` for every event of StatusHub; returns the unsubscriber."""
        return subscribe_all(self.connection, STATUS_EVENTS, handler)
