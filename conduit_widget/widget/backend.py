"""What stands behind one chat: its conversation, its share of the hub connection, its listeners.

Lives on the loop thread: every method here is called there, :class:`~conduit_widget.widget.chat.Chat` hands
over. Listeners registered by user code run on the callback thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from conduit_widget.client.changes import Change, MessageChange, ResetChange
from conduit_widget.client.conversation import PATIENCE, Conversation
from conduit_widget.client.hub_access import HubAccess, Identity
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.pool import ConnectionPool
from conduit_widget.client.token_refresh import keep_token_fresh
from conduit_widget.client.transcript import is_final
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    InvocationTimeoutError,
    ProviderError,
)
from conduit_widget.kernel.callback_thread import callback_thread
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.types import ChatMessage, SendReceipt
from conduit_widget.widget.answer import Answer

_log = logging.getLogger(__name__)

Listener = Callable[[ChatMessage], object]

ANSWER_PATIENCE: Final = 60.0
"""Seconds without a way to the hub after which who waits for the rest of an answer hears the reason."""

MAX_ANNOUNCED: Final = 2000
MAX_SNAPSHOT_BYTES: Final = 16 * 1024 * 1024  # a join's newest 50 messages may be long ones

_TURNS: Final = 8
_NUDGE: Final = 1.0

_open: set[ChatBackend] = set()
_pools: weakref.WeakKeyDictionary[LoopThread, ConnectionPool] = weakref.WeakKeyDictionary()


def connection_pool(thread: LoopThread) -> ConnectionPool:
    """Return the connection pool of a loop thread."""
    pool = _pools.get(thread)
    if pool is None:
        pool = _pools[thread] = ConnectionPool()
        thread.before_stop(_leave_all)
    return pool


async def _leave_all(seconds: float) -> list[str]:
    """Send what waits in all chats of this loop, for so many seconds at most, and leave in good order."""
    loop = asyncio.get_running_loop()
    backends = [backend for backend in _open if backend.loop is loop]
    # What was interrupted just now has not come to its senses yet: it may still want an answer stopped.
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    flushed = await asyncio.gather(*(backend.flush(seconds) for backend in backends))
    lines = [line for line in flushed if line]
    await asyncio.wait([asyncio.ensure_future(backend.close()) for backend in backends] or [_nothing()])
    return lines


def _nothing() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


def _connection(access: HubAccess) -> HubConnection:
    connection = HubConnection(access.url, access_token=access.token, max_message_bytes=MAX_SNAPSHOT_BYTES)
    keep_token_fresh(connection, access.token)
    return connection


class ChatBackend:
    """One chat's state on the loop thread. :meth:`open` comes first, :meth:`close` last."""

    def __init__(self, conversation_id: str, access: HubAccess, pool: ConnectionPool) -> None:
        lease = pool.acquire(access.key, lambda: _connection(access))
        self.identity: Identity = access.identity
        self.conversation = Conversation(lease, conversation_id, access.identity.user_id)
        self._listeners: dict[object, tuple[contextvars.Context, Listener]] = {}
        self._announced: OrderedDict[str, None] = OrderedDict()
        self._has_history = False
        self._answers: set[Answer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stops: set[asyncio.Task[None]] = set()
        self.loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Begin to connect."""
        self.loop = asyncio.get_running_loop()
        _open.add(self)
        self.conversation.subscribe(self._announce)
        self.conversation.open()

    async def close(self) -> None:
        """Release everything; waits end with an error."""
        _open.discard(self)
        for answer in list(self._answers):
            answer.fail(ConduitError("The chat was closed: create a new one to go on."))
        if self._stops:
            await asyncio.wait(self._stops, timeout=_NUDGE)
        for task in [*self._tasks, *self._stops]:
            task.cancel()
        self._listeners.clear()
        await self.conversation.close()

    async def flush(self, seconds: float) -> str | None:
        """Wait up to ``seconds`` for what is on its way; return a line for what was not sent."""
        deadline = asyncio.get_running_loop().time() + seconds
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
        return await self.conversation.send(message, patience=patience, keep=True)

    async def begin(self, message: ChatMessage) -> Answer:
        """Send a question and follow its answer; give it back to :meth:`end`.

        Raises:
            ProviderError: the hub says that no answer will come.
            ConduitError: the message was refused, or the connection ended for good.

        """
        answer = Answer(self.conversation, message.id)
        self._answers.add(answer)
        try:
            receipt = await self.conversation.send(message, patience=PATIENCE)
        except BaseException:
            self.end(answer)
            raise
        answer.id = answer.id or receipt.answer_id
        answer.watch(self._fail_out_of_reach(answer))
        if answer.id is None and self.conversation.transcript.epoch:
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

    async def ask(self, message: ChatMessage, patience: float | None) -> ChatMessage:
        """Send a question and wait for its finished answer; giving up stops the generation.

        Raises:
            InvocationTimeoutError: not finished within ``patience`` seconds.
            ConduitError: the message was refused, the model failed, or the connection ended.

        """
        answer: Answer | None = None
        try:
            async with asyncio.timeout(patience):
                answer = await self.begin(message)
                return await answer.finished()
        except TimeoutError:
            self._abandon(answer)
            raise InvocationTimeoutError("the question", patience or 0.0) from None
        except asyncio.CancelledError:
            self._abandon(answer)
            raise
        finally:
            if answer is not None:
                self.end(answer)

    def _abandon(self, answer: Answer | None) -> None:
        if answer is not None and answer.id is not None and answer.message is None:
            task = asyncio.get_running_loop().create_task(self._stop_quietly(answer.id))
            self._stops.add(task)
            task.add_done_callback(self._stops.discard)

    async def _stop_quietly(self, message_id: str) -> None:
        try:
            await self.conversation.stop_generation(message_id)
        except ConduitError as error:
            _log.info("The generation could not be stopped: %s", error)

    async def stop(self) -> None:
        """Stop every answer being written or waiting here; nothing to stop is fine."""
        for message in self.conversation.transcript.messages:
            if not is_final(message):
                await self.conversation.stop_generation(message.id)

    # ---- reading ---------------------------------------------------------------------------------------

    def messages(self) -> list[ChatMessage]:
        """Messages in order; an open answer with its text so far."""
        streams = self.conversation.transcript.streams
        return [
            msgspec.structs.replace(message, content=streams[message.id].text)
            if message.id in streams
            else message
            for message in self.conversation.transcript.messages
        ]

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
                    for message in self.conversation.transcript.messages:
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
