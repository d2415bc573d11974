"""Puts into the durable queue what cannot leave at once, so that it outlives this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.offline.outbox import Outbox
from conduit_widget.chat_client.sending.durable_queue import DurableQueue
from conduit_widget.chat_client.sending.waiting import Waiting
from conduit_widget.errors import ConduitError, ConnectionFailedError, line_of
from conduit_widget.types import ChatMessage, SendReceipt

GRACE: Final = 0.5
"""Seconds in which a connected hub acknowledges, or the message is kept on disk."""

_logger = logging.getLogger(__name__)


class Keeping:
    """Writes messages down, in order; without an outbox it does nothing."""

    def __init__(
        self,
        waiting: Waiting,
        durable: DurableQueue,
        connectivity: Connectivity,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._waiting = waiting
        self._durable = durable
        self._connectivity = connectivity
        self._spawn = spawn
        self._one_at_a_time = asyncio.Lock()  # or a later one might overtake

    async def or_try_first(self, message_id: str, receipt: asyncio.Future[SendReceipt]) -> None:
        """Keep a message before it is shown as queued, or where it can leave at once after :data:`GRACE`."""
        if self._connectivity.live.is_set() and not self._durable.has_entries:
            asyncio.get_running_loop().call_later(GRACE, self._soon)
            return
        await self.all(message_id)
        entry = self._waiting.queue.find(message_id)
        if entry is not None and self._connectivity.info.state == "offline":
            # It ended for good: nothing will come of waiting.
            refusal = self._connectivity.refusal()
            entry.kept = True
            if entry.is_durable and not receipt.done():
                receipt.set_exception(type(refusal)(f"{refusal} Your message is kept."))

    async def with_files(self, message: ChatMessage, files: Sequence[tuple[str, bytes]]) -> None:
        """Keep a message with its files: they go to the hub before it."""
        entry = self._waiting.queue.find(message.id)
        assert entry is not None
        entry.is_being_kept = True  # without its files it must not be sent
        outbox = self._waiting.outbox
        try:
            async with self._one_at_a_time:
                if outbox is None or not await outbox.add_message(message, attempted=False, files=files):
                    raise ConnectionFailedError("Not sent: files are not kept here while the hub is away.")
        except ConduitError as error:
            self._waiting.queue.settle(entry, error)
            raise
        entry.is_durable = True
        self._waiting.own.add(message.id)

    def _soon(self) -> None:
        if any(entry.outcome is None for entry in self._waiting.queue.to_keep):
            self._spawn(self.quietly())

    async def quietly(self) -> None:
        """Keep all there is; where that fails it is logged, and all is sent as long as this process lives."""
        try:
            await self.all()
        except ConduitError as error:
            _logger.warning("A message that waits for the hub could not be kept: %s", line_of(error))

    async def all(self, newest: str | None = None) -> None:
        """Have the durable queue take over what only this process has, in order.

        Raises:
            ConduitError: one could not be kept. Where it is the ``newest``, just typed, it is sent no more;
                others are, as long as this process lives.

        """
        outbox = self._waiting.outbox
        if outbox is None:
            return
        async with self._one_at_a_time:
            for entry in self._waiting.queue.to_keep:
                entry.is_being_kept = not entry.is_on_its_way
                try:
                    entry.is_durable = await outbox.add_message(entry.message, attempted=entry.is_on_its_way)
                except ConduitError as error:
                    if entry.message.id == newest:
                        self._waiting.queue.settle(entry, error)
                    raise
                finally:
                    entry.is_being_kept = False
                if entry.is_durable:
                    self._waiting.own.add(entry.message.id)
                if isinstance(entry.outcome, SendReceipt):  # it came while it was written down
                    await self._durable.settle(outbox, entry.message.id, 0, entry.outcome)
        self._waiting.stir()

    async def refuse(self, outbox: Outbox, reason: str) -> None:
        """Note why nothing of what waits can be sent; people decide."""
        try:
            await outbox.refuse(None, reason)
        except ConduitError as error:
            _logger.warning("Why nothing can be sent could not be kept: %s", line_of(error))
