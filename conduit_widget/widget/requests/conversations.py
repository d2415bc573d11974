"""Conversations as a whole: the list of one's own, their settings, and who belongs."""

from __future__ import annotations

from typing import Any, Final, cast, get_args

from conduit_widget.chat_client.conversation.requests import Requests
from conduit_widget.errors import ValidationError
from conduit_widget.types import ConversationOptions, ConversationPatch, MemberRole
from conduit_widget.widget.requests.handler import AskedChat, Serve, converted

_ROLES: Final = get_args(MemberRole)


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """List, create, change or delete conversations; list or change members."""
    requests = chat.conversation.requests
    match content:
        case {"kind": "conversations", "requestId": id_}:
            serve(id_, _list(requests))
        case {"kind": "conversation", "requestId": id_, "action": str() as action, **rest}:
            serve(id_, _conversation(requests, action, _named(rest)))
        case {"kind": "members", "requestId": id_, "action": str() as action, **rest}:
            serve(id_, _members(requests, action, _named(rest)))
        case _:
            return False
    return True


async def _list(requests: Requests) -> list[dict[str, Any]]:
    return [each.to_wire() for each in await requests.conversations()]


async def _conversation(requests: Requests, action: str, rest: dict[str, Any]) -> Any:
    id_ = rest.get("conversationId")
    if id_ is not None and not isinstance(id_, str):
        raise ValidationError("conversation id", "must be text")
    match action:
        case "create":
            return (await requests.create(converted("options", rest, ConversationOptions))).to_wire()
        case "rename":
            patch = ConversationPatch(title=_text("title", rest.get("title")))
            return (await requests.update(patch, id_)).to_wire()
        case "update":
            return (await requests.update(converted("options", rest, ConversationPatch), id_)).to_wire()
        case "delete":
            return await requests.delete(id_)
        case _:
            raise ValidationError("action", "is not one this version knows.")


async def _members(requests: Requests, action: str, rest: dict[str, Any]) -> Any:
    if action == "list":
        return [each.to_wire() for each in await requests.members()]
    user_id = _text("user id", rest.get("userId"))
    match action:
        case "add" | "role":
            role = rest.get("role") or "member"
            if role not in _ROLES:
                raise ValidationError("role", f"must be one of {', '.join(_ROLES)}")
            return await requests.set_role(user_id, cast("MemberRole", role))
        case "remove":
            return await requests.set_role(user_id, None)
        case _:
            raise ValidationError("action", "is not one this version knows.")


def _named(rest: dict[Any, Any]) -> dict[str, Any]:
    return {name: value for name, value in rest.items() if isinstance(name, str)}


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValidationError(field, "must be text")
    return value
