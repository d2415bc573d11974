"""Bringing in a file that somebody chose in a view."""

from __future__ import annotations

from typing import Any

from conduit_widget.errors import ValidationError
from conduit_widget.widget.requests.handler import AskedChat, Serve
from conduit_widget.widget.take_along.bringing import Bringing


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Take the file piece by piece, read it, and bring in one conversation a request."""
    match content:
        case {"kind": "import", "requestId": id_, "action": str() as action, **rest}:
            serve(id_, _import(chat, action, rest))
        case _:
            return False
    return True


async def _import(chat: AskedChat, action: str, rest: dict[Any, Any]) -> Any:
    match {**rest, "action": action}:
        case {"action": "begin", "size": int() as size}:
            return chat.uploads.begin(size)
        case {"action": "part", "id": str() as id_, "at": int() as at, "data": str() as data}:
            return chat.uploads.add(id_, at, data)
        case {"action": "read", "id": str() as id_}:
            conversations, messages = await chat.uploads.read(id_)
            return {"conversations": conversations, "messages": messages}
        case {"action": "next", "id": str() as id_}:
            conversation = chat.conversation
            bringing = Bringing(conversation.requests, conversation.connectivity.wait_live)
            result, left = await chat.uploads.bring_next(id_, bringing)
            return {"left": left, "conversation": result.to_wire()}
        case {"action": "forget", "id": str() as id_}:
            return chat.uploads.forget(id_)
        case _:
            raise ValidationError("action", "is not one this version knows.")
