"""Reading a conversation's past."""

from __future__ import annotations

from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_history_request
from conduit_widget.contract import ChatMethod
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import HistoryPage


class HistoryMethods(ChatMethods):
    """Pages of older messages."""

    @hub_method(ChatMethod.GET_HISTORY, reads=True)
    async def get_history(
        self, caller: HubConnectionContext, conversation_id: str, before_seq: int, limit: int
    ) -> HistoryPage:
        """Return up to ``limit`` messages before ``before_seq``, oldest first; fewer if they are large."""
        await self._readable(caller, conversation_id)
        before_seq, limit = check_history_request(before_seq, limit, self._settings.max_history_page)
        return await self._store.history(
            conversation_id, before_seq=before_seq, limit=limit, max_bytes=self._settings.reply_bytes
        )
