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
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.changes import (
    Change,
    ConnectionChange,
    ConnectionInfo,
    LinkState,
    ProviderChange,
)
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.outgoing import Outgoing
from conduit_widget.chat_client.pool import Failure, Lease
from conduit_widget.chat_client.provider_line import ProviderLine
from conduit_widget.chat_client.sender import Sender
from conduit_widget.chat_client.synchronizer import RESYNC_DELAY, Synchronizer
from conduit_widget.chat_client.transcript import Transcript
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
from conduit_widget.types import ChatMessage, ProviderStatus, SendReceipt

_log = logging.getLogger(__name__)

ChangeHandler = Callable[[list[Change]], None]

HISTORY_PAGE: Final = 50
FLUSH_TIMEOUT: Final = 1.5
"""Seconds that :meth:`Conversation.close` waits for what is on its way, and again for the goodbye."""

PATIENCE: Final = 15.0
"""Seconds without a way to the hub after which those who wait at the prompt hear the reason."""

REMOVED: Final = "You were removed from this conversation. An owner can add you again."


class Conversation:
    """One conversation over a leased connection.

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
        self.link = ConnectionInfo()
        self.provider_line = ProviderLine()
        self.conversation_id = conversation_id
        self._lease = lease
        self._hub = ChatHubClient(lease.connection)
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
        self._handlers: list[ChangeHandler] = []
        self._unsubscribers: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._outgoing = Outgoing()
        self._live = asyncio.Event()
        self._away = asyncio.Event()
        self._away.set()
        self._decided = asyncio.Event()  # live, or not to be without somebody's doing
        self._sender = Sender(
            conversation_id,
            self._hub,
            self._outgoing,
            live=self._live,
            unwanted=lambda answer_id: self._spawn(self._stop_unwanted(answer_id)),
            delay=resync_delay / 2,
        )
        self._sending: asyncio.Task[None] | None = None
        self._closed = False
        self._ended_by: Exception | None = None
        self._typing: TypingSignal

    # ---- lifetime --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Subscribe and begin to connect; problems show in :attr:`link`, never as an exception."""
        connection = self._lease.connection
        self._lease.enter(self.conversation_id)
        self._typing = TypingSignal(self._send_typing, asyncio.get_running_loop())
        self._unsubscribers += [
            self._hub.on_event(self._on_event),
            connection.on_reconnecting(self._on_reconnecting),
            connection.on_retry_scheduled(self._on_retry_scheduled),
            connection.on_reconnected(lambda _id: self._sync.request()),
            connection.on_close(self._on_close),
        ]
        self._begin()

    def _begin(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = self._spawn(self._sender.run())
        self._spawn(self._connect())

    async def close(self) -> None:
        """Send what is on its way, leave, give the connection back, fail what waits. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._live.is_set():
            await self.flush(FLUSH_TIMEOUT)
        for unsubscribe in self._unsubscribers:
            unsubscribe()
        self._unsubscribers.clear()
        self._typing.forget()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._outgoing.fail_all(ConduitError("The chat was closed: create a new one to go on."))
        if self._lease.leave(self.conversation_id) and self._live.is_set():
            with contextlib.suppress(ConduitError, TimeoutError):
                await asyncio.wait_for(self._hub.leave_conversation(self.conversation_id), FLUSH_TIMEOUT)
        self._live.clear()
        self._away.set()
        self._decided.set()
        self._handlers.clear()
        await self._lease.release()

    def subscribe(self, handler: ChangeHandler) -> Callable[[], None]:
        """Call ``handler(changes)`` after every change, on the loop; returns the unsubscriber."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler) if handler in self._handlers else None

    def _emit(self, changes: list[Change]) -> None:
        if not changes:
            return
        for handler in list(self._handlers):
            try:
                handler(changes)
            except Exception:  # noqa: BLE001 - one subscriber must not starve the others
                _log.exception("A change handler failed.")

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
            _log.error("A conversation stopped: %s", trace_of(error))
            if not self._closed:
                text = f"The chat stopped over an error of its own ({type(error).__name__})."
                self._go_offline(ConduitError(text))

    # ---- connection ------------------------------------------------------------------------------------

    def _set_link(
        self,
        state: LinkState,
        message: str | None = None,
        *,
        attempt: int = 0,
        retry_at: int | None = None,
    ) -> None:
        link = ConnectionInfo(state=state, attempt=attempt, retry_at=retry_at, message=message or None)
        if state == "live":
            self._live.set()
            self._away.clear()
        else:
            self._live.clear()
            self._away.set()
        if state in ("connecting", "reconnecting"):
            self._decided.clear()
        else:
            self._decided.set()
        if link != self.link:
            self.link = link
            self._emit([ConnectionChange(connection=link)])

    async def _connect(self) -> None:
        failed = self._lease.last_failure
        if failed is not None:  # another conversation's attempts are this one's too
            self._show_retry(failed)
        try:
            await self._lease.started()
        except ConduitError as error:
            self._go_offline(error)
        except Exception as error:  # noqa: BLE001 - a broken address or factory must show, not vanish
            _log.error("The connection to the hub could not be opened: %s", trace_of(error))
            self._go_offline(ConnectionFailedError(f"The hub connection failed: {type(error).__name__}."))
        else:
            if self._lease.connection.state is ConnectionState.CONNECTED:
                self._sync.request()
            else:  # shared with somebody whose connection is just being restored: on_reconnected tells
                self._set_link("reconnecting")

    def _on_reconnecting(self, error: Exception | None) -> None:
        self._typing.forget()
        self._set_link("reconnecting", line_of(error))

    def _on_retry_scheduled(self, attempt: int, delay: float, error: Exception | None) -> None:
        self._show_retry(Failure(attempt, round((time.time() + delay) * 1000), error))

    def _show_retry(self, failure: Failure) -> None:
        state: LinkState = "reconnecting" if self.transcript.joined else "connecting"
        self._set_link(state, line_of(failure.error), attempt=failure.attempt, retry_at=failure.retry_at)

    def _on_close(self, error: Exception | None) -> None:
        if not self._closed:
            self._go_offline(error)

    def _go_offline(self, error: Exception | None) -> None:
        self._ended_by = error
        self._set_link("offline", line_of(error) or "The hub ended the connection.")
        text = f"{self.link.message} Retry in the chat, or create a new one."
        failure = error if isinstance(error, AuthenticationError) else ConnectionFailedError(text)
        self._outgoing.fail_all(failure)

    def _on_refused(self, error: HubException) -> None:
        """Joining was refused: to somebody who was in, that means they are not a member any more."""
        if self.transcript.joined and str(error) == ErrorText.UNAUTHORIZED:
            self._on_removed()
        else:
            self._go_offline(error)

    def _on_removed(self) -> None:
        self._typing.forget()
        self._set_link("removed", REMOVED)
        self._outgoing.fail_all(HubException(REMOVED))

    def retry_now(self) -> None:
        """Connect now: skip a waiting time, or start again after the connection or the membership ended."""
        if self.link.state in ("offline", "removed"):
            self._set_link("connecting")
            self._begin()
            return
        if self.link.retry_at is not None:  # the reason stays until the attempt has ended
            self._set_link(self.link.state, self.link.message, attempt=self.link.attempt)
        self._sync.retry_now()
        self._lease.connection.retry_now()

    # ---- waiting ---------------------------------------------------------------------------------------

    async def wait_live(self) -> None:
        """Wait until the conversation is joined and up to date.

        Raises:
            ConnectionFailedError: it will not be by itself; the text is the reason. AuthenticationError where
                the hub refused the token.
            HubException: we are not a member.

        """
        while not self._live.is_set():
            await self._decided.wait()
            if not self._live.is_set():
                raise self.refusal()

    async def wait_unreachable(self, patience: float = PATIENCE) -> str:
        """Wait until the hub has been out of reach for ``patience`` seconds on end; return why.

        While a first attempt is still under way there is no reason yet, and the patience goes on: attempts
        have an end of their own.
        """
        while True:
            await self._away.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._live.wait()
            if not self._live.is_set() and self.link.message is not None:
                return self.link.message

    @property
    def unsent(self) -> int:
        """How many messages wait for the hub."""
        return self._outgoing.unsent

    async def flush(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until nothing waits for the hub; whether that was reached."""
        if self._outgoing.unsent:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._outgoing.emptied()
        return not self._outgoing.unsent

    def give_up_unsent(self, seconds: float) -> str | None:
        """Take back what was not sent within ``seconds``; return a line with its number and the reason."""
        count = self._outgoing.unsent
        self._outgoing.drop_all()
        if not count:
            return None
        messages = "1 message" if count == 1 else f"{count} messages"
        why = self.link.message or f"the chat was still {self.link.state}."
        return f"{messages} to {self.conversation_id!r} not sent within {seconds:g} s: {why}"

    def refusal(self) -> ConduitError:
        """Return why nothing can be sent, and nothing is waited for."""
        if self.link.state == "removed":
            return HubException(REMOVED)
        if isinstance(self._ended_by, AuthenticationError):
            return AuthenticationError(str(self._ended_by), self._ended_by.status_code)
        return ConnectionFailedError(f"The chat is not connected: {self.link.message or 'it was closed.'}")

    # ---- join and resume -------------------------------------------------------------------------------

    def _on_synced(self, changes: list[Change], buffered: list[tuple[str, list[Any]]]) -> None:
        for target, arguments in buffered:
            changes += self._apply(target, arguments)
        self._set_link("live")
        self._emit(changes)
        if not self.provider_line.is_known:
            self._spawn(self._ask_provider_status())

    async def _ask_provider_status(self) -> None:
        await self._lease.pace.turn()
        if self.provider_line.is_known:  # the answer to another conversation of this connection told us too
            return
        try:
            statuses = await self._hub.request_provider_status()
            self._update_provider(statuses)
        except (ConduitError, msgspec.ValidationError) as error:
            _log.info("No provider status: %s", line_of(error))

    # ---- events ----------------------------------------------------------------------------------------

    def _on_event(self, target: str, arguments: list[Any]) -> None:
        if not self._is_mine(target, arguments):
            return
        if target == ChatEvent.REMOVED_FROM_CONVERSATION:
            # During a join or resume it may be older than the result, so the hub is asked once more.
            if self._sync.is_running:
                self._sync.request()
            else:
                self._on_removed()
            return
        if not self._sync.take(target, arguments):
            self._emit(self._apply(target, arguments))

    def _is_mine(self, target: str, arguments: list[Any]) -> bool:
        """Whether an event of the shared connection concerns this conversation."""
        first = arguments[0] if arguments else None
        if target in _BY_FIRST_ARGUMENT:
            return first == self.conversation_id
        if target in _BY_MESSAGE and isinstance(first, dict):
            metadata = first.get("metadata")
            named = metadata.get("conversationId") if isinstance(metadata, dict) else None
            return named is None or named == self.conversation_id
        return True

    def _apply(self, target: str, arguments: list[Any]) -> list[Change]:
        try:
            if target == ChatEvent.PROVIDER_STATUS_UPDATE:
                self._update_provider([msgspec.convert(arguments[-1], ProviderStatus)])
                return []
            changes = self.transcript.take_event(target, arguments)
        except Exception as error:  # noqa: BLE001 - what one event holds must not stop the others
            _log.warning("An event %s was not understood: %s", target, type(error).__name__)
            return []
        if self.transcript.needs_resync:
            self._sync.request()
        return changes

    def _update_provider(self, statuses: list[ProviderStatus]) -> None:
        if self.provider_line.update(statuses):
            self._emit([ProviderChange(provider=self.provider_line.current)])

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
        if self._closed or self.link.state in ("removed", "offline"):
            raise self.refusal()
        self._typing.forget()  # a message ends its author's typing
        receipt = self._outgoing.add(message)
        if patience is None:
            return await receipt
        unreachable = asyncio.ensure_future(self.wait_unreachable(patience))
        either: list[asyncio.Future[Any]] = [receipt, unreachable]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if receipt.done():
                return receipt.result()
            if keep:
                self._outgoing.keep(message.id)
            then = "It is sent when the hub is back." if keep else "Ask again when the hub is back."
            raise ConnectionFailedError(f"Not sent yet: {unreachable.result()} {then}")
        finally:
            unreachable.cancel()
            receipt.cancel()

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
        if self.link.state != "live":
            return
        if is_typing:
            self._typing.touch()
        else:
            self._typing.clear()

    def _send_typing(self, is_typing: bool) -> None:
        self._spawn(self._tell_typing(is_typing))

    async def _tell_typing(self, is_typing: bool) -> None:
        tell = self._hub.start_typing if is_typing else self._hub.stop_typing
        with contextlib.suppress(ConduitError):  # a hint; the next keystroke says it again
            await tell(self.conversation_id)


_BY_FIRST_ARGUMENT: Final = frozenset(
    {
        ChatEvent.STREAM_TOKEN,
        ChatEvent.PRESENCE_UPDATE,
        ChatEvent.TYPING_UPDATE,
        ChatEvent.REMOVED_FROM_CONVERSATION,
    }
)
_BY_MESSAGE: Final = frozenset({ChatEvent.RECEIVE_MESSAGE, ChatEvent.MESSAGE_UPDATED})
