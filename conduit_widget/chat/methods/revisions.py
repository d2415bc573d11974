"""What people do to messages that are there: deleting them."""

from __future__ import annotations

from typing import Any

from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_message_id
from conduit_widget.contract import ChatMethod, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext


class RevisionMethods(ChatMethods):
    """Messages that change. A message is found by its id in the conversations that the caller has joined."""

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

    async def _located(
        self, caller: HubConnectionContext, message_id: str
    ) -> tuple[Conversation, dict[str, Any]]:
        """Return a message that the caller may read, in wire form, and its conversation.

        Ids are chosen by clients: of several messages with one id the caller's own is meant, else the oldest,
        so that nobody can put a message of theirs in another's place.
        """
        check_message_id(message_id)
        user_id, joined = caller.user.user_id, self._joined(caller)
        found = await self._store.locate(list(joined), message_id)
        if not found:
            raise HubException(ErrorText.UNAUTHORIZED)
        conversation_id, message = min(found, key=lambda each: _rank(each[1], user_id))
        return await self._readable(caller, conversation_id), message

    async def _require_right_to_delete(
        self, user_id: str, conversation: Conversation, message: dict[str, Any]
    ) -> None:
        role = await conversation.access.require_reader(user_id)
        if role == "owner" or _author_of(message) == user_id:
            return
        question_id = message.get("parentId") if message["role"] == "assistant" else None
        if question_id is not None:
            question = await self._store.message(conversation.conversation_id, question_id)
            if question is not None and _author_of(question) == user_id:
                return
        raise HubException(ErrorText.UNAUTHORIZED)

    async def _stop_answers_to(self, conversation: Conversation, message_id: str) -> None:
        """End the answers to a message that are being written, on whatever node: they go on from its text."""
        for answer_id in await self._store.children(conversation.conversation_id, message_id):
            if not self.generations.cancel(answer_id) and conversation.nodes.is_written_elsewhere(answer_id):
                conversation.nodes.stop(answer_id)


def _author_of(message: dict[str, Any]) -> str | None:
    author = message.get("author")
    return author.get("userId") if isinstance(author, dict) else None


def _rank(message: dict[str, Any], user_id: str) -> tuple[bool, str]:
    return _author_of(message) != user_id, str(message.get("metadata", {}).get("timestamp", ""))
