"""What people do to messages that are there: deleting them, reacting to them."""

from __future__ import annotations

from typing import Any

from conduit_widget.chat.history.store import Reaction
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.methods.base import ChatMethods, author_of
from conduit_widget.chat.methods.emoji import check_emoji
from conduit_widget.contract import ChatMethod, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext


class RevisionMethods(ChatMethods):
    """Messages that change."""

    @hub_method(ChatMethod.DELETE_MESSAGE)
    async def delete_message(self, caller: HubConnectionContext, message_id: str) -> None:
        """Delete a message for everybody: its author may, who asked for an answer may, an owner may.

        A tombstone stays in its place. Answers being written, itself or to it, are stopped.
        """
        conversation, message = await self._located(caller, message_id)
        await self._require_right_to_delete(caller.user.user_id, conversation, message)
        await self._stop_answers_to(conversation, message_id)
        await conversation.revisions.delete(
            message_id,
            caller.user.user_id,
            lambda: self.generations.supersede(message_id),
        )
        conversation.fan_out.end(message_id)
        self._collect_files()

    @hub_method(ChatMethod.ADD_REACTION)
    async def add_reaction(self, caller: HubConnectionContext, message_id: str, emoji: str) -> None:
        """Add the caller's reaction to a message; readers may. The same again changes nothing."""
        await self._react(caller, message_id, emoji, is_on=True)

    @hub_method(ChatMethod.REMOVE_REACTION)
    async def remove_reaction(self, caller: HubConnectionContext, message_id: str, emoji: str) -> None:
        """Take the caller's reaction to a message away; without one nothing changes."""
        await self._react(caller, message_id, emoji, is_on=False)

    async def _react(self, caller: HubConnectionContext, message_id: str, emoji: str, *, is_on: bool) -> None:
        check_emoji(emoji)
        conversation, _ = await self._located(caller, message_id)
        await conversation.revisions.react(message_id, Reaction(caller.user.user_id, emoji, is_on))

    async def _require_right_to_delete(
        self, user_id: str, conversation: Conversation, message: dict[str, Any]
    ) -> None:
        role = await conversation.access.require_reader(user_id)
        if role == "owner" or author_of(message) == user_id:
            return
        question_id = message.get("parentId") if message["role"] == "assistant" else None
        if question_id is not None:
            question = await self._store.message(conversation.conversation_id, question_id)
            if question is not None and author_of(question) == user_id:
                return
        raise HubException(ErrorText.UNAUTHORIZED)

    async def _stop_answers_to(self, conversation: Conversation, message_id: str) -> None:
        """End the answers to a message that are being written, on whatever node: they go on from its text."""
        for answer_id in await self._store.children(conversation.conversation_id, message_id):
            if not self.generations.cancel(answer_id) and conversation.nodes.is_written_elsewhere(answer_id):
                conversation.nodes.stop(answer_id)
