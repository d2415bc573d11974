"""What stands behind one chat: its membership in a conversation, its questions, its listeners.

Everything here runs on the loop thread; :class:`~conduit_widget.widget.chat.chat.Chat` hands over to it.

A chat is in its conversation while somebody looks at it or uses it from Python. When its last view has gone
it leaves after :data:`ABSENCE` seconds without use, and comes back with the next view or call.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import msgspec

from conduit_widget.access.hub_access import HubAccess, Identity
from conduit_widget.chat_client.conversation.conversation import ChangeHandler, Conversation
from conduit_widget.chat_client.files.hub_files import HubFiles
from conduit_widget.chat_client.state.changes import ResetChange
from conduit_widget.chat_client.state.messages import is_final
from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.types import ChatMessage
from conduit_widget.widget.answers.questions import Questions
from conduit_widget.widget.attachments.waiting_files import WaitingFiles
from conduit_widget.widget.connections import Connections
from conduit_widget.widget.listening.message_listeners import MessageListeners
from conduit_widget.widget.listening.status_listeners import ChatStatus, StatusListeners, status_of
from conduit_widget.widget.take_along.uploads import Uploads

ABSENCE: Final = 10.0
RETURN_TIMEOUT: Final = 4.0
CLOSED: Final = "The chat was closed: create a new one to go on."

_NUDGE: Final = 1.0


class ChatBackend:
    """One chat's state on the loop thread. :meth:`enter` comes first, :meth:`close` last."""

    def __init__(self, conversation_id: str, access: HubAccess, connections: Connections) -> None:
        self.identity: Identity = access.identity
        self.conversation_id = conversation_id
        self.questions = Questions(lambda: self.conversation)
        self.uploads = Uploads()
        self.listeners = MessageListeners(self.messages, self._has_joined, self.subscribe)
        self.status_listeners = StatusListeners(self._status, self.subscribe)
        self.files = HubFiles(access.url, access.token)
        self.waiting_files = WaitingFiles()
        self._access = access
        self._connections = connections
        self._conversation: Conversation | None = None
        self._is_in = False
        self._is_closed = False
        self._is_attended = True
        self._leaving: asyncio.Task[None] | None = None
        self._handlers: dict[ChangeHandler, Callable[[], None]] = {}

    async def hub_url(self) -> str:
        """Return the address of the hub's chat; see ``HubAccess.url``."""
        return await self._access.url()

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
        """Begin to connect, unless the chat is in its conversation already.

        Raises:
            ConduitError: the chat was closed.

        """
        if self._is_in:
            return
        if self._is_closed:
            raise ConduitError(CLOSED)
        self._is_in = True
        self._connections.guests.add(self)
        self._conversation = self._connections.acquire(self._access, self.conversation_id)
        for handler in self._handlers:
            self._handlers[handler] = self._conversation.subscribe(handler)
        if self._conversation.transcript.joined:  # shared with a chat that is live: there will be no join
            for handler in list(self._handlers):
                handler([ResetChange()])
        if not self._is_attended:
            self._leave_later()

    def _status(self) -> ChatStatus:
        if self._conversation is None:
            return ChatStatus(connection="connecting")
        providers = self._conversation.providers
        return status_of(
            self._conversation.connectivity.info,
            {status.provider: status.state for status in providers.statuses},
        )

    def _has_joined(self) -> bool:
        return self._conversation is not None and self._conversation.transcript.joined

    async def _leave(self) -> None:
        if not self._is_in:
            return
        assert self._conversation is not None
        self._is_in = False
        for unsubscribe in self._handlers.values():
            unsubscribe()
        await self._connections.release(self._conversation)

    def subscribe(self, handler: ChangeHandler) -> Callable[[], None]:
        """Call ``handler(changes)`` after every change, also after leaving and coming back.

        Returns a function that unsubscribes the handler.
        """
        conversation = self._conversation if self._is_in else None
        self._handlers[handler] = _nothing if conversation is None else conversation.subscribe(handler)

        def unsubscribe() -> None:
            self._handlers.pop(handler, _nothing)()

        return unsubscribe

    @property
    def has_left(self) -> bool:
        """Whether the chat is not in its conversation: nothing there is waited for."""
        return not self._is_in

    @property
    def is_attended(self) -> bool:
        """Whether somebody looks."""
        return self._is_attended

    def attended(self, is_attended: bool) -> None:
        """Note whether somebody looks; a chat that nobody looks at or uses leaves after a while."""
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

    async def left(self) -> None:
        """Wait until a chat that nobody looks at is in its conversation no more."""
        while self._is_in and not self._is_attended and self._leaving is not None:
            await asyncio.wait({self._leaving})

    @property
    def _is_unused(self) -> bool:
        conversation = self._conversation
        unsent = conversation is not None and (conversation.sender.unsent or conversation.revisions.open)
        listeners = self.listeners or self.status_listeners
        return not (self._is_attended or self.questions.open or listeners or unsent)

    async def came_back(self) -> None:
        """Wait until a chat that had left is up to date again, for a moment."""
        has_left = not self._is_in
        conversation = self.conversation
        if has_left:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(conversation.connectivity.wait_live(), RETURN_TIMEOUT)

    async def flush(self, seconds: float) -> str | None:
        """Wait up to ``seconds`` for what is on its way; return a line for what was not sent."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        if not self._is_in:
            return None
        conversation = self.conversation
        while (
            not await conversation.sender.flush(min(_NUDGE, deadline - loop.time()))
            and loop.time() < deadline
        ):
            if conversation.connectivity.info.state in ("connecting", "reconnecting"):
                conversation.retry_now()  # there is no time for the usual pauses
        await self.questions.stopped(max(deadline - loop.time(), 0.5))
        return await conversation.sender.give_up(seconds)

    async def close(self) -> None:
        """Release everything; waits end with an error, and the answers they waited for are stopped."""
        self._is_closed = True
        self._connections.guests.discard(self)
        if self._leaving is not None:
            self._leaving.cancel()
        self.questions.abandon_all(ConduitError(CLOSED))
        await self.questions.stopped(_NUDGE)
        self.listeners.clear()
        self.status_listeners.clear()
        await self._leave()
        self._handlers.clear()

    def forget(self) -> None:
        """Release one that has left, and will not come back."""
        self._is_closed = True
        self._connections.guests.discard(self)

    # ---- reading ---------------------------------------------------------------------------------------

    def messages(self) -> list[ChatMessage]:
        """Return the messages in order, as last known; an open answer with its text so far."""
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
    def withheld(self) -> str | None:
        """Why nothing of the conversation may be shown or kept here any more; None while it may."""
        if self._conversation is None or self._conversation.connectivity.info.state != "removed":
            return None
        return self._conversation.connectivity.info.message

    @property
    def hindrance(self) -> str:
        """Why nothing comes from the hub now, in a sentence; empty while it is there. Any thread may read."""
        info = None if self._conversation is None else self._conversation.connectivity.info
        return "" if info is None or info.state == "live" else info.message or ""

    @property
    def is_being_answered(self) -> bool:
        """Whether an answer is being written, or its first word waited for."""
        if self._conversation is None:
            return False
        transcript = self._conversation.transcript
        return bool(transcript.streams) or any(not is_final(each) for each in transcript.messages)


def check_conversation(conversation_id: object) -> str:
    """Return a conversation's id.

    Raises:
        ValidationError: it is none.

    """
    if not isinstance(conversation_id, str):
        raise ValidationError("conversation_id", f"must be a string, not {type(conversation_id).__name__}.")
    if not 0 < len(conversation_id) <= MAX_ID_CHARS:
        raise ValidationError("conversation_id", f"needs 1 to {MAX_ID_CHARS} characters.")
    return conversation_id


def _nothing() -> None:
    """Unsubscribe what is not subscribed."""
