"""Messages: what people write, and what they do to what was written."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.access.defaults import defaults
from conduit_widget.context.carrying import as_confirmed, reworded, with_context
from conduit_widget.errors import ValidationError
from conduit_widget.widget.answers.question import check_text, user_message
from conduit_widget.widget.attachments.waiting_files import PREFIX
from conduit_widget.widget.requests.handler import AskedChat, Serve

_PASSED_ON: Final = ("replyTo", "mentions", "parameters", "contextStart")
"""Options of a new message that the hub reads as they are."""


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Send a message, or change one that is there."""
    match content:
        case {"kind": "send", "requestId": request_id, "id": str() as id_, "text": text, **options}:
            serve(request_id, _send(chat, id_, text, options))
        case {"kind": "edit", "requestId": request_id, "messageId": str() as id_, "text": text}:
            serve(request_id, _edit(chat, id_, text))
        case {"kind": "react", "requestId": request_id, "messageId": str() as id_, **reaction}:
            serve(request_id, _react(chat, id_, reaction))
        case {"kind": "pin", "requestId": request_id, "messageId": str() as id_, "on": bool() as is_on}:
            serve(request_id, chat.conversation.revisions.pin(id_, is_on=is_on))
        case {"kind": "pinned", "requestId": request_id}:
            serve(request_id, chat.conversation.revisions.pinned())
        case {"kind": "regenerate", "requestId": request_id, "messageId": str() as id_, **options}:
            serve(request_id, _regenerate(chat, id_, options))
        case {"kind": "delete", "requestId": request_id, "messageId": str() as id_}:
            serve(request_id, chat.conversation.revisions.delete(id_, waits=False))
        case _:
            return False
    return True


async def _send(chat: AskedChat, message_id: str, text: Any, options: dict[Any, Any]) -> dict[str, Any]:
    choice = {name: options.get(name) for name in ("provider", "model")}
    if not any(choice.values()):
        choice = {"provider": defaults().provider, "model": defaults().model}
    ids = _file_ids(options.get("files"))
    waiting = [each for each in ids if each.startswith(PREFIX)]
    message = user_message(text, message_id=message_id, may_be_empty=bool(ids), **choice)
    if options.get("context"):
        message = with_context(message, as_confirmed(options["context"]))
    given = {name: options[name] for name in _PASSED_ON if options.get(name) is not None}
    message = msgspec.structs.replace(
        message,
        parent_id=_text("parentId", options.get("parentId")),
        attachments=[{"id": each} for each in ids if each not in waiting],  # the hub fills in the rest
        metadata={**message.metadata, **given},
    )
    receipt = await chat.questions.send(message, files=chat.waiting_files.contents(waiting))
    for each in waiting:
        chat.waiting_files.forget(each)
    return receipt.to_wire()


async def _edit(chat: AskedChat, message_id: str, text: Any) -> dict[str, Any] | None:
    """Give a message another text; return the receipt, None where that waits for the hub."""
    check_text(text)
    conversation = chat.conversation
    content = reworded(conversation.transcript.message(message_id), text.rstrip())
    receipt = await conversation.revisions.edit(message_id, content, waits=False)
    return None if receipt is None else receipt.to_wire()


async def _react(chat: AskedChat, message_id: str, reaction: dict[Any, Any]) -> None:
    match reaction:
        case {"emoji": str() as emoji, "on": bool() as is_on}:
            await chat.conversation.revisions.react(message_id, emoji, is_on=is_on, waits=False)
        case _:
            raise ValidationError("emoji", "needs a text, and whether it is on.")


async def _regenerate(chat: AskedChat, message_id: str, options: dict[Any, Any]) -> dict[str, Any]:
    choice = {name: options.get(name) for name in ("provider", "model")}
    return (await chat.conversation.revisions.regenerate(message_id, **choice)).to_wire()


def _file_ids(ids: object) -> list[str]:
    if ids is None:
        return []
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise ValidationError("files", "must be a list of ids.")
    return ids


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise ValidationError(name, f"must be a text, not {type(value).__name__}.")
