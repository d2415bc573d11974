"""Reads what LibreChat exports as JSON: one conversation, its messages flat or as a tree (``children``)."""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.errors import ValidationError
from conduit_widget.widget.take_along.readers.found import (
    FoundConversation,
    FoundMessage,
    Node,
    clean,
    conversation_of,
    moment_of,
    ordered,
)

SOURCE: Final = "librechat"
_NO_PARENT: Final = "00000000-0000-0000-0000-000000000000"


def conversation(title: object, messages: object) -> FoundConversation:
    """Return the conversation.

    Raises:
        ValidationError: its messages cannot be read.

    """
    nodes: dict[str, Node] = {}
    previous: str | None = None
    for message, above in _flat(messages):
        id_ = message.get("messageId")
        if not isinstance(id_, str) or not id_:
            raise ValidationError("file", "has a message without a messageId")
        parent = message.get("parentMessageId")
        if above is not None:
            parent_id: str | None = above
        elif isinstance(parent, str):
            parent_id = None if parent == _NO_PARENT else parent
        else:
            parent_id = previous
        if id_ not in nodes:
            nodes[id_] = Node(parent_id, _message(id_, message))
        previous = id_
    return conversation_of(SOURCE, title, ordered(nodes, previous))


def _flat(messages: object) -> list[tuple[dict[str, Any], str | None]]:
    """Return all messages, those of a tree with the id of the one above."""
    waiting: list[tuple[Any, str | None]] = [(messages, None)]
    flat: list[tuple[dict[str, Any], str | None]] = []
    while waiting:
        value, above = waiting.pop()
        if isinstance(value, list):
            waiting.extend((each, above) for each in reversed(value))
        elif isinstance(value, dict) and "messageId" in value:
            flat.append((value, above))
            id_ = value["messageId"]
            waiting.append((value.get("children") or [], id_ if isinstance(id_, str) else above))
        elif isinstance(value, dict):
            waiting.append((value.get("children") or [], above))
        else:
            raise ValidationError("file", "has a message that is no object")
    return flat


def _message(id_: str, message: dict[str, Any]) -> FoundMessage | None:
    text = clean(_text(message))
    if not text.strip():
        return None
    by_user, sender, model = message.get("isCreatedByUser"), message.get("sender"), message.get("model")
    is_user = by_user is True or (by_user is None and isinstance(sender, str) and sender.lower() == "user")
    written_by = model or sender
    return FoundMessage(
        id=id_,
        role="user" if is_user else "assistant",
        content=text,
        timestamp=moment_of(message.get("createdAt")),
        model=written_by if not is_user and isinstance(written_by, str) else None,
    )


def _text(message: dict[str, Any]) -> str:
    """Return the text, which newer versions keep in parts; calls of tools and thoughts are left out."""
    text, parts = message.get("text"), message.get("content")
    if isinstance(text, str) and text.strip():
        return text
    return "\n\n".join(map(_part, parts)) if isinstance(parts, list) else ""


def _part(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type") in ("text", "error") else None
    text = text.get("value") if isinstance(text, dict) else text
    return text if isinstance(text, str) else ""
