"""Pinning messages: everybody in the conversation sees them together."""

from __future__ import annotations

from typing import Any

from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_message_id
from conduit_widget.contract import ChatMethod, ErrorText
from conduit_widget.errors import HubException, NotInHistoryError
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext


class PinMethods(ChatMethods):
    """Messages that are kept at hand."""

    @hub_method(ChatMethod.PIN_MESSAGE)
    async def pin_message(self, caller: HubConnectionContext, conversation_id: str, message_id: str) -> None:
        """Pin a message for everybody; whoever may write may. One that is pinned already stays as it is."""
        await self._pin(caller, conversation_id, message_id, is_on=True)

    @hub_method(ChatMethod.UNPIN_MESSAGE)
    async def unpin_message(
        self, caller: HubConnectionContext, conversation_id: str, message_id: str
    ) -> None:
        """Take a message's pin away; without one nothing changes."""
        await self._pin(caller, conversation_id, message_id, is_on=False)

    @hub_method(ChatMethod.LIST_PINNED, reads=True)
    async def list_pinned(self, caller: HubConnectionContext, conversation_id: str) -> list[dict[str, Any]]:
        """Return the pinned messages of a joined conversation, the oldest first."""
        await self._readable(caller, conversation_id)
        return await self._store.pinned(conversation_id)

    async def _pin(
        self, caller: HubConnectionContext, conversation_id: str, message_id: str, *, is_on: bool
    ) -> None:
        check_message_id(message_id)
        conversation = await self._writable(caller, conversation_id)
        try:
            await conversation.revisions.pin(message_id, caller.user.user_id, is_on=is_on)
        except NotInHistoryError:
            raise HubException(ErrorText.UNAUTHORIZED) from None
