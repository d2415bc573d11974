"""Typed proxy of ChatHub: its methods as coroutines, its events as one callback. Needs no Jupyter.

::

    async with HubConnection("http://localhost:5000/hubs/chat", access_token=token) as connection:
        chat = ChatHubClient(connection)
        chat.on_event(lambda event, arguments: print(event, arguments))
        await chat.join_conversation("team")
        question = ChatMessage(id=str(uuid.uuid4()), role="user", content="Hello")
        receipt = await chat.send_message("team", question)

Works with a hub that has only the seed's methods: results it does not return come back as None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from conduit_widget.chat_client.notices import on_rate_limit_warning
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.types import (
    ChatMessage,
    ConversationInfo,
    ConversationOptions,
    HistoryPage,
    JoinResult,
    MemberOptions,
    MemberRole,
    ProviderStatus,
    RateLimitNotice,
    ResumeResult,
    SendReceipt,
)

_T = TypeVar("_T")

INVOKE_TIMEOUT: Final = 30.0
CHAT_EVENTS: Final = tuple(
    value for name, value in vars(ChatEvent).items() if name.isupper() and isinstance(value, str)
)
EventHandler = Callable[[str, list[Any]], None]


class ChatHubClient:
    """ChatHub over a started :class:`HubConnection`.

    Every method raises HubException (refused; the text is for people), ConnectionLostError or
    InvocationTimeoutError.
    """

    def __init__(self, connection: HubConnection, *, timeout: float = INVOKE_TIMEOUT) -> None:
        self.connection = connection
        self._timeout = timeout

    async def _invoke(self, target: str, *arguments: Any) -> Any:
        return await self.connection.invoke(target, *arguments, timeout=self._timeout)

    async def join_conversation(self, conversation_id: str) -> JoinResult | None:
        """Become a member's connection; None from a hub that has no snapshot to give."""
        return _result(await self._invoke(ChatMethod.JOIN_CONVERSATION, conversation_id), JoinResult)

    async def leave_conversation(self, conversation_id: str) -> None:
        """Stop getting the conversation's events; idempotent."""
        await self._invoke(ChatMethod.LEAVE_CONVERSATION, conversation_id)

    async def send_message(self, conversation_id: str, message: ChatMessage) -> SendReceipt | None:
        """Send; the receipt comes after commit. The same id again returns the same receipt."""
        result = await self._invoke(ChatMethod.SEND_MESSAGE, conversation_id, message.to_wire())
        return _result(result, SendReceipt)

    async def resume_conversation(self, conversation_id: str, epoch: str, seq: int) -> ResumeResult | None:
        """Ask for everything after ``seq`` of ``epoch``."""
        result = await self._invoke(ChatMethod.RESUME_CONVERSATION, conversation_id, epoch, seq)
        return _result(result, ResumeResult)

    async def get_history(self, conversation_id: str, before_seq: int, limit: int) -> HistoryPage:
        """Return up to ``limit`` messages before ``before_seq``, oldest first."""
        result = await self._invoke(ChatMethod.GET_HISTORY, conversation_id, before_seq, limit)
        return msgspec.convert(result, HistoryPage)

    async def stop_generation(self, message_id: str) -> None:
        """End an answer; the text so far is kept."""
        await self._invoke(ChatMethod.STOP_GENERATION, message_id)

    async def pause_stream(self, message_id: str) -> bool:
        """Have an answer's tokens held for this connection; False when it is not being written (any more).

        The answer's end is not held, and a new connection holds nothing.
        """
        return bool(await self._invoke(ChatMethod.PAUSE_STREAM, message_id))

    async def resume_stream(self, message_id: str) -> bool:
        """Get what was held in one delta, and tokens as they come; False when nothing was held."""
        return bool(await self._invoke(ChatMethod.RESUME_STREAM, message_id))

    async def start_typing(self, conversation_id: str) -> None:
        """Tell the others; expires after 6 s without refresh. No answer is awaited."""
        await self.connection.send(ChatMethod.START_TYPING, conversation_id)

    async def stop_typing(self, conversation_id: str) -> None:
        """Take it back. No answer is awaited."""
        await self.connection.send(ChatMethod.STOP_TYPING, conversation_id)

    async def request_provider_status(self) -> list[ProviderStatus]:
        """Return the health of every provider; empty from a hub that answers by events only."""
        result = await self._invoke(ChatMethod.REQUEST_PROVIDER_STATUS)
        return _result(result, list[ProviderStatus]) or []

    async def create_conversation(self, options: ConversationOptions) -> ConversationInfo:
        """Create a conversation, owned by this user; a retry with the same id returns the same one."""
        result = await self._invoke(ChatMethod.CREATE_CONVERSATION, options.to_wire())
        return msgspec.convert(result, ConversationInfo)

    async def list_conversations(self) -> list[ConversationInfo]:
        """Return the conversations this user has a role in, newest activity first."""
        result = await self._invoke(ChatMethod.LIST_CONVERSATIONS)
        return msgspec.convert(result, list[ConversationInfo])

    async def add_member(self, conversation_id: str, user_id: str, role: MemberRole = "member") -> None:
        """Give a user a role, or another one; for owners."""
        member = user_id if role == "member" else MemberOptions(user_id=user_id, role=role).to_wire()
        await self._invoke(ChatMethod.ADD_MEMBER, conversation_id, member)

    async def remove_member(self, conversation_id: str, user_id: str) -> None:
        """Take a user out of a members' conversation; for owners."""
        await self._invoke(ChatMethod.REMOVE_MEMBER, conversation_id, user_id)

    async def refresh_token(self, token: str) -> float:
        """Go on with a newer token of the same user; return when that one expires (epoch seconds)."""
        return msgspec.convert(await self._invoke(ChatMethod.REFRESH_TOKEN, token), float)

    def on_rate_limit_warning(self, handler: Callable[[RateLimitNotice], None]) -> Callable[[], None]:
        """Call ``handler`` when a limit, ours or a provider's, reaches 80 or 95 %.

        Returns the unsubscriber.
        """
        return on_rate_limit_warning(self.connection, handler)

    def on_event(self, handler: EventHandler) -> Callable[[], None]:
        """Call ``handler(target, arguments)`` for every event of ChatHub; returns the unsubscriber."""
        return subscribe_all(self.connection, CHAT_EVENTS, handler)


def subscribe_all(
    connection: HubConnection, targets: tuple[str, ...], handler: EventHandler
) -> Callable[[], None]:
    """Subscribe one handler to several events, in the contract's spelling of their names."""

    def bind(target: str) -> Callable[[], None]:
        return connection.on(target, lambda *arguments: handler(target, list(arguments)))

    unsubscribers = [bind(target) for target in targets]

    def unsubscribe() -> None:
        for each in unsubscribers:
            each()

    return unsubscribe


def _result(value: Any, kind: type[_T]) -> _T | None:
    return None if value is None else msgspec.convert(value, kind)
