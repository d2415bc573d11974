"""Keeps a connection's token fresh: a newer one is presented when the hub warns that it is about to expire.

Without this the hub closes the connection at expiry, and the reconnect asks the token factory.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import TOKEN_EXPIRING, ChatMethod
from conduit_widget.errors import ConduitError

REFRESH_TIMEOUT = 10.0

FreshToken = Callable[[], Awaitable[str | None]]

_logger = logging.getLogger(__name__)


def keep_token_fresh(connection: HubConnection, fresh_token: FreshToken) -> Callable[[], None]:
    """Answer every expiry warning with ``RefreshToken``; returns the unsubscriber.

    A failure is logged without the token and left to the reconnect at expiry.
    """
    running: set[asyncio.Task[None]] = set()

    async def refresh() -> None:
        try:
            token = await fresh_token()
            if token:
                await connection.invoke(ChatMethod.REFRESH_TOKEN, token, timeout=REFRESH_TIMEOUT)
        except ConduitError as error:
            _logger.warning("The access token could not be refreshed: %s", error)
        except Exception as error:  # noqa: BLE001 - of the user's function; its text may hold the token
            _logger.warning("The access token could not be refreshed: %s", type(error).__name__)

    def on_expiring(_seconds_left: float = 0.0) -> None:
        # A task of its own: handlers run in order, and messages must not wait for a new token.
        task = asyncio.get_running_loop().create_task(refresh())
        running.add(task)
        task.add_done_callback(running.discard)

    return connection.on(TOKEN_EXPIRING, on_expiring)
