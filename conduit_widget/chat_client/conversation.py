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
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.calls import Calls
from conduit_widget.chat_client.connectivity import REMOVED, Connectivity
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.pausing import Pausing
from conduit_widget.chat_client.pool import Failure, Lease
from conduit_widget.chat_client.reading import Reading
from conduit_widget.chat_client.requests import Requests
from conduit_widget.chat_client.revisions import Revisions
from conduit_widget.chat_client.sender import Sender
from conduit_widget.chat_client.state.changes import (
    Change,
    ConnectionChange,
    ConnectionInfo,
    LinkState,
    NoticeChange,
    NoticeLine,
    ProviderChange,
    ProvidersChange,
    TokenChange,
)
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.chat_client.synchronizer import RESYNC_DELAY, Synchronizer
from conduit_widget.chat_client.typing_signal import TypingSignal
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.contract import ChatEvent, ErrorText
from conduit_widget.errors import (
    AuthenticationError,
    ConduitError,
    ConnectionFailedError,
    HubException,
    line_of,
    trace_of,
)
from conduit_widget.listeners import add_listener
from conduit_widget.types import ChatMessage, SendReceipt

ChangeHandler = Callable[[list[Change]], None]

HISTORY_PAGE: Final = 50
MAX_NOTICES: Final = 20
FLUSH_TIMEOUT: Final = 1.5
"""Seconds that :meth:`Conversation.close` waits for what is on its way, and again for the goodbye."""

_logger = logging.getLogger(__name__)


class Conversation:
    """One conversation over a leased connection.

    ``transcript`` is what was said, ``connectivity`` the way to the hub, ``sender`` what waits for it,
    ``revisions`` changes what was said, ``pausing`` holds what is being written, ``requests`` what one asks
    the hub, ``reading`` tells how far one has read, ``calls`` takes part in the call, ``providers`` who
    answers, ``notices`` what the hub told everybody lately.

    Args:
        lease: the pooled connection; released by :meth:`close`.
        conversation_id: which conversation.
        user_id: oneself, left out of who is typing.
        resync_delay: seconds before a join that got no answer is tried again.

    """

    def __init__(
        self, lease: Lease, conversation_id: str, user_id: str = "", *, resync_delay: float = RESYNC_DELAY
    ) -> None:
        self.transcript = Transcript(conversation_id, user_id)
        self.connectivity = Connectivity(self._on_connectivity)
        self.providers = lease.providers
        self.notices: deque[NoticeLine] = deque(maxlen=MAX_NOTICES)
        self.paints = lease.paints
        self.conversation_id = conversation_id
        self._lease = lease
        self._hub = ChatHubClient(lease.connection)
        self.requests = Requests(conversation_id, self._hub)
        self._sync = Synchronizer(
            self._hub,
            self.transcript,
            spawn=self._spawn,
            synced=self._on_synced,
            refused=self._on_refused,
            delayed=self._on_retry_scheduled,
            pace=lease.pace,
            delay=resync_delay,
        )
        self.sender = Sender(
            conversation_id,
            self._hub,
            self.connectivity,
            unwanted=lambda answer_id: self._spawn(self._stop_unwanted(answer_id)),
            delay=resync_delay / 2,
        )
        self.revisions = Revisions(self._hub, self.transcript, self.connectivity)
        self.reading = Reading(self.requests, self._spawn)
        self.calls = Calls(conversation_id, self._hub, self.connectivity, self._spawn)
        self.pausing = Pausing(self._hub, self.transcript, self._spawn)
        self._handlers: list[ChangeHandler] = []
        self._removers: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._closed = False
        self._typing: TypingSignal

    # ---- lifetime --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Subscribe and begin to connect; problems show in :attr:`connectivity`, never as an exception."""
        connection = self._lease.connection
        self._typing = TypingSignal(
            lambda typing: self._spawn(self._tell_typing(typing)), asyncio.get_running_loop()
        )
        self._removers += [
            self._lease.events.of(self.conversation_id, self._on_event),
            connection.on_reconnecting(self._on_reconnecting),
            connection.on_retry_scheduled(self._on_retry_scheduled),
            connection.on_reconnected(lambda _id: self._sync.request()),
            connection.on_close(self._on_close),
            self.providers.subscribe(self._on_providers, self._on_notice),
        ]
        self._begin()

    def _begin(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = self._spawn(self.sender.run())
        self._spawn(self._connect())

    async def close(self) -> None:
        """Send what is on its way, leave, give the connection back, fail what waits. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self.connectivity.live.is_set():
            await self.sender.flush(FLUSH_TIMEOUT)
        for remove in self._removers:
            remove()
        self._removers.clear()
        self._typing.forget()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.sender.fail_all(ConduitError("The chat was closed: create a new one to go on."))
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
        for handler in list(self._handlers):
            try:
                handler(changes)
            except Exception:
                _logger.exception("A change handler failed.")

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[None]) -> None:
        """Go offline, with a reason and a way back, when something dies that the conversation lives by."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _logger.error("A conversation stopped: %s", trace_of(error))
            if not self._closed:
                text = f"The chat stopped over an error of its own ({type(error).__name__})."
                self._go_offline(ConduitError(text))

    # ---- connection ------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        failed = self._lease.last_failure
        if failed is not None:  # another conversation's attempts are this one's too
            self._show_retry(failed)
        try:
            await self._lease.started()
        except ConduitError as error:
            self._go_offline(error)
        except Exception as error:  # noqa: BLE001 - a broken address or factory must show, not vanish
            _logger.error("The hub connection could not be opened: %s", trace_of(error))  # noqa: TRY400
            self._go_offline(ConnectionFailedError(f"The hub connection failed: {type(error).__name__}."))
        else:
            if self._lease.connection.state is ConnectionState.CONNECTED:
                self._sync.request()
            else:  # shared with somebody whose connection is just being restored: on_reconnected tells
                self.connectivity.enter("reconnecting")

    def _on_connectivity(self, info: ConnectionInfo) -> None:
        self._emit([ConnectionChange(connection=info)])

    def _on_reconnecting(self, error: Exception | None) -> None:
        self._typing.forget()
        self.connectivity.enter("reconnecting", line_of(error))

    def _on_retry_scheduled(self, attempt: int, delay: float, error: Exception | None) -> None:
        self._show_retry(Failure(attempt, round((time.time() + delay) * 1000), error))

    def _show_retry(self, failure: Failure) -> None:
        state: LinkState = "reconnecting" if self.transcript.joined else "connecting"
        self.connectivity.enter(
            state, line_of(failure.error), attempt=failure.attempt, retry_at=failure.retry_at
        )

    def _on_close(self, error: Exception | None) -> None:
        if not self._closed:
            self._go_offline(error)

    def _go_offline(self, error: Exception | None) -> None:
        self.connectivity.end(error)
        text = f"{self.connectivity.info.message} Retry in the chat, or create a new one."
        failure = error if isinstance(error, AuthenticationError) else ConnectionFailedError(text)
        self.sender.fail_all(failure)

    def _on_refused(self, error: HubException) -> None:
        """Joining was refused: to somebody who was in, that means they are not a member any more."""
        if self.transcript.joined and str(error) == ErrorText.UNAUTHORIZED:
            self._on_removed()
        else:
            self._go_offline(error)

    def _on_removed(self) -> None:
        self._typing.forget()
        self.connectivity.enter("removed", REMOVED)
        self._emit(self.transcript.forget())
        self.sender.fail_all(HubException(REMOVED))

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
        if not self.providers.is_known:
            self._spawn(self._ask_provider_status())

    def ask_providers(self) -> None:
        """Ask the hub how its providers are; they are told as changes."""
        if self.connectivity.info.state == "live" and (self._asking is None or self._asking.done()):
            self._asking = self._spawn(self._refresh_providers())

    async def _refresh_providers(self) -> None:
        with contextlib.suppress(ConduitError):  # it is asked again
            await self.providers.refresh()

    async def _ask_provider_status(self) -> None:
        await self._lease.pace.turn()
        if self.providers.is_known:  # another conversation of this connection asked
            return
        try:
            await self.providers.refresh()
        except ConduitError as error:
            _logger.info("No provider status: %s", line_of(error))

    def _on_providers(self, *, is_line_new: bool) -> None:
        changes: list[Change] = [
            ProvidersChange(providers=self.providers.figures(), failovers=list(self.providers.failovers))
        ]
        if is_line_new:
            changes.append(ProviderChange(provider=self.providers.current))
        self._emit(changes)

    def _on_notice(self, notice: NoticeLine) -> None:
        if notice.kind == "failover" and notice.conversation_id != self.conversation_id:
            return  # another conversation's; it stands among the providers' figures
        notice = msgspec.structs.replace(notice, after_seq=self.transcript.seq)
        self.notices.append(notice)
        self._emit([NoticeChange(notice=notice)])

    # ---- what a member does ----------------------------------------------------------------------------

    async def send(
        self, message: ChatMessage, *, patience: float | None = None, keep: bool = False
    ) -> SendReceipt:
        """Send a message, waiting for the connection if need be; a retry takes the same id.

        With ``patience`` the wait ends with the reason after so many seconds without a way to the hub; the
        message is then taken back, or with ``keep`` still sent when there is one.

        Raises:
            HubException: the hub refused it, or we are not a member any more.
            ConnectionFailedError: the connection ended for good, or is out of reach.
            ConduitError: too many messages wait, or the chat was closed.

        """
        if self._closed or self.connectivity.info.state in ("removed", "offline"):
            raise self.connectivity.refusal()
        self._typing.forget()  # a message ends its author's typing
        return await self.sender.send(message, patience=patience, keep=keep)

    async def _stop_unwanted(self, answer_id: str) -> None:
        with contextlib.suppress(ConduitError):  # it ends by itself
            await self._hub.stop_generation(answer_id)

    async def stop_generation(self, message_id: str) -> None:
        """End an answer; raises HubException, ConnectionLostError or InvocationTimeoutError."""
        await self._hub.stop_generation(message_id)

    async def load_history(self, before_seq: int, limit: int = HISTORY_PAGE) -> int:
        """Load older messages into the transcript; returns how many came."""
        page = await self._hub.get_history(self.conversation_id, before_seq, limit)
        self._emit(self.transcript.apply_history(page))
        return len(page.messages)

    def set_typing(self, is_typing: bool) -> None:
        """Note that oneself types (with every keystroke, if you like) or has stopped."""
        if self.connectivity.info.state != "live":
            return
        if is_typing:
            self._typing.touch()
        else:
            self._typing.clear()

    async def _tell_typing(self, is_typing: bool) -> None:
        tell = self._hub.start_typing if is_typing else self._hub.stop_typing
        with contextlib.suppress(ConduitError):  # a hint; the next keystroke says it again
            await tell(self.conversation_id)
