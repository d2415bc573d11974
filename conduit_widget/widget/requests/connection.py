"""The way to the hub: signs of life, trying again, and how the providers are."""

from __future__ import annotations

import asyncio

from conduit_widget.widget.requests.handler import AskedChat, Serve


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Tell that somebody types, connect now, ask how the providers are or how far the hub is, go on."""
    match content:
        case {"kind": "typing", "isTyping": bool() as is_typing}:
            chat.conversation.typing.set(is_typing=is_typing)
        case {"kind": "retry"}:
            chat.conversation.retry_now()
        case {"kind": "providers"}:
            chat.conversation.news.ask()
        case {"kind": "health", "requestId": request_id}:
            serve(request_id, _round_trip(chat))
        case {"kind": "resume", "requestId": request_id}:
            serve(request_id, chat.conversation.pausing.resume())
        case _:
            return False
    return True


async def _round_trip(chat: AskedChat) -> dict[str, float]:
    """Time a call that costs the hub next to nothing, in ms; SignalR's pings are not answered."""
    clock = asyncio.get_running_loop().time
    began = clock()
    await chat.conversation.providers.refresh()
    return {"latency": round((clock() - began) * 1000, 1)}
