"""Who belongs to a conversation: creating one, listing one's own, adding and removing people."""

from __future__ import annotations

import asyncio
import uuid
from typing import Final

from conduit_widget.chat.history.store import ConversationRecord, HistoryStore
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.live.conversations import Conversations
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.validation import check_conversation_id, check_title, check_user_id
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException, ValidationError
from conduit_widget.types import ConversationInfo, ConversationOptions, MemberOptions, MemberRole

__all__ = ["Membership"]

MAX_LISTED: Final = 200


class Membership:
    """What ``CreateConversation``, ``ListConversations``, ``AddMember`` and ``RemoveMember`` do.

    Only an owner changes who belongs; the store is asked anew each time. A conversation the caller does not
    own, and one that does not exist, are refused alike.
    """

    def __init__(self, store: HistoryStore, conversations: Conversations, settings: ChatSettings) -> None:
        self._store = store
        self._conversations = conversations
        self._settings = settings
        self._adding = asyncio.Lock()

    async def create(self, user_id: str, options: ConversationOptions) -> ConversationInfo:
        """Create a conversation owned by the user; one that they own already is returned as it is.

        Raises:
            ValidationError: the id or the title is not well formed.
            HubException: somebody else has the id.

        """
        conversation_id = str(uuid.uuid4()) if options.id is None else check_conversation_id(options.id)
        record = await self._store.create(
            conversation_id,
            owner_id=user_id,
            visibility=options.visibility or self._settings.visibility,
            assistant=options.assistant or self._settings.assistant,
            title=check_title(options.title),
        )
        await self._require_owner(conversation_id, user_id)
        return _info(record, "owner")

    async def of_user(self, user_id: str) -> list[ConversationInfo]:
        """Return the conversations the user has a role in, at most 200, newest activity first."""
        found = await self._store.conversations_of(user_id, limit=MAX_LISTED)
        return [_info(record, role) for record, role in found]

    async def add(self, caller_id: str, conversation_id: str, member: str | MemberOptions) -> None:
        """Give a user a role, ``member`` unless another is named; who has one gets this one instead.

        Raises:
            HubException: the caller is no owner.
            ValidationError: the user id is not well formed, there are as many members as there may be, or
                the last owner would not be one any more.

        """
        wanted = MemberOptions(user_id=member) if isinstance(member, str) else member
        user_id = check_user_id(wanted.user_id)
        await self._require_owner(check_conversation_id(conversation_id), caller_id)
        async with self._adding:  # what is counted holds until it is written
            await self._require_room(conversation_id, user_id)
            await self._change(caller_id, conversation_id, user_id, wanted.role)

    async def remove(self, caller_id: str, conversation_id: str, user_id: str) -> None:
        """Take a user out, at once and on every node; harmless when they are not in.

        Raises:
            HubException: the caller is no owner.
            ValidationError: the conversation is open to everybody, or the user is its last owner.

        """
        await self._change(caller_id, conversation_id, check_user_id(user_id), None)

    async def _change(
        self, caller_id: str, conversation_id: str, user_id: str, role: MemberRole | None
    ) -> None:
        await self._require_owner(check_conversation_id(conversation_id), caller_id)
        conversation = await self._conversations.open(conversation_id, caller_id)
        if conversation is None:
            raise HubException(ErrorText.UNAUTHORIZED)
        if role is None and conversation.access.is_open:
            raise ValidationError("conversation", "is open to everybody; nobody can be taken out of it")
        await conversation.pinned(_set_role(conversation, user_id, role))

    async def _require_room(self, conversation_id: str, user_id: str) -> None:
        members, most = await self._store.members(conversation_id), self._settings.max_members
        if len(members) >= most and user_id not in dict(members):
            text = f"has {len(members)} members; the limit is {most}. Remove one before adding another"
            raise ValidationError("conversation", text)

    async def _require_owner(self, conversation_id: str, user_id: str) -> None:
        if await self._store.role(conversation_id, user_id) != "owner":
            raise HubException(ErrorText.UNAUTHORIZED)


async def _set_role(conversation: Conversation, user_id: str, role: MemberRole | None) -> None:
    await conversation.set_role(user_id, role)
    if role == "reader":
        conversation.stop_typing(user_id)


def _info(record: ConversationRecord, role: MemberRole) -> ConversationInfo:
    return ConversationInfo(
        conversation_id=record.id,
        title=record.title,
        visibility=record.visibility,
        assistant=record.assistant,
        role=role,
        seq=record.seq,
    )
