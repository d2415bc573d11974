"""What stands behind one chat: its conversation, its questions, its listeners.

Lives on the loop thread: every method here is called there, :class:`~conduit_widget.widget.chat.Chat` hands
over. Listeners registered by user code run on the callback thread.

A chat is in its conversation while somebody looks at it or uses it from Python. When its last view has gone
it leaves after :data:`ABSENCE` seconds without use, and comes back with the next view or call.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from conduit_widget.access.hub_access import HubAccess, Identity
from conduit_widget.chat_client.changes import Change, MessageChange, ResetChange
from conduit_widget.chat_client.conversation import PATIENCE, ChangeHandler, Conversation
from conduit_widget.chat_client.token_refresh import keep_token_fresh
from conduit_widget.chat_client.transcript import is_final
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    InvocationTimeoutError,
    ProviderError,
    trace_of,
)
from conduit_widget.kernel.callback_thread import callback_thread
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.types import ChatMessage, SendReceipt
from conduit_widget.widget.answer import Answer
from conduit_widget.widget.conversations import Conversations
from conduit_widget.widget.question import as_prompted

__all__ = ["ChatBackend", "Listener", "open_conversations"]

_log = logging.getLogger(__name__)

Listener = Callable[[ChatMessage], object]

ANSWER_PATIENCE: Final = 60.0
"""Seconds without a way to the hub after which who waits for the rest of an answer hears the reason."""

MAX_ANNOUNCED: Final = 2000
MAX_SNAPSHOT_BYTES: Final = 16 * 1024 * 1024  # a join's newest 50 messages may be long ones
ABSENCE: Final = 10.0
RETURN_TIMEOUT: Final = 4.0
CLOSED: Final = "The chat was closed: create a new one to go on."

_TURNS: Final = 8
_NUDGE: Final = 1.0

_open: set[ChatBackend] = set()
_conversations: weakref.WeakKeyDictionary[LoopThread, Conversations] = weakref.WeakKeyDictionary()


def open_conversations(thread: LoopThread) -> Conversations:
    """Return the conversations of a loop thread."""
    conversations = _conversations.get(thread)
    if conversations is None:
        conversations = _conversations[thread] = Conversations()
        thread.before_stop(_leave_all)
    return conversations


async def _leave_all(seconds: float) -> list[str]:
    """Send what waits in all chats of this loop, for so many seconds at most, and leave in good order."""
    loop = asyncio.get_running_loop()
    backends = [backend for backend in _open if backend.loop is loop]
    # What was interrupted just now has not come to its senses yet: it may still want an answer stopped.
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    flushed = await asyncio.gather(*(backend.flush(seconds) for backend in backends))
    lines = [line for line in flushed if line]
    closed = await asyncio.gather(*(backend.close() for backend in backends), return_exceptions=True)
    for error in filter(None, closed):
        _log.error("A chat could not be left in good order: %s", trace_of(error))
    return lines


def _connection(access: HubAccess) -> HubConnection:
    connection = HubConnection(access.url, access_token=access.token, max_message_bytes=MAX_SNAPSHOT_BYTES)
    keep_token_fresh(connection, access.token)
    return connection


class ChatBackend:
    """One chat's state on the loop thread. :meth:`enter` comes first, :meth:`close` last."""

    def __init__(self, conversation_id: str, access: HubAccess, conversations: Conversations) -> None:
        self.identity: Identity = access.identity
        self.conversation_id = conversation_id
        self._access = access
        self._conversations = conversations
        self._conversation: Conversation | None = None
        self._is_in = False
        self._is_closed = False
        self._is_attended = True
        self._leaving: asyncio.Task[None] | None = None
        self._handlers: list[ChangeHandler] = [self._announce]
        self._unsubscribe: Callable[[], None] = lambda: None
        self._listeners: dict[object, tuple[contextvars.Context, Listener]] = {}
        self._announced: OrderedDict[str, None] = OrderedDict()
        self._has_history = False
        self._answers: set[Answer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stops: set[asyncio.Task[None]] = set()
        self._sending = 0
        self.loop: asyncio.AbstractEventLoop | None = None

    # ---- in and out ------------------------------------------------------------------------------------

    @property
    def conversation(self) -> Conversation:
        """The conversation, entered if need be.

        Raises:
            ConduitError: the chat was closed.

        """
        self.enter()
        assert self._conversation is not None
        return self._conversation

    def enter(self) -> None:
        """Begin to connect, unless the chat is in its conversation already."""
        if self._is_closed:
            raise ConduitError(CLOSED)
        if self._is_in:
            return
        self.loop = asyncio.get_running_loop()
        _open.add(self)
        access = self._access
        self._is_in = True
        self._conversation = self._conversations.acquire(
            access, self.conversation_id, lambda: _connection(access)
        )
        self._unsubscribe = self._conversation.subscribe(self._on_changes)
        if self._conversation.transcript.joined:  # shared with a chat that is live: there will be no join
            self._on_changes([ResetChange()])
        if not self._is_attended:
            self._leave_later()

    async def _leave(self) -> None:
        if not self._is_in:
            return
        assert self._conversation is not None
        self._is_in = False
        self._unsubscribe()
        await self._conversations.release(self._conversation)

    def attended(self, is_attended: bool) -> None:
        """Note whether somebody looks; with nobody looking and nothing to do, the chat leaves by and by."""
        self._is_attended = is_attended
        if is_attended:
            self.enter()
        else:
            self._leave_later()

    def _leave_later(self) -> None:
        if self._leaving is None or self._leaving.done():
            self._leaving = asyncio.get_running_loop().create_task(self._leave_unattended())

    async def _leave_unattended(self) -> None:
        # It may be entered again while it leaves, and then has to leave once more.
        while self._is_in and not self._is_attended:
            await asyncio.sleep(ABSENCE)
            if self._is_unused:
                await self._leave()

    @property
    def _is_unused(self) -> bool:
        work = self._answers or self._tasks or self._stops or self._listeners or self._sending
        unsent = self._conversation is not None and self._conversation.has_unsent
        return not (self._is_attended or work or unsent)

    async def came_back(self) -> None:
        """Wait until a chat that had left is up to date again, for a moment."""
        has_left = not self._is_in
        conversation = self.conversation
        if has_left:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(conversation.wait_live(), RETURN_TIMEOUT)

    async def close(self) -> None:
        """Release everything; waits end with an error, and the answers they waited for are stopped."""
        self._is_closed = True
        _open.discard(self)
        if self._leaving is not None:
            self._leaving.cancel()
        for task in list(self._tasks):
            task.cancel()
        for answer in list(self._answers):
            answer.fail(ConduitError(CLOSED))
            if answer.id is not None:
                self.abandon(answer)
        if self._stops:
            await asyncio.wait(self._stops, timeout=_NUDGE)
        self._listeners.clear()
        await self._leave()
        self._handlers.clear()

    def subscribe(self, handler: ChangeHandler) -> Callable[[], None]:
        """Call ``handler(changes)`` after every change, also after leaving and coming back."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler) if handler in self._handlers else None

    def _on_changes(self, changes: list[Change]) -> None:
        for handler in list(self._handlers):
            handler(changes)

    async def flush(self, seconds: float) -> str | None:
        """Wait up to ``seconds`` for what is on its way; return a line for what was not sent."""
        deadline = asyncio.get_running_loop().time() + seconds
        if not self._is_in:
            return None
        conversation = self.conversation
        while not await conversation.flush(min(_NUDGE, deadline - asyncio.get_running_loop().time())):
            if asyncio.get_running_loop().time() >= deadline:
                break
            if conversation.link.state in ("connecting", "reconnecting"):
                conversation.retry_now()  # there is no time for the usual pauses
        if self._stops:
            await asyncio.wait(self._stops, timeout=max(deadline - asyncio.get_running_loop().time(), 0.5))
        return conversation.give_up_unsent(seconds)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine until it ends or the chat is closed."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- asking ----------------------------------------------------------------------------------------

    async def send(self, message: ChatMessage, *, patience: float | None = None) -> SendReceipt:
        """Send; the receipt comes after the hub's commit.

        After ``patience`` seconds without a way to the hub the reason is raised; it is sent all the same when
        there is one.
        """
        return await self._send(message, patience=patience, keep=True)

    async def _send(self, message: ChatMessage, *, patience: float | None, keep: bool) -> SendReceipt:
        self._sending += 1
        try:
            return await self.conversation.send(message, patience=patience, keep=keep)
        except ConduitError as error:
            raise as_prompted(error) from None
        finally:
            self._sending -= 1

    async def begin(self, message: ChatMessage) -> Answer:
        """Send a question and follow its answer; give it back to :meth:`end`.

        Cancelled before the receipt is there, it stops the answer as soon as that has a name.

        Raises:
            ProviderError: the hub says that no answer will come.
            ConduitError: the message was refused, or the connection ended for good.

        """
        conversation = self.conversation
        answer = Answer(conversation, message.id)
        self._answers.add(answer)
        try:
            receipt = await self._send(message, patience=PATIENCE, keep=False)
        except asyncio.CancelledError:
            self.abandon(answer)
            raise
        except BaseException:
            self.end(answer)
            raise
        answer.id = answer.id or receipt.answer_id
        answer.watch(self._fail_out_of_reach(answer))
        if answer.id is None and conversation.transcript.epoch:
            self.end(answer)  # this hub names the answer it will give, so there will be none
            raise ProviderError("Your question was sent, but no model answers in this conversation.")
        return answer

    async def _fail_out_of_reach(self, answer: Answer) -> None:
        reason = await self.conversation.wait_unreachable(ANSWER_PATIENCE)
        text = f"The hub has been out of reach for {ANSWER_PATIENCE:g} s while it answered: {reason}"
        answer.fail(ConnectionFailedError(text))

    def end(self, answer: Answer) -> None:
        """Stop following an answer."""
        self._answers.discard(answer)
        answer.close()

    async def ask(
        self,
        message: ChatMessage,
        patience: float | None,
        begun: Callable[[Answer], None] = lambda _: None,
    ) -> ChatMessage:
        """Send a question and wait for its finished answer; giving up stops the generation.

        Args:
            message: the question.
            patience: seconds to wait; None for ever.
            begun: called with the answer as soon as the question is committed.

        Raises:
            InvocationTimeoutError: not finished within ``patience`` seconds.
            ConduitError: the message was refused, the model failed, or the connection ended.

        """
        answer: Answer | None = None
        try:
            async with asyncio.timeout(patience):
                answer = await self.begin(message)
                begun(answer)
                return await answer.finished()
        except TimeoutError:
            self.abandon(answer)
            raise InvocationTimeoutError("ask", patience or 0.0) from None
        except asyncio.CancelledError:
            self.abandon(answer)
            raise
        finally:
            if answer is not None:
                self.end(answer)

    def abandon(self, answer: Answer | None) -> None:
        """Stop an answer that nobody waits for any more, and following it."""
        if answer is None or answer.message is not None:
            return
        task = asyncio.get_running_loop().create_task(self._stop_abandoned(answer))
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)

    async def _stop_abandoned(self, answer: Answer) -> None:
        try:
            async with asyncio.timeout(ABSENCE):
                message_id = answer.id or await answer.named()
        except (TimeoutError, ConduitError):
            return  # it had not left, or nothing answers it
        finally:
            self.end(answer)
        await self._stop_quietly(message_id)

    async def _stop_quietly(self, message_id: str) -> None:
        try:
            await self.stop_generation(message_id)
        except ConduitError as error:
            _log.info("The generation could not be stopped: %s", error)

    async def stop_generation(self, message_id: str) -> None:
        """End an answer."""
        conversation = self._conversation if self._is_in else self.conversation
        assert conversation is not None
        await conversation.stop_generation(message_id)

    async def stop(self) -> None:
        """Stop every answer being written or waiting here; nothing to stop is fine."""
        await self.came_back()
        for message in self.conversation.transcript.messages:
            if not is_final(message):
                await self.stop_generation(message.id)

    # ---- reading ---------------------------------------------------------------------------------------

    def messages(self) -> list[ChatMessage]:
        """Messages in order, as last known; an open answer with its text so far."""
        if self._conversation is None:
            return []
        streams = self._conversation.transcript.streams
        return [
            msgspec.structs.replace(message, content=streams[message.id].text)
            if message.id in streams
            else message
            for message in self._conversation.transcript.messages
        ]

    @property
    def is_being_answered(self) -> bool:
        """Whether an answer is being written."""
        return self._conversation is not None and bool(self._conversation.transcript.streams)

    # ---- listeners -------------------------------------------------------------------------------------

    def add_listener(self, key: object, context: contextvars.Context, listener: Listener) -> None:
        """Call ``listener(message)`` on the callback thread, in ``context``, for every finished message."""
        self._listeners[key] = (context, listener)

    def remove_listener(self, key: object) -> None:
        """Take a listener off."""
        self._listeners.pop(key, None)

    def _announce(self, changes: list[Change]) -> None:
        """Tell listeners of messages that are finished; of each once, of history never."""
        for change in changes:
            match change:
                case MessageChange(message=message):
                    self._announce_message(message)
                case ResetChange():
                    for message in self.messages():
                        self._announce_message(message, silently=not self._has_history)
                    self._has_history = True

    def _announce_message(self, message: ChatMessage, *, silently: bool = False) -> None:
        if not is_final(message) or message.id in self._announced:
            return
        self._announced[message.id] = None
        while len(self._announced) > MAX_ANNOUNCED:
            self._announced.popitem(last=False)
        if silently:
            return
        for context, listener in list(self._listeners.values()):
            callback_thread().call(context, listener, message)
