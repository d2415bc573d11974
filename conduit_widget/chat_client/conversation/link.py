"""A conversation's way to the hub over its leased connection: opened, lost, tried again, ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.pool import Failure, Lease
from conduit_widget.chat_client.state.changes import LinkState
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.errors import (
    AuthenticationError,
    ConduitError,
    ConnectionFailedError,
    line_of,
    trace_of,
)

_logger = logging.getLogger(__name__)


class Link:
    """Tells a conversation's ``connectivity`` what becomes of the connection.

    Args:
        lease: the connection.
        connectivity: what is told.
        transcript: says whether one was in the conversation before.
        opened: called when the connection is there: what was missed can be asked for.
        lost: called when it is gone, to be restored by itself.
        ended: called with the reason when it does not come back by itself.

    """

    def __init__(
        self,
        lease: Lease,
        connectivity: Connectivity,
        transcript: Transcript,
        *,
        opened: Callable[[], None],
        lost: Callable[[], None],
        ended: Callable[[ConduitError], None],
    ) -> None:
        self.is_closing = False
        """Whether the connection may end: the conversation is being closed."""
        self._lease = lease
        self._connectivity = connectivity
        self._transcript = transcript
        self._opened = opened
        self._lost = lost
        self._ended = ended

    def open(self) -> list[Callable[[], None]]:
        """Begin to listen to the connection; returns what ends it."""
        connection = self._lease.connection
        return [
            connection.on_reconnecting(self._on_reconnecting),
            connection.on_retry_scheduled(self.retry_scheduled),
            connection.on_reconnected(lambda _id: self._opened()),
            connection.on_close(self._on_close),
        ]

    async def connect(self) -> None:
        """Have the connection opened; problems show in the connectivity, never as an exception."""
        failed = self._lease.last_failure
        if failed is not None:  # another conversation's attempts are this one's too
            self._show_retry(failed)
        try:
            await self._lease.started()
        except ConduitError as error:
            self.end(error)
        except Exception as error:  # noqa: BLE001 - a broken address or factory must show, not vanish
            _logger.error("The hub connection could not be opened: %s", trace_of(error))  # noqa: TRY400
            self.end(ConnectionFailedError(f"The hub connection failed: {type(error).__name__}."))
        else:
            if self._lease.connection.state is ConnectionState.CONNECTED:
                self._opened()
            else:  # shared with somebody whose connection is just being restored: on_reconnected tells
                self._connectivity.enter("reconnecting")

    def _on_reconnecting(self, error: Exception | None) -> None:
        self._lost()
        self._connectivity.enter("reconnecting", line_of(error))

    def retry_scheduled(self, attempt: int, delay: float, error: Exception | None) -> None:
        """Show when the next attempt is due, and why the last one failed."""
        self._show_retry(Failure(attempt, round((time.time() + delay) * 1000), error))

    def _show_retry(self, failure: Failure) -> None:
        state: LinkState = "reconnecting" if self._transcript.joined else "connecting"
        self._connectivity.enter(
            state, line_of(failure.error), attempt=failure.attempt, retry_at=failure.retry_at
        )

    def _on_close(self, error: Exception | None) -> None:
        if not self.is_closing:
            self.end(error)

    def end(self, error: Exception | None) -> None:
        """Go offline until somebody asks for a retry."""
        self._connectivity.end(error)
        text = f"{self._connectivity.info.message} Retry in the chat, or create a new one."
        self._ended(error if isinstance(error, AuthenticationError) else ConnectionFailedError(text))
