"""What the typed proxies of the hubs have in common: how they call methods and hear events."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import StatusEvent
from conduit_widget.types import RateLimitNotice, Wire

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")

INVOKE_TIMEOUT: Final = 30.0
EventHandler = Callable[[str, list[Any]], None]


class HubProxy:
    """The base class of the typed proxies; ``timeout`` is how many seconds a method waits for its result."""

    events: ClassVar[tuple[str, ...]] = ()

    def __init__(self, connection: HubConnection, *, timeout: float = INVOKE_TIMEOUT) -> None:
        self.connection = connection
        self._timeout = timeout

    def on_event(self, handler: EventHandler) -> Callable[[], None]:
        """Call ``handler(event, arguments)`` for every event of this hub; returns the unsubscriber."""

        def subscribe(event: str) -> Callable[[], None]:
            return self.connection.on(event, lambda *arguments: handler(event, list(arguments)))

        unsubscribers = [subscribe(event) for event in self.events]

        def unsubscribe() -> None:
            for each in unsubscribers:
                each()

        return unsubscribe

    def on_rate_limit_warning(self, handler: Callable[[RateLimitNotice], None]) -> Callable[[], None]:
        """Call ``handler`` when a limit of the hub or of a provider reaches 80 or 95 %.

        Returns the unsubscriber.
        """

        def hand_over(*arguments: Any) -> None:
            try:
                notice = msgspec.convert(arguments[0] if arguments else None, RateLimitNotice)
            except msgspec.ValidationError as error:
                _logger.warning("A rate limit warning was not understood: %s", error)
            else:
                handler(notice)

        return self.connection.on(StatusEvent.RATE_LIMIT_WARNING, hand_over)

    async def _invoke(self, method: str, *arguments: Any) -> Any:
        wire = (value.to_wire() if isinstance(value, Wire) else value for value in arguments)
        return await self.connection.invoke(method, *wire, timeout=self._timeout)


def optional(result: Any, kind: type[_T]) -> _T | None:
    """Return a result, or None from a hub that returns nothing."""
    return None if result is None else msgspec.convert(result, kind)
