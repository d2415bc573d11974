"""Reads our own export (``take_along/formats.py``)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.errors import ValidationError
from conduit_widget.types import ChatMessage
from conduit_widget.widget.take_along.readers.found import (
    FoundConversation,
    FoundMessage,
    Node,
    clean,
    conversation_of,
    moment_of,
)

SOURCE: Final = "conduit-chat"
VERSION: Final = 1


def conversation(version: object, title: object, messages: object) -> FoundConversation:
    """Return the conversation; what was deleted is left out.

    Raises:
        ValidationError: a newer version wrote it, or a message cannot be read; the text says which.

    """
    if version != VERSION:
        raise ValidationError("file", f"has a format other than {VERSION}, the one this version reads")
    if not isinstance(messages, list):
        raise ValidationError("file", "has no list of messages")
    nodes: dict[str, Node] = {}
    kept: list[FoundMessage] = []
    previous: str | None = None
    for number, wire in enumerate(messages):
        message = _checked(number, wire)
        if message.id in nodes:
            raise ValidationError("file", f"messages[{number}] has the id of another message")
        known = message.parent_id is not None and message.parent_id in nodes
        is_root = message.parent_id is None and "editOf" in message.metadata
        parent_id = message.parent_id if known else None if is_root else previous
        found = _message(message, _kept(parent_id, nodes))
        nodes[message.id] = Node(parent_id, found)
        previous = message.id
        if found is not None:
            kept.append(found)
    ids = {each.id for each in kept}
    return conversation_of(SOURCE, title, [_without_lost_source(each, ids) for each in kept])


def _checked(number: int, wire: object) -> ChatMessage:
    try:
        return ChatMessage.from_wire(wire)
    except msgspec.ValidationError as error:
        raise ValidationError("file", f"messages[{number}]: {error}") from None


def _kept(id_: str | None, nodes: dict[str, Node]) -> str | None:
    """Return the nearest message before that is brought in: a parent always stands before its children."""
    while id_ is not None and nodes[id_].message is None:
        id_ = nodes[id_].parent_id
    return id_


def _message(message: ChatMessage, parent_id: str | None) -> FoundMessage | None:
    metadata = message.metadata
    content = message.content
    if not isinstance(content, str):
        parts: list[dict[str, Any]] = msgspec.to_builtins(content)
        written: str | list[dict[str, Any]] = parts
        has_text = bool(parts)
    else:
        written = clean(content)
        has_text = bool(written.strip())
    if message.role not in ("user", "assistant") or "deletedAt" in metadata or not has_text:
        return None
    reply_to, model = metadata.get("replyTo"), metadata.get("model")
    return FoundMessage(
        id=message.id,
        role=message.role,
        content=written,
        parent_id=parent_id,
        author=message.author.user_name if message.author is not None else None,
        timestamp=moment_of(metadata.get("timestamp")),
        model=model if isinstance(model, str) else None,
        reply_to=reply_to if isinstance(reply_to, str) else None,
    )


def _without_lost_source(message: FoundMessage, ids: set[str]) -> FoundMessage:
    if message.reply_to is None or message.reply_to in ids:
        return message
    return msgspec.structs.replace(message, reply_to=None)
