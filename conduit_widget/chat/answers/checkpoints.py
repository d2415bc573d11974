"""Stores the text of an answer while it grows, so that a crash loses little of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from conduit_widget.chat.answers.generation_job import AnsweredConversation
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.errors import StoreUnavailableError

_logger = logging.getLogger(__name__)


class Checkpoints:
    """Stores ``snapshot()`` at most once an ``interval`` (seconds), and never twice at a time.

    ``is_due``: the next one is requested.
    """

    def __init__(
        self, conversation: AnsweredConversation, interval: float, snapshot: Callable[[], StoredStream]
    ) -> None:
        self._conversation = conversation
        self._interval = interval
        self._snapshot = snapshot
        self.is_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._storing: asyncio.Task[None] | None = None

    def request(self) -> None:
        """Store what there is when the interval has passed."""
        if not self.is_due:
            self.is_due = True
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._begin)

    def cancel(self) -> None:
        """Cancel the checkpoint that is due."""
        if self._timer is not None:
            self._timer.cancel()

    async def settle(self) -> None:
        """Wait until the checkpoint in progress is stored."""
        if self._storing is not None:
            await asyncio.wait({self._storing})

    def _begin(self) -> None:
        self.is_due = False
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store(), name="checkpoint")
        else:
            self.request()  # a slow store: what came meanwhile waits for no further token

    async def _store(self) -> None:
        try:
            await self._conversation.checkpoint(self._snapshot())
        except StoreUnavailableError:
            _logger.debug("The store is away; the next checkpoint may find it.")
        except Exception as error:  # noqa: BLE001 - the answer goes on; the next checkpoint may succeed
            _logger.warning("A checkpoint of an answer failed: %s", type(error).__name__)
