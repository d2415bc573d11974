"""Sends a conversation's messages in order, each until it is acknowledged or refused."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec

from conduit_widget.back_off import BackOff
from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.outgoing import Outgoing, Unsent
from conduit_widget.chat_client.pacing import LONGEST_REST, is_rate_refusal
from conduit_widget.contract import ErrorText
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    trace_of,
)
from conduit_widget.types import ChatMessage, SendReceipt

MAX_SEND_RETRIES: Final = 4
MAX_OUTAGE_RETRIES: Final = 14  # a minute, or more: the hub's store is away and will be back
_RETRY_DELAY: Final = 0.05
_STORE_AWAY: Final = (ErrorText.TIMED_OUT, ErrorText.DISK_FULL)

_logger = logging.getLogger(__name__)


class Sender:
    """Works off a conversation's queue, one message at a time, while the conversation is live.

    Args:
        conversation_id: which conversation.
        hub: where messages go.
        connectivity: says when the conversation is live, and why it is not.
        unwanted: told the id of an answer that comes to a question everybody gave up while it was on its way.
        delay: seconds before the first retry of what the hub could not store.

    """

    def __init__(
        self,
        conversation_id: str,
        hub: ChatHubClient,
        connectivity: Connectivity,
        *,
        unwanted: Callable[[str], object],
        delay: float,
    ) -> None:
        self._conversation_id = conversation_id
        self._hub = hub
        self._connectivity = connectivity
        self._queue = Outgoing()
        self._unwanted = unwanted
        self._send_back_off = BackOff(delay, LONGEST_REST)
        self._outage_back_off = BackOff(delay, longest=delay * 5)

    @property
    def unsent(self) -> int:
        """How many messages wait for the hub."""
        return self._queue.unsent

    async def send(
        self, message: ChatMessage, *, patience: float | None = None, keep: bool = False
    ) -> SendReceipt:
        """Queue a message and wait for its receipt, as :meth:`.conversation.Conversation.send` does."""
        receipt = self._queue.add(message)
        if patience is None:
            return await receipt
        unreachable = asyncio.ensure_future(self._connectivity.wait_unreachable(patience))
        either: list[asyncio.Future[Any]] = [receipt, unreachable]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if receipt.done():
                return receipt.result()
            if keep:
                self._queue.keep(message.id)
            then = "It is sent when the hub is back." if keep else "Ask again when the hub is back."
            raise ConnectionFailedError(f"Not sent yet: {unreachable.result()} {then}")
        finally:
            unreachable.cancel()
            receipt.cancel()

    async def flush(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until nothing waits for the hub; return whether that was reached."""
        if self._queue.unsent:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._queue.emptied()
        return not self._queue.unsent

    def give_up(self, seconds: float) -> str | None:
        """Remove the messages not sent within ``seconds``; return a line with their number and the reason."""
        count = self._queue.unsent
        self._queue.drop_all()
        if not count:
            return None
        messages = "1 message" if count == 1 else f"{count} messages"
        info = self._connectivity.info
        why = info.message or f"the chat was still {info.state}."
        return f"{messages} to {self._conversation_id!r} not sent within {seconds:g} s: {why}"

    def fail_all(self, error: ConduitError) -> None:
        """Fail all queued messages: the connection does not come back by itself."""
        self._queue.fail_all(error)

    async def run(self) -> None:
        """Send queued messages, and again what was lost, too fast or not stored; runs until cancelled."""
        while True:
            entry = await self._queue.first()
            await self._connectivity.live.wait()
            if entry.given_up:
                continue
            try:
                await self._send(entry)
            except Exception as error:  # noqa: BLE001 - one message must not keep the others back
                _logger.error("A message could not be sent: %s", trace_of(error))  # noqa: TRY400
                self._queue.settle(
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
            self._queue.settle(entry, error)
        except msgspec.ValidationError:
            self._queue.settle(entry, HubException("The hub's receipt was not understood."))
        else:
            self._send_back_off.reset()
            self._outage_back_off.reset()
            receipt = receipt or SendReceipt(id=entry.message.id, seq=0, timestamp="")
            if entry.given_up and receipt.answer_id:
                self._unwanted(receipt.answer_id)
            self._queue.settle(entry, receipt)

    def _patience_with(self, error: ConduitError) -> tuple[BackOff, int]:
        """Return the back-off and the number of retries of a refused message; it is stored only once."""
        if str(error).startswith(_STORE_AWAY):
            return self._outage_back_off, MAX_OUTAGE_RETRIES
        return self._send_back_off, MAX_SEND_RETRIES if is_rate_refusal(error) else 0
