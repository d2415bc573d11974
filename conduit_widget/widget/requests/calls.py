"""Calls: a view joins, says what it sends, passes signals on, leaves."""

from __future__ import annotations

from typing import Any

from conduit_widget.chat_client.conversation.calls import Calls
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.errors import ValidationError
from conduit_widget.types import CallMedia
from conduit_widget.widget.requests.handler import AskedChat, Serve, converted


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Take part in the call for a view."""
    match content:
        case {"kind": "call", "peerId": str() as peer_id, "action": "alive"}:
            chat.conversation.calls.alive(peer_id)
        case {"kind": "call", "requestId": id_, "action": "page"}:
            serve(id_, _page(chat))
        case {"kind": "call", "requestId": id_, "peerId": str() as peer_id, "action": action, **rest}:
            serve(id_, _act(chat.conversation.calls, action, peer_id, rest))
        case _:
            return False
    return True


async def _page(chat: AskedChat) -> dict[str, Any]:
    """Return the address of the call's page at the hub, and for how many seconds it is good."""
    ticket = await chat.conversation.calls.page()
    base = (await chat.hub_url()).partition("?")[0].removesuffix(CHAT_HUB_PATH)
    return {"url": f"{base}{ticket.path}#{ticket.ticket}", "expiresIn": ticket.expires_in}


async def _act(calls: Calls, action: object, peer_id: str, rest: dict[Any, Any]) -> Any:
    match action, rest:
        case "join", {"media": media}:
            return (await calls.join(peer_id, converted("media", media, CallMedia))).to_wire()
        case "update", {"media": media}:
            return await calls.update(peer_id, converted("media", media, CallMedia))
        case "leave", _:
            return await calls.leave(peer_id)
        case "signal", {"toPeerId": str() as to, "signal": dict() as signal}:
            return await calls.signal(peer_id, to, signal)
        case _:
            raise ValidationError("action", "is not one this version knows.")
