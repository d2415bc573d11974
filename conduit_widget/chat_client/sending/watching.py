"""Sees what other processes of the same person do to the durable queue."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.offline.outbox import POLL, Outbox
from conduit_widget.chat_client.sending.durable_queue import DurableQueue
from conduit_widget.chat_client.sending.keeping import Keeping
from conduit_widget.chat_client.sending.waiting import Waiting
from conduit_widget.errors import ConduitError, HubException, line_of, trace_of

CALM_POLL: Final = 3 * POLL
_TAKEN_BACK: Final = "It was deleted from the queue before it was sent."

_logger = logging.getLogger(__name__)


class Watching:
    """Looks at the durable queue every :data:`.offline.outbox.POLL` seconds, less often while all is calm."""

    def __init__(
        self, waiting: Waiting, durable: DurableQueue, keeping: Keeping, connectivity: Connectivity
    ) -> None:
        self._waiting = waiting
        self._durable = durable
        self._keeping = keeping
        self._connectivity = connectivity

    async def run(self, outbox: Outbox) -> None:
        """See what others do, and tell those who wait for it; runs until cancelled."""
        while True:
            is_calm = self._connectivity.live.is_set() and not outbox.entries
            await asyncio.sleep(CALM_POLL if is_calm else POLL)
            try:
                await self._look(outbox)
            except Exception as error:  # noqa: BLE001 - the next look may do better
                _logger.error("The queue could not be looked at: %s", trace_of(error))  # noqa: TRY400
            self._waiting.stir()

    async def _look(self, outbox: Outbox) -> None:
        if not self._connectivity.live.is_set():
            outbox.release()
            await self._keeping.quietly()
        await self._durable.settle_again(outbox)
        await outbox.refresh()
        await self.tell_what_others_sent(outbox)

    async def tell_what_others_sent(self, outbox: Outbox) -> None:
        """Tell those who wait here for what another process sent, or somebody took back."""
        waiting = self._waiting.ids
        there = {each.entry.id: each.entry for each in outbox.entries}
        gone = [each for each in waiting if each not in there]
        try:
            receipts = await outbox.receipts(gone) if gone else {}
        except ConduitError as error:
            _logger.warning("What was sent could not be looked up: %s", line_of(error))
            return
        for entry_id in waiting:
            if entry_id in receipts:
                self._waiting.tell(entry_id, receipts[entry_id])
            elif entry_id not in there:
                self._waiting.tell(entry_id, ConduitError(_TAKEN_BACK))
            elif there[entry_id].state == "refused":
                self._waiting.tell(entry_id, HubException(there[entry_id].reason))
