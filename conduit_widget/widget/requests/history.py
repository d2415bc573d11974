"""The past: older messages for the transcript, and how far it was read."""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.contract import MAX_HISTORY_PAGE
from conduit_widget.widget.requests.handler import AskedChat, Serve

_HISTORY_PAGE: Final = min(50, MAX_HISTORY_PAGE)


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Load older messages, or note how far somebody has read."""
    match content:
        case {"kind": "history", "requestId": request_id, "beforeSeq": int() as before}:
            serve(request_id, _history(chat, before))
        case {"kind": "read", "seq": int() as seq}:
            chat.conversation.reading.mark(seq)
        case _:
            return False
    return True


async def _history(chat: AskedChat, before_seq: int) -> dict[str, Any]:
    conversation = chat.conversation
    count = await conversation.load_history(before_seq, _HISTORY_PAGE)
    return {"count": count, "hasMore": conversation.transcript.has_more}
