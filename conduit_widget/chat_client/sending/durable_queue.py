"""Sends what waits in the durable queue, the files of a message before it, and takes off what was done."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Final

import msgspec

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.offline.entries import QueuedEntry
from conduit_widget.chat_client.offline.outbox import Outbox
from conduit_widget.chat_client.offline.queue_store import Attempt, Numbered
from conduit_widget.chat_client.sending.performing import perform
from conduit_widget.chat_client.sending.retries import Retries
from conduit_widget.chat_client.sending.waiting import Waiting
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    NotSentError,
    line_of,
)
from conduit_widget.types import SendReceipt

RETRY_DELAY: Final = 0.05
"""A moment before the retry, so that a loss still being noticed does not spin."""

_logger = logging.getLogger(__name__)


class DurableQueue:
    """The durable queue as its conversation sends it; without an outbox there is never anything in it."""

    def __init__(self, waiting: Waiting, hub: ChatHubClient, conversation_id: str, retries: Retries) -> None:
        self._waiting = waiting
        self._outbox = waiting.outbox
        self._hub = hub
        self._conversation_id = conversation_id
        self._retries = retries
        self._is_known = self._outbox is None
        self._done: dict[str, tuple[int, SendReceipt | None]] = {}
        self._refusals: dict[str, tuple[QueuedEntry, ConduitError]] = {}
        self._uploaded: dict[str, list[str]] = {}

    async def open(self, outbox: Outbox) -> None:
        """Look at it for the first time."""
        await outbox.refresh()
        self._waiting.queue.queue_is_known(outbox.newest_position)
        self._is_known = True

    @property
    def has_entries(self) -> bool:
        """Whether something waits there, as far as known: what comes now has to go behind it."""
        return not self._is_known or self.first is not None

    @property
    def newest_position(self) -> float:
        """The position behind which something goes that comes now; infinite while nobody knows."""
        return float(self._outbox.newest_position) if self._is_known and self._outbox else math.inf

    @property
    def first(self) -> Numbered | None:
        """What it has to send next, without what was sent or refused and could not be noted."""
        if self._outbox is None:
            return None
        if not (self._done or self._refusals):
            return self._outbox.first
        return next(
            (
                each
                for each in self._outbox.entries
                if each.entry.state == "waiting" and not self._has_ended(each.entry)
            ),
            None,
        )

    def _has_ended(self, entry: QueuedEntry) -> bool:
        done, refusal = self._done.get(entry.id), self._refusals.get(entry.id)
        return entry.revision in (done and done[0], refusal and refusal[0].revision)

    async def send(self, outbox: Outbox, entry_id: str) -> None:
        """Send an entry, once; where that failed and may go better, it keeps its place."""
        attempt = await self._attempted(outbox, entry_id)
        if attempt is None:
            await outbox.refresh(always=True)
            return
        entry = attempt.entry
        is_asked = False
        try:
            entry = await self._with_files(outbox, entry)
            is_asked = True
            receipt = await perform(self._hub, self._conversation_id, entry)
        except (ConnectionLostError, ConnectionFailedError, InvocationTimeoutError) as error:
            if attempt.is_first and (not is_asked or isinstance(error, NotSentError)):
                await self._unheard(outbox, entry_id)
            await asyncio.sleep(RETRY_DELAY)
        except ConduitError as error:
            if not await self._retries.waited(error):
                await self.refuse(outbox, entry, error)
        except msgspec.ValidationError:
            await self.refuse(outbox, entry, HubException("The hub's receipt was not understood."))
        else:
            self._retries.went_well()
            self._waiting.tell(entry_id, receipt)
            await self.settle(outbox, entry_id, entry.revision, receipt)

    async def _attempted(self, outbox: Outbox, entry_id: str) -> Attempt | None:
        try:
            return await outbox.attempt(entry_id)
        except ConduitError as error:
            _logger.warning("What waits for the hub could not be marked: %s", line_of(error))
            first = self.first  # the disk is full: what is there is sent all the same
            return None if first is None else Attempt(first.entry, is_first=False)

    async def _unheard(self, outbox: Outbox, entry_id: str) -> None:
        """Take the mark back: what has not left this process can be changed and moved as before."""
        try:
            await outbox.unheard(entry_id)
        except ConduitError as error:
            _logger.warning("What waits for the hub could not be marked: %s", line_of(error))

    async def _with_files(self, outbox: Outbox, entry: QueuedEntry) -> QueuedEntry:
        """Send the files of a message to the hub, once; return it with what they are called there."""
        if entry.message is None or not entry.files:
            return entry
        ids = self._uploaded.setdefault(entry.id, [])
        for number in range(len(ids), len(entry.files)):
            ids.append(await outbox.upload_file(entry, number))
        attached = [*(entry.message.attachments or ()), *({"id": each} for each in ids)]
        message = msgspec.structs.replace(entry.message, attachments=attached)
        return msgspec.structs.replace(entry, message=message)

    async def refuse(self, outbox: Outbox, entry: QueuedEntry, error: ConduitError) -> None:
        """Note why the hub refused an entry; what cannot be noted now is later, and not asked for again."""
        self._refusals[entry.id] = (entry, error)
        try:
            await outbox.refuse(entry.id, str(error), kind=entry.kind)
        except ConduitError as problem:
            _logger.warning("Why something was refused could not be noted: %s", line_of(problem))
        else:
            del self._refusals[entry.id]
        self._waiting.tell(entry.id, error)

    async def settle(self, outbox: Outbox, entry_id: str, revision: int, receipt: SendReceipt | None) -> None:
        """Take off what the hub has done; what cannot be taken off now is not sent again, and is later."""
        self._done[entry_id] = (revision, receipt)
        try:
            await outbox.settle(entry_id, revision, receipt)
        except ConduitError as error:
            _logger.warning("What was sent could not be taken off the queue: %s", line_of(error))
        else:
            del self._done[entry_id]
            self._waiting.own.discard(entry_id)
            self._uploaded.pop(entry_id, None)

    async def settle_again(self, outbox: Outbox) -> None:
        """Take off what could not be taken off before, and note refusals that could not be noted."""
        for entry_id, (revision, receipt) in list(self._done.items()):
            await self.settle(outbox, entry_id, revision, receipt)
        there = {(each.entry.id, each.entry.revision) for each in outbox.entries}
        for entry, error in list(self._refusals.values()):
            if (entry.id, entry.revision) in there:
                await self.refuse(outbox, entry, error)
            else:  # somebody has changed it, or taken it back
                del self._refusals[entry.id]
