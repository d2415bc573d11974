"""Sends a conversation's messages in order, each until it is acknowledged or refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from conduit_widget.back_off import BackOff
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.outgoing import Outgoing, Unsent
from conduit_widget.chat_client.pacing import LONGEST_REST, is_rate_refusal
from conduit_widget.contract import ErrorText
from conduit_widget.errors import (
    ConduitError,
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    trace_of,
)
from conduit_widget.types import SendReceipt

_log = logging.getLogger(__name__)

MAX_SEND_RETRIES: Final = 4
MAX_OUTAGE_RETRIES: Final = 14  # a minute, or more: the hub's store is away and will be back
_RETRY_DELAY: Final = 0.05
_STORE_AWAY: Final = (ErrorText.TIMED_OUT, ErrorText.DISK_FULL)


class Sender:
    """Works off a queue, one message at a time, while the conversation is live.

    Args:
        conversation_id: which conversation.
        hub: where messages go.
        queue: what waits.
        live: set while the conversation is joined.
        unwanted: told the id of an answer that comes to a question everybody gave up while it was on its way.
        delay: seconds before the first retry of what the hub could not store.

    """

    def __init__(
        self,
        conversation_id: str,
        hub: ChatHubClient,
        queue: Outgoing,
        *,
        live: asyncio.Event,
        unwanted: Callable[[str], object],
        delay: float,
    ) -> None:
        self._conversation_id = conversation_id
        self._hub = hub
        self._queue = queue
        self._live = live
        self._unwanted = unwanted
        self._send_back_off = BackOff(delay, LONGEST_REST)
        self._outage_back_off = BackOff(delay, longest=delay * 5)

    async def run(self) -> None:
        """Send what is queued, again what was lost, too fast or could not be stored; runs until cancelled."""
        while True:
            entry = await self._queue.first()
            await self._live.wait()
            if entry.given_up:
                continue
            try:
                await self._send(entry)
            except Exception as error:  # noqa: BLE001 - one message must not keep the others back
                _log.error("A message could not be sent: %s", trace_of(error))
                self._queue.done(
                    entry, ConduitError(f"The message could not be sent ({type(error).__name__}).")
                )

    async def _send(self, entry: Unsent) -> None:
        try:
            receipt = await self._hub.send_message(self._conversation_id, entry.message)
        except (ConnectionLostError, InvocationTimeoutError):
            # A moment before the retry, so that a loss still being noticed does not spin.
            await asyncio.sleep(_RETRY_DELAY)
        except ConduitError as error:
            back_off, retries = self._patience_with(error)
            if back_off.failures < retries:
                await asyncio.sleep(back_off.next_delay())  # it keeps its place
                return
            back_off.reset()
            self._queue.done(entry, error)
        except msgspec.ValidationError:
            self._queue.done(entry, HubException("The hub's receipt was not understood."))
        else:
            self._send_back_off.reset()
            self._outage_back_off.reset()
            receipt = receipt or SendReceipt(id=entry.message.id, seq=0, timestamp="")
            if entry.given_up and receipt.answer_id:
                self._unwanted(receipt.answer_id)
            self._queue.done(entry, receipt)

    def _patience_with(self, error: ConduitError) -> tuple[BackOff, int]:
        """Return how to wait, and how often, before a refused message goes again: it is stored only once."""
        if str(error).startswith(_STORE_AWAY):
            return self._outage_back_off, MAX_OUTAGE_RETRIES
        return self._send_back_off, MAX_SEND_RETRIES if is_rate_refusal(error) else 0
