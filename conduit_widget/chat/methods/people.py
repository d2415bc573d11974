"""What people do besides writing messages: typing, and reading."""

from __future__ import annotations

from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_position
from conduit_widget.contract import ChatMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext


class PeopleMethods(ChatMethods):
    """What is shown to the others beside the messages."""

    @hub_method(ChatMethod.START_TYPING)
    async def start_typing(self, caller: HubConnectionContext, conversation_id: str) -> None:
        """Show the caller as typing until they stop, send, leave, or 6 s pass without another call."""
        conversation = await self._writable(caller, conversation_id)
        conversation.presence.start_typing(caller.user.user_id)

    @hub_method(ChatMethod.STOP_TYPING)
    async def stop_typing(self, caller: HubConnectionContext, conversation_id: str) -> None:
        """Stop showing the caller as typing."""
        conversation = await self._writable(caller, conversation_id)
        conversation.presence.stop_typing(caller.user.user_id)

    @hub_method(ChatMethod.MARK_READ, reads=True)
    async def mark_read(self, caller: HubConnectionContext, conversation_id: str, seq: int) -> None:
        """Note that the caller has read up to ``seq``; one that is lower than before changes nothing."""
        conversation = await self._readable(caller, conversation_id)
        check_position("seq", seq)
        await conversation.whole(conversation.shared.mark_read(caller.user.user_id, seq))
