"""Joining, resuming and leaving a conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from conduit_widget.chat.calls.seats import may_enter
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_conversation_id, check_position
from conduit_widget.contract import CALL_SCOPE, ChatMethod, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.user_rates import warning_of_count
from conduit_widget.types import JoinResult, ResumeResult

T = TypeVar("T")


class JoiningMethods(ChatMethods):
    """Which conversations a connection has joined."""

    async def on_disconnected(self, caller: HubConnectionContext, error: Exception | None) -> None:
        """Leave every conversation; a reload within the grace period shows nothing to the others."""
        for conversation in self._joined(caller).values():
            conversation.leave(caller.connection_id)
        await self.seats.disconnected(caller.user)

    async def on_connected(self, caller: HubConnectionContext) -> None:
        """Note that the page of a call is here."""
        await self.seats.connected(caller.user)

    @hub_method(ChatMethod.JOIN_CONVERSATION, reads=True, scopes=(CALL_SCOPE,))
    async def join_conversation(self, caller: HubConnectionContext, conversation_id: str) -> JoinResult:
        """Join; return the snapshot that live events continue. An unknown id creates one, if allowed."""
        result = await self._enter(caller, conversation_id, lambda found: found.join(caller))
        self.warm_up.request()
        return result

    @hub_method(ChatMethod.RESUME_CONVERSATION, reads=True)
    async def resume_conversation(
        self, caller: HubConnectionContext, conversation_id: str, epoch: str, seq: int
    ) -> ResumeResult:
        """Join again after ``seq`` of ``epoch``; return the missed events, or a snapshot if too many."""
        check_position("seq", seq)
        result = await self._enter(caller, conversation_id, lambda found: found.resume(caller, epoch, seq))
        self._metrics.resumed(recovered=result.recovered)
        return result

    @hub_method(ChatMethod.LEAVE_CONVERSATION, reads=True)
    async def leave_conversation(self, caller: HubConnectionContext, conversation_id: str) -> None:
        """Leave; others see it at once, unless the user has another connection. Harmless if not joined."""
        conversation = self._joined(caller).pop(check_conversation_id(conversation_id), None)
        if conversation is not None:
            conversation.leave(caller.connection_id, goodbye=True)

    async def _enter(
        self,
        caller: HubConnectionContext,
        conversation_id: str,
        work: Callable[[Conversation], Awaitable[T]],
    ) -> T:
        """Let the caller in by ``work``, if they may come in; nothing is awaited after it."""
        if not may_enter(caller.user, conversation_id):
            raise HubException(ErrorText.UNAUTHORIZED)
        joined = self._joined(caller)
        for gone in [id_ for id_, known in joined.items() if not known.has(caller.connection_id)]:
            del joined[gone]  # deleted, or the caller was removed
        most = self._settings.conversations_per_connection
        if len(joined) >= most and conversation_id not in joined:
            raise HubException(
                f"Conversation limit exceeded ({len(joined)}/{most}). Leave one before joining another."
            )
        user_id = caller.user.user_id
        creator = user_id if caller.user.may_write else None
        conversation = await self.conversations.open(check_conversation_id(conversation_id), creator)
        if conversation is None:
            raise HubException(ErrorText.UNAUTHORIZED)

        async def check_and_work() -> T:
            while True:
                changes = conversation.access.changes
                await conversation.access.require_reader(user_id)
                found = await work(conversation)
                if changes == conversation.access.changes:
                    return found
                # Roles changed while the caller came in; nothing was sent to them yet.
                conversation.leave(caller.connection_id)

        result = await conversation.pinned(check_and_work())
        is_new = conversation_id not in joined
        joined[conversation_id] = conversation
        warning = warning_of_count("conversations", "connection", len(joined), most) if is_new else None
        if warning is not None:
            self.on_limit_warning(caller, warning)
        return result
