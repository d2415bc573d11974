"""Creating conversations, listing one's own, and deciding who belongs to them."""

from __future__ import annotations

from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import (
    check_conversation_id,
    check_patch,
    check_title,
    check_user_id,
)
from conduit_widget.contract import ChatMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import (
    ConversationInfo,
    ConversationOptions,
    ConversationPatch,
    ConversationSettings,
    MemberInfo,
    MemberOptions,
)


class MemberMethods(ChatMethods):
    """Conversations and their members."""

    @hub_method(ChatMethod.CREATE_CONVERSATION)
    async def create_conversation(
        self, caller: HubConnectionContext, options: ConversationOptions
    ) -> ConversationInfo:
        """Create a conversation owned by the caller, or return theirs of that id unchanged. Nobody joins."""
        conversation_id = None if options.id is None else check_conversation_id(options.id)
        return await self._membership.create(
            caller.user.user_id, conversation_id, options, title=check_title(options.title)
        )

    @hub_method(ChatMethod.LIST_CONVERSATIONS, reads=True)
    async def list_conversations(self, caller: HubConnectionContext) -> list[ConversationInfo]:
        """Return the caller's conversations, newest activity first: see :meth:`.Membership.of_user`."""
        return await self._membership.of_user(caller.user.user_id)

    @hub_method(ChatMethod.UPDATE_CONVERSATION)
    async def update_conversation(
        self, caller: HubConnectionContext, conversation_id: str, patch: ConversationPatch
    ) -> ConversationSettings:
        """Change title, assistant, system prompt or whether it is pinned; everybody is told. For owners."""
        conversation_id = check_conversation_id(conversation_id)
        return await self._membership.update(caller.user.user_id, conversation_id, check_patch(patch))

    @hub_method(ChatMethod.DELETE_CONVERSATION)
    async def delete_conversation(self, caller: HubConnectionContext, conversation_id: str) -> None:
        """Delete a conversation and everything in it, for good; everybody is taken out. For owners."""
        await self._membership.delete(caller.user.user_id, check_conversation_id(conversation_id))
        self._collect_files()

    @hub_method(ChatMethod.LIST_MEMBERS, reads=True)
    async def list_members(self, caller: HubConnectionContext, conversation_id: str) -> list[MemberInfo]:
        """Return everybody who has a role in a joined conversation, by user id."""
        await self._readable(caller, conversation_id)
        return await self._membership.members(conversation_id)

    @hub_method(ChatMethod.ADD_MEMBER)
    async def add_member(
        self, caller: HubConnectionContext, conversation_id: str, member: str | MemberOptions
    ) -> None:
        """Give a user a role: ``member`` is their id, for a member, or ``{userId, role}``. For owners."""
        wanted = MemberOptions(user_id=member) if isinstance(member, str) else member
        user_id = check_user_id(wanted.user_id)
        conversation_id = check_conversation_id(conversation_id)
        await self._membership.add(caller.user.user_id, conversation_id, user_id, wanted.role)

    @hub_method(ChatMethod.REMOVE_MEMBER)
    async def remove_member(self, caller: HubConnectionContext, conversation_id: str, user_id: str) -> None:
        """Remove a user; their open connections lose the conversation at once. For owners."""
        user_id = check_user_id(user_id)
        conversation_id = check_conversation_id(conversation_id)
        await self._membership.remove(caller.user.user_id, conversation_id, user_id)
