"""Beyond the newest messages: to find, to jump, to take along."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.conversation.requests import LARGEST_PAGE
from conduit_widget.errors import ConduitError
from conduit_widget.types import SearchOptions
from conduit_widget.widget.requests.handler import AskedChat, Serve, converted
from conduit_widget.widget.take_along.formats import exported, file_name, format_of
from conduit_widget.widget.take_along.taken import taken_from

AROUND: Final = 25
"""How many positions before a jump's goal are loaded at least."""
FARTHEST: Final = 4800
"""How many messages may be loaded for a jump: what the transcript holds, less a page."""


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Search, load what lies around a position, or export."""
    conversation = chat.conversation
    match content:
        case {"kind": "search", "requestId": id_, "query": str() as query, **rest}:
            serve(id_, _search(conversation, query, rest.get("options") or {}))
        case {"kind": "around", "requestId": id_, "seq": int() as seq}:
            serve(id_, _around(conversation, seq))
        case {"kind": "export", "requestId": id_, "format": str() as wanted}:
            serve(id_, _export(conversation, wanted))
        case _:
            return False
    return True


async def _search(conversation: Conversation, query: str, options: Any) -> dict[str, Any]:
    wanted = converted("options", options, SearchOptions)
    return (await conversation.requests.search(query, wanted)).to_wire()


async def _around(conversation: Conversation, seq: int) -> dict[str, Any]:
    """Load all from the oldest message here to some before ``seq``: the transcript has no holes."""
    await conversation.connectivity.wait_live()  # it may have been entered just now
    transcript = conversation.transcript
    goal = max(seq - AROUND, 1)
    while transcript.has_more and (oldest := transcript.oldest_seq) is not None and oldest > goal:
        if len(transcript.messages) > FARTHEST:
            raise ConduitError("That message is too far back to be shown here; export the chat to read it.")
        if not await conversation.load_history(oldest, LARGEST_PAGE):
            break
    return {"seq": seq, "hasMore": transcript.has_more}


async def _export(conversation: Conversation, wanted: str) -> dict[str, str]:
    format_ = format_of("", wanted)
    taken = await taken_from(conversation)
    return {"name": file_name(taken, format_), "text": await asyncio.to_thread(exported, taken, format_)}
