"""A joined conversation that heals itself.

Everything runs on the event loop that called :meth:`Conversation.open`. Events are buffered while a join
or resume is under way and applied after its result, deduplicated by ``seq`` and offset; after a reconnect the
hub is asked for what was missed, or for a fresh snapshot. Messages that were not acknowledged are sent again
with the same id, so the hub commits each once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from conduit_widget.chat_client.connectivity import REMOVED, Connectivity
from conduit_widget.chat_client.conversation.away import Away
from conduit_widget.chat_client.conversation.calls import Calls
from conduit_widget.chat_client.conversation.link import Link
from conduit_widget.chat_client.conversation.news import News
from conduit_widget.chat_client.conversation.own_typing import OwnTyping
from conduit_widget.chat_client.conversation.pausing import Pausing
from conduit_widget.chat_client.conversation.reading import Reading
from conduit_widget.chat_client.conversation.requests import Requests
from conduit_widget.chat_client.conversation.revisions import Revisions
from conduit_widget.chat_client.conversation.synchronizer import RESYNC_DELAY, Synchronizer
from conduit_widget.chat_client.conversation.tasks import Tasks
from conduit_widget.chat_client.conversation.unwanted import UnwantedAnswers
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.offline.outbox import Keeper, Outbox
from conduit_widget.chat_client.pool import Lease
from conduit_widget.chat_client.sending.queue_view import queue_of
from conduit_widget.chat_client.sending.sender import Sender
from conduit_widget.chat_client.state.changes import (
    Change,
    ConnectionChange,
    ConnectionInfo,
    PausedChange,
    Queue,
    QueueChange,
    TokenChange,
)
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.contract import ChatEvent, ErrorText
from conduit_widget.errors import ConduitError, HubException
from conduit_widget.listeners import add_listener
from conduit_widget.types import ChatMessage, SendReceipt

ChangeHandler = Callable[[list[Change]], None]

HISTORY_PAGE: Final = 50
EAGER_DELAY: Final = 1.0
"""Seconds between two attempts that messages bring forward."""
FLUSH_TIMEOUT: Final = 1.5
"""Seconds that :meth:`Conversation.close` waits for what is on its way, and again for the goodbye."""

_logger = logging.getLogger(__name__)


class Conversation:
    """One conversation over a leased connection.

    ``transcript`` is what was said, ``connectivity`` the way to the hub, ``sender`` what waits for it,
    ``revisions`` changes what was said, ``pausing`` holds what is being written, ``requests`` what one asks
    the hub, ``reading`` tells how far one has read, ``calls`` takes part in the call, ``typing`` tells
    that one types, ``providers`` who answers, ``news`` what the hub told everybody lately.

    Args:
        lease: the pooled connection; released by :meth:`close`.
        conversation_id: which conversation.
        user_id: oneself, left out of who is typing.
        resync_delay: seconds before a join that got no answer is tried again.
        keeper: keeps what waits for the hub; without one it lives as long as the conversation is open.
        is_read_only: whether the token may not write: what does not exist yet is waited for.

    """

    def __init__(
        self,
        lease: Lease,
        conversation_id: str,
        user_id: str = "",
        *,
        resync_delay: float = RESYNC_DELAY,
        keeper: Keeper | None = None,
        is_read_only: bool = False,
    ) -> None:
        self._tasks = Tasks(self._on_task_died)
        self.transcript = Transcript(conversation_id, user_id)
        self.connectivity = Connectivity(self._on_connectivity)
        self.providers = lease.providers
        self.paints = lease.paints
        self.conversation_id = conversation_id
        self._lease = lease
        self._hub = ChatHubClient(lease.connection)
        self.requests = Requests(conversation_id, self._hub)
        self.news = News(lease, self.transcript, self.connectivity, self._tasks, self._emit)
        self.typing = OwnTyping(conversation_id, self._hub, self.connectivity, self._tasks)
        self._link = Link(
            lease,
            self.connectivity,
            self.transcript,
            opened=self._on_opened,
            lost=self.typing.forget,
            ended=self._on_ended,
        )
        self._sync = Synchronizer(
            self._hub,
            self.transcript,
            spawn=self._tasks.spawn,
            synced=self._on_synced,
            refused=self._on_refused,
            delayed=self._link.retry_scheduled,
            pace=lease.pace,
            delay=resync_delay,
            awaits=(lambda why: self.connectivity.enter("connecting", why)) if is_read_only else None,
        )
        self.unwanted = UnwantedAnswers(self._hub.stop_generation)
        self.sender = Sender(
            conversation_id,
            self._hub,
            self.connectivity,
            unwanted=lambda answer_id: self._tasks.spawn(self._stop_unwanted(answer_id)),
            spawn=self._tasks.spawn,
            delay=resync_delay / 2,
            outbox=None if keeper is None else Outbox(conversation_id, keeper, self._on_queue),
        )
        self.revisions = Revisions(self._hub, self.transcript, self.connectivity, self.sender)
        self.reading = Reading(self.requests, self._tasks.spawn, self.connectivity, self.sender)
        self.calls = Calls(conversation_id, self._hub, self.connectivity, self._tasks.spawn)
        self._away = Away(
            self.transcript,
            self.connectivity,
            keeper,
            spawn=self._tasks.spawn,
            emit=self._emit,
            told=self._on_queue,
        )
        self.pausing = Pausing(
            self._hub,
            self.transcript,
            self._tasks.spawn,
            lambda is_on: self._emit([PausedChange(paused=is_on)]),
        )
        self._handlers: list[ChangeHandler] = []
        self._removers: list[Callable[[], None]] = []
        self._sending: asyncio.Task[None] | None = None
        self._closed = False
        self._hurried_at = -math.inf

    # ---- lifetime --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Subscribe and begin to connect; problems show in :attr:`connectivity`, never as an exception."""
        self._removers += [
            self._lease.events.of(self.conversation_id, self._on_event),
            *self._link.open(),
            self.news.open(),
        ]
        self._begin()

    def _begin(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = self._tasks.spawn(self.sender.run())
        self._tasks.spawn(self._link.connect())

    async def close(self) -> None:
        """Send what is on its way, leave, give the connection back, fail what waits. Idempotent."""
        if self._closed:
            return
        self._closed = self._link.is_closing = True
        if self.connectivity.live.is_set():
            await self.sender.flush(FLUSH_TIMEOUT)
        for remove in self._removers:
            remove()
        self._removers.clear()
        self.typing.forget()
        await self._tasks.end()
        self.sender.fail_all(ConduitError("The chat was closed: create a new one to go on."))
        await self._away.closed()
        is_last = not self._lease.events.has(self.conversation_id)
        if is_last and self.connectivity.live.is_set():
            with contextlib.suppress(ConduitError, TimeoutError):
                await asyncio.wait_for(self._hub.leave_conversation(self.conversation_id), FLUSH_TIMEOUT)
        self.connectivity.close()
        self._handlers.clear()
        await self._lease.release()

    def subscribe(self, handler: ChangeHandler) -> Callable[[], None]:
        """Call ``handler(changes)`` after every change, on the loop; returns the unsubscriber."""
        return add_listener(self._handlers, handler)

    def _emit(self, changes: list[Change]) -> None:
        if not changes:
            return
        self._away.changed(changes)
        for handler in list(self._handlers):
            try:
                handler(changes)
            except Exception:
                _logger.exception("A change handler failed.")

    def _on_task_died(self, error: BaseException) -> None:
        """Go offline, with a reason and a way back, when something dies that the conversation lives by."""
        if not self._closed:
            text = f"The chat stopped over an error of its own ({type(error).__name__})."
            self._link.end(ConduitError(text))

    # ---- connection ------------------------------------------------------------------------------------

    def _on_connectivity(self, info: ConnectionInfo) -> None:
        self._emit([ConnectionChange(connection=info)])
        self._away.link_changed(info)

    def _on_opened(self) -> None:
        self._sync.request()

    def _on_ended(self, error: ConduitError) -> None:
        self.sender.fail_all(error)

    def _on_refused(self, error: HubException) -> None:
        """Joining was refused: to somebody who was in, that means they are not a member any more."""
        if self.transcript.joined and str(error) == ErrorText.UNAUTHORIZED:
            self._on_removed()
        else:
            self._link.end(error)

    def _on_removed(self) -> None:
        self.typing.forget()
        self.connectivity.enter("removed", REMOVED)
        self._emit(self.transcript.forget())
        self.sender.fail_all(HubException(REMOVED))
        self._tasks.spawn(self.sender.refuse_all(REMOVED))
        self._away.removed()

    @property
    def queue(self) -> Queue:
        """What waits for the hub."""
        outbox = self.sender.outbox
        return Queue(count=0, items=[]) if outbox is None else queue_of(outbox, self._away.as_of)

    def _on_queue(self) -> None:
        self._emit([QueueChange(queue=self.queue)])

    def retry_now(self) -> None:
        """Connect now: skip a waiting time, or start again after the connection or the membership ended."""
        info = self.connectivity.info
        if info.state in ("offline", "removed"):
            self.connectivity.enter("connecting")
            self._begin()
            return
        if info.retry_at is not None:  # the reason stays until the attempt has ended
            self.connectivity.enter(info.state, info.message, attempt=info.attempt)
        self._sync.retry_now()
        self._lease.connection.retry_now()

    def _hurry(self) -> None:
        """Try now what was to be tried later, because somebody waits; not with every message of a program."""
        now = time.monotonic()
        if self.connectivity.info.retry_at is not None and now - self._hurried_at >= EAGER_DELAY:
            self._hurried_at = now
            self.retry_now()

    # ---- events ----------------------------------------------------------------------------------------

    def _on_event(self, target: str, arguments: Sequence[Any]) -> None:
        if target == ChatEvent.REMOVED_FROM_CONVERSATION:
            # During a join or resume it may be older than the result, so the hub is asked once more.
            if self._sync.is_running:
                self._sync.request()
            else:
                self._on_removed()
        elif self._sync.held is not None:
            self._sync.hold(target, arguments)
        else:
            changes = self.transcript.apply_event(target, arguments)
            for change in changes:
                if isinstance(change, TokenChange) and not change.offset:
                    self.paints.arrived(change)
                    self.pausing.began(change.id)
            self._emit(changes)
            if self.transcript.needs_resync:
                self._sync.request()

    def _on_synced(self, changes: list[Change], held: list[tuple[str, Sequence[Any]]]) -> None:
        self._emit(changes)
        for target, arguments in held:
            self._on_event(target, arguments)
        self.connectivity.enter("live")
        self.pausing.came_back()
        self.calls.came_back()
        self.news.ask_first()

    # ---- what a member does ----------------------------------------------------------------------------

    async def send(
        self,
        message: ChatMessage,
        *,
        patience: float | None = None,
        keep: bool = False,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> SendReceipt:
        """Send a message, waiting for the connection if need be; a retry takes the same id.

        With ``patience`` the wait ends with the reason after so many seconds without a way to the hub; the
        message is then taken back, or with ``keep`` still sent when there is one, by whatever process.

        ``files`` (name and bytes) are kept with it, and sent to the hub before it.

        Raises:
            HubException: the hub refused it, or we are not a member any more.
            ConnectionFailedError: the connection ended for good, or is out of reach.
            ConduitError: too many messages wait, or the chat was closed.

        """
        is_kept = keep and self.sender.outbox is not None and not self._closed
        if self._closed or self.connectivity.info.state in ("removed", *(() if is_kept else ("offline",))):
            raise self.connectivity.refusal()
        self.typing.forget()  # a message ends its author's typing
        self._hurry()
        return await self.sender.send(message, patience=patience, keep=keep, files=files)

    async def _stop_unwanted(self, answer_id: str) -> None:
        with contextlib.suppress(ConduitError):  # it ends by itself
            await self.unwanted.stop(answer_id)

    async def stop_generation(self, message_id: str) -> None:
        """End an answer; raises HubException, ConnectionLostError or InvocationTimeoutError."""
        await self._hub.stop_generation(message_id)

    async def load_history(self, before_seq: int, limit: int = HISTORY_PAGE) -> int:
        """Load older messages into the transcript; returns how many came."""
        page = await self._hub.get_history(self.conversation_id, before_seq, limit)
        self._emit(self.transcript.apply_history(page))
        return len(page.messages)
