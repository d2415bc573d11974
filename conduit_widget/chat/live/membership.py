"""Members of conversations: creating a conversation, listing one's own, adding and removing people."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

import msgspec

from conduit_widget.chat.history.store import ConversationRecord, HistoryStore, Overview
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.live.conversations import Conversations
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException, ValidationError
from conduit_widget.types import (
    ChatMessage,
    ConversationInfo,
    ConversationOptions,
    ConversationPatch,
    ConversationSettings,
    LastMessage,
    MemberInfo,
    MemberRole,
)

MAX_LISTED: Final = 200
PREVIEW_CHARS: Final = 120


class Membership:
    """Creates conversations and changes their members.

    Only an owner changes who belongs; the store is asked each time. A conversation that the caller does not
    own and one that does not exist are refused alike.
    """

    def __init__(self, store: HistoryStore, conversations: Conversations, settings: ChatSettings) -> None:
        self._store = store
        self._conversations = conversations
        self._settings = settings
        self._adding = asyncio.Lock()

    async def create(
        self, user_id: str, conversation_id: str | None, options: ConversationOptions, *, title: str | None
    ) -> ConversationInfo:
        """Create a conversation owned by the user; one that they own already is returned as it is.

        Raises:
            HubException: somebody else has the id.

        """
        conversation_id = conversation_id or str(uuid.uuid4())
        record = await self._store.create(
            conversation_id,
            owner_id=user_id,
            visibility=options.visibility or self._settings.visibility,
            assistant=options.assistant or self._settings.assistant,
            title=title,
        )
        await self._require_owner(conversation_id, user_id)
        return _created(record)

    async def of_user(self, user_id: str) -> list[ConversationInfo]:
        """Return where the user has a role or was, if it is open; at most 200, newest activity first."""
        return [info_of(found) for found in await self._store.overviews(user_id, limit=MAX_LISTED)]

    async def members(self, conversation_id: str) -> list[MemberInfo]:
        """Return everybody who has a role in a conversation, by user id."""
        found = await self._store.members(conversation_id)
        return [MemberInfo(user_id=user_id, role=role) for user_id, role in found]

    async def update(
        self, caller_id: str, conversation_id: str, patch: ConversationPatch
    ) -> ConversationSettings:
        """Change what an owner sets; everybody there is told.

        Raises:
            HubException: the caller is no owner.

        """
        conversation = await self._owned(caller_id, conversation_id)
        if not await conversation.whole(conversation.shared.configure(patch)):
            raise HubException(ErrorText.UNAUTHORIZED)
        return conversation.shared.settings("owner")

    async def delete(self, caller_id: str, conversation_id: str) -> None:
        """Delete a conversation and everything in it; everybody is taken out, on every node.

        Raises:
            HubException: the caller is no owner.

        """
        conversation = await self._owned(caller_id, conversation_id)

        async def delete() -> None:
            await self._store.delete_conversation(conversation_id)
            await self._conversations.deleted(conversation)

        await conversation.whole(delete())

    async def add(self, caller_id: str, conversation_id: str, user_id: str, role: MemberRole) -> None:
        """Give a user a role; a user who has another one gets this one instead.

        Raises:
            HubException: the caller is no owner.
            ValidationError: there are as many members as there may be, or the last owner would not be one
                any more.

        """
        await self._require_owner(conversation_id, caller_id)
        async with self._adding:  # what is counted holds until it is written
            await self._require_room(conversation_id, user_id)
            await self._change(caller_id, conversation_id, user_id, role)

    async def remove(self, caller_id: str, conversation_id: str, user_id: str) -> None:
        """Remove a user, at once and on every node; harmless when they are no member.

        Raises:
            HubException: the caller is no owner.
            ValidationError: the conversation is open to everybody, or the user is its last owner.

        """
        await self._change(caller_id, conversation_id, user_id, None)

    async def _change(
        self, caller_id: str, conversation_id: str, user_id: str, role: MemberRole | None
    ) -> None:
        conversation = await self._owned(caller_id, conversation_id)
        if role is None and conversation.access.is_open:
            raise ValidationError("conversation", "is open to everybody; nobody can be taken out of it")
        await conversation.whole(_set_role(conversation, user_id, role))

    async def _owned(self, caller_id: str, conversation_id: str) -> Conversation:
        """Return a conversation that the caller owns; use it before anything else is awaited."""
        await self._require_owner(conversation_id, caller_id)
        conversation = await self._conversations.open(conversation_id, caller_id)
        if conversation is None:
            raise HubException(ErrorText.UNAUTHORIZED)
        return conversation

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
        conversation.presence.stop_typing(user_id)


def _created(record: ConversationRecord) -> ConversationInfo:
    return info_of(Overview(record=record, role="owner", last_read_seq=0, unread=0, last=None))


def info_of(found: Overview) -> ConversationInfo:
    """Return a conversation as its line in a list tells it."""
    record = found.record
    return ConversationInfo(
        conversation_id=record.id,
        title=record.title,
        visibility=record.visibility,
        assistant=record.assistant,
        role=found.role,
        seq=record.seq,
        system_prompt=record.system_prompt,
        pinned=record.pinned,
        unread=found.unread,
        last_read_seq=found.last_read_seq,
        last_message=None if found.last is None else _last_message(found.last),
    )


def _last_message(wire: dict[str, Any]) -> LastMessage | None:
    try:
        message = ChatMessage.from_wire(wire)
    except msgspec.ValidationError:
        return None
    writer = message.author.user_name if message.author else message.metadata.get("model")
    text = " ".join(message.text[: PREVIEW_CHARS * 4].split())
    return LastMessage(
        id=message.id,
        author=writer if isinstance(writer, str) else "",
        preview=text if len(text) <= PREVIEW_CHARS else text[: PREVIEW_CHARS - 1] + "…",
        timestamp=str(message.metadata.get("timestamp", "")),
    )
