"""Sends a conversation's messages in order, each until it is acknowledged or refused.

With a durable queue (:class:`..offline.outbox.Outbox`) the promise is: a message that cannot leave at once is
on disk before it is shown as queued; one that was sent while connected is on disk if its receipt has not come
after :data:`.keeping.GRACE` seconds, or the connection is lost. A send that is acknowledged sooner writes
nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.offline.outbox import POLL, Outbox
from conduit_widget.chat_client.sending.durable_queue import RETRY_DELAY, DurableQueue
from conduit_widget.chat_client.sending.keeping import Keeping
from conduit_widget.chat_client.sending.outgoing import Unsent
from conduit_widget.chat_client.sending.retries import Retries
from conduit_widget.chat_client.sending.waiting import Waiting
from conduit_widget.chat_client.sending.watching import Watching
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    NotSentError,
    trace_of,
)
from conduit_widget.types import ChatMessage, SendReceipt

NOT_KEPT: Final = object()

_logger = logging.getLogger(__name__)


class Sender:
    """Works off what waits in a conversation, one thing at a time, while the conversation is live.

    Args:
        conversation_id: which conversation.
        hub: where messages go.
        connectivity: says when the conversation is live, and why it is not.
        unwanted: told the id of an answer that comes to a question everybody gave up while it was on its way.
        spawn: starts a task that ends with the conversation.
        delay: seconds before the first retry of what the hub could not store.
        outbox: keeps what cannot be sent; None keeps it in memory, as long as the conversation is open.

    """

    def __init__(
        self,
        conversation_id: str,
        hub: ChatHubClient,
        connectivity: Connectivity,
        *,
        unwanted: Callable[[str], object],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        delay: float,
        outbox: Outbox | None = None,
    ) -> None:
        self.outbox = outbox
        self._conversation_id = conversation_id
        self._hub = hub
        self._connectivity = connectivity
        self._unwanted = unwanted
        self._spawn = spawn
        self._waiting = Waiting(outbox)
        self._retries = Retries(delay)
        self._durable = DurableQueue(self._waiting, hub, conversation_id, self._retries)
        self._keeping = Keeping(self._waiting, self._durable, connectivity, spawn)
        self._watching = Watching(self._waiting, self._durable, self._keeping, connectivity)

    @property
    def unsent(self) -> int:
        """How many messages and changes wait for the hub; what it refused does not."""
        return self._waiting.unsent

    @property
    def has_queue(self) -> bool:
        """Whether something waits in the durable queue: what comes now has to go behind it."""
        return self._durable.has_entries

    # ---- to be sent ------------------------------------------------------------------------------------

    async def send(
        self,
        message: ChatMessage,
        *,
        patience: float | None = None,
        keep: bool = False,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> SendReceipt:
        """Queue a message and wait for its receipt, as ``Conversation.send`` does."""
        receipt = self._waiting.queue.add(
            message,
            may_be_kept=keep and self.outbox is not None,
            after=self._durable.newest_position,
        )
        try:
            if files:
                await self._keeping.with_files(message, files)
            elif keep and self.outbox is not None:
                self._waiting.stir()
                await self._keeping.or_try_first(message.id, receipt)
            self._waiting.stir()
            if patience is None:
                return await receipt
            return await self._within(receipt, message.id, patience, keep=keep)
        finally:
            receipt.cancel()
            self._waiting.stir()

    async def _within(
        self, receipt: asyncio.Future[SendReceipt], message_id: str, patience: float, *, keep: bool
    ) -> SendReceipt:
        unreachable = await self._done_or_unreachable(receipt, patience)
        if receipt.done():
            return receipt.result()
        if keep:
            self._waiting.queue.keep(message_id)
        then = "It is sent when the hub is back." if keep else "Ask again when the hub is back."
        raise ConnectionFailedError(f"Not sent yet: {unreachable} {then}")

    async def _done_or_unreachable(self, done: asyncio.Future[Any], patience: float) -> str:
        """Wait for an end, up to ``patience`` seconds without a hub; return why there is none."""
        unreachable = asyncio.ensure_future(self._connectivity.wait_unreachable(patience))
        try:
            await asyncio.wait((done, unreachable), return_when=asyncio.FIRST_COMPLETED)
            return "" if done.done() else unreachable.result()
        finally:
            unreachable.cancel()

    async def act(self, kind: str, message_id: str = "", *, patience: float, **what: Any) -> Any:
        """Keep a change of a message and wait for it to be done, up to ``patience`` seconds without a hub.

        With no patience at all it returns None at once. Returns the receipt where there is one, and
        :data:`NOT_KEPT` where nobody knows yet whose queue this is.

        Raises:
            ConnectionFailedError: it is kept, and done when the hub is back.
            HubException: the hub refused it.
            ConduitError: it cannot be kept; the text says why.

        """
        assert self.outbox is not None
        entry_id = await self.outbox.add(kind, message_id, **what)
        self._waiting.stir()
        if entry_id is None:
            return NOT_KEPT
        if not patience or not self.outbox.has(entry_id):
            return None
        self._waiting.own.add(entry_id)
        done = self._waiting.end_of(entry_id)
        try:
            unreachable = await self._done_or_unreachable(done, patience)
            if done.done():
                return done.result()
            raise ConnectionFailedError(f"Not done yet: {unreachable} It is done when the hub is back.")
        finally:
            done.cancel()

    def queue_changed(self) -> None:
        """Look at the durable queue again: somebody here has changed it."""
        if self.outbox is not None:
            self._spawn(self._watching.tell_what_others_sent(self.outbox))
        self._waiting.stir()

    # ---- the end ---------------------------------------------------------------------------------------

    async def refuse_all(self, reason: str) -> None:
        """Keep what waits, with the reason why it cannot be sent; people decide."""
        if self.outbox is not None:
            await self._keeping.refuse(self.outbox, reason)

    async def flush(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until nothing waits for the hub; return whether that was reached."""
        return await self._waiting.flush(timeout)

    async def give_up(self, seconds: float) -> str | None:
        """Let go of what was not sent within ``seconds``; return a line with its number and the reason."""
        await self._keeping.quietly()
        lost, kept = self._waiting.queue.unsent, len(self._waiting.own_kept)
        self._waiting.queue.drop_all()
        info = self._connectivity.info
        why = info.message or f"the chat was still {info.state}."
        lines = [
            f"{_number(count)} to {self._conversation_id!r} not sent within {seconds:g} s{then}: {why}"
            for count, then in ((kept, ", kept until the hub is back"), (lost, ""))
            if count
        ]
        return " ".join(lines) or None

    def fail_all(self, error: ConduitError) -> None:
        """Fail all who wait: the connection does not come back by itself. What is kept stays queued."""
        self._waiting.fail_all(error)

    # ---- sending ---------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send what waits, and again what was lost, too fast or not stored; runs until cancelled."""
        watching = None
        if self.outbox is not None:
            await self._durable.open(self.outbox)
            watching = asyncio.ensure_future(self._watching.run(self.outbox))
        try:
            while True:
                if not self._connectivity.live.is_set():
                    await self._connectivity.live.wait()
                    if self.outbox is not None:
                        await self.outbox.refresh()
                self._waiting.stirred.clear()  # before the look: what comes during it is not missed
                if not await self._send_next():
                    await self._waiting.stirred.wait()
        finally:
            if watching is not None:
                watching.cancel()
            if self.outbox is not None:
                self.outbox.release()

    async def _send_next(self) -> bool:
        """Send what comes first; False where nothing can be sent until something changes."""
        if self.outbox is not None and self.outbox.entries:
            await self.outbox.refresh()
            durable = self._durable.first
            mine = self._waiting.queue.first()
            if durable is not None and (mine is None or mine.after >= durable.position):
                if not self.outbox.may_send():
                    return False  # another process sends; what it does is seen in a moment
                await self._guarded(self._durable.send(self.outbox, durable.entry.id), None)
                return True
        if self.outbox is not None:
            self.outbox.release()
        entry = self._waiting.queue.first()
        if entry is None:
            return False
        await self._guarded(self._send(entry), entry)
        return True

    async def _guarded(self, work: Coroutine[Any, Any, None], entry: Unsent | None) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - one message must not keep the others back
            _logger.error("A message could not be sent: %s", trace_of(error))  # noqa: TRY400
            failure = ConduitError(f"The message could not be sent ({type(error).__name__}).")
            if entry is not None:
                self._waiting.queue.settle(entry, failure)
            else:
                await asyncio.sleep(POLL)
        self._waiting.stir()

    async def _send(self, entry: Unsent) -> None:
        was_on_its_way, entry.is_on_its_way = entry.is_on_its_way, True
        try:
            receipt = await self._hub.send_message(self._conversation_id, entry.message)
        except (ConnectionLostError, InvocationTimeoutError) as error:
            entry.is_on_its_way = was_on_its_way or not isinstance(error, NotSentError)
            await self._keeping.quietly()
            await asyncio.sleep(RETRY_DELAY)
        except ConduitError as error:
            if await self._retries.waited(error):
                return  # it keeps its place
            await self._refused(entry, error)
        except msgspec.ValidationError:
            await self._refused(entry, HubException("The hub's receipt was not understood."))
        else:
            self._retries.went_well()
            receipt = receipt or SendReceipt(id=entry.message.id, seq=0, timestamp="")
            if entry.given_up and receipt.answer_id:
                self._unwanted(receipt.answer_id)
            self._waiting.queue.settle(entry, receipt)
            if entry.is_durable and self.outbox is not None:
                await self._durable.settle(self.outbox, entry.message.id, 0, receipt)

    async def _refused(self, entry: Unsent, error: ConduitError) -> None:
        self._waiting.queue.settle(entry, error)
        if entry.is_durable and self.outbox is not None:
            await self.outbox.refuse(entry.message.id, str(error), kind="message")


def _number(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
