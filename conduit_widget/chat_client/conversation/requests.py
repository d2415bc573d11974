"""What a member asks the hub of conversations: to find, to list, to set, to say who belongs."""

from __future__ import annotations

from typing import Final

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.sending.performing import is_unknown_method
from conduit_widget.errors import ConduitError, HubException
from conduit_widget.types import (
    ConversationInfo,
    ConversationOptions,
    ConversationPatch,
    ConversationSettings,
    HistoryPage,
    ImportBatch,
    ImportReceipt,
    MemberInfo,
    MemberOptions,
    MemberRole,
    SearchOptions,
    SearchResult,
)

LARGEST_PAGE: Final = 200


class Requests:
    """The requests of one conversation's member.

    Every method raises HubException (refused; the text is for people), ConnectionLostError or
    InvocationTimeoutError.
    """

    def __init__(self, conversation_id: str, hub: ChatHubClient) -> None:
        self._id = conversation_id
        self._hub = hub

    async def search(self, query: str, options: SearchOptions) -> SearchResult:
        """Return the newest messages that have it all; ``options`` say where."""
        return await self._hub.search_messages(query, options)

    async def mark_read(self, seq: int) -> None:
        """Note that oneself has read up to ``seq``."""
        await self._hub.mark_read(self._id, seq)

    async def conversations(self) -> list[ConversationInfo]:
        """Return one's conversations, newest activity first."""
        return await self._hub.list_conversations()

    async def create(self, options: ConversationOptions) -> ConversationInfo:
        """Create a conversation."""
        return await self._hub.create_conversation(options)

    async def update(
        self, patch: ConversationPatch, conversation_id: str | None = None
    ) -> ConversationSettings:
        """Change the settings of this conversation, or of another one."""
        return await self._hub.update_conversation(conversation_id or self._id, patch)

    async def delete(self, conversation_id: str | None = None) -> None:
        """Delete this conversation, or another one, for good."""
        await self._hub.delete_conversation(conversation_id or self._id)

    async def import_batch(self, key: str, batch: ImportBatch) -> ImportReceipt:
        """Bring in some messages of the conversation that ``key`` names, see the hub's method."""
        try:
            return await self._hub.import_conversation(key, batch)
        except HubException as error:
            if is_unknown_method(error):
                raise ConduitError("This hub cannot import conversations.") from None
            raise

    async def members(self) -> list[MemberInfo]:
        """Return everybody with a role."""
        return await self._hub.list_members(self._id)

    async def set_role(self, user_id: str, role: MemberRole | None) -> None:
        """Give a user a role; None removes them."""
        if role is None:
            await self._hub.remove_member(self._id, user_id)
        else:
            await self._hub.add_member(self._id, MemberOptions(user_id=user_id, role=role))

    async def page_after(self, seq: int) -> HistoryPage:
        """Return all messages of the next :data:`LARGEST_PAGE` positions after ``seq``, oldest first.

        Its ``has_more`` says nothing of what comes after.
        """
        until = seq + LARGEST_PAGE
        page = await self._hub.get_history(self._id, until + 1, LARGEST_PAGE)
        found = page.messages
        while page.has_more and page.messages and _seq(page.messages[0]) > seq + 1:  # large ones: a part came
            page = await self._hub.get_history(self._id, _seq(page.messages[0]), LARGEST_PAGE)
            found = page.messages + found
        return HistoryPage(messages=[each for each in found if _seq(each) > seq], has_more=False)


def _seq(message: dict[str, object]) -> int:
    metadata = message.get("metadata")
    seq = metadata.get("seq") if isinstance(metadata, dict) else None
    return seq if isinstance(seq, int) else 0
