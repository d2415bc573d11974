"""Notices of a hub that a proxy hands on as structs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import StatusEvent
from conduit_widget.types import RateLimitNotice

_log = logging.getLogger(__name__)


def on_rate_limit_warning(
    connection: HubConnection, handler: Callable[[RateLimitNotice], None]
) -> Callable[[], None]:
    """Call ``handler`` for every ``RateLimitWarning``; returns the unsubscriber."""

    def take(*arguments: Any) -> None:
        try:
            notice = msgspec.convert(arguments[0] if arguments else None, RateLimitNotice)
        except msgspec.ValidationError as error:
            _log.warning("A rate limit warning was not understood: %s", error)
        else:
            handler(notice)

    return connection.on(StatusEvent.RATE_LIMIT_WARNING, take)
