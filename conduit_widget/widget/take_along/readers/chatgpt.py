"""Reads ChatGPT's ``conversations.json``: a list of conversations, each a tree of nodes by id.

What a person saw is kept: their own messages and what the model said to them. Its calls of tools, their
results, its thoughts and what was hidden are left out; what continued them continues what came before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal, cast

import msgspec

from conduit_widget.errors import ValidationError
from conduit_widget.widget.take_along.readers.found import (
    FoundConversation,
    FoundMessage,
    Node,
    clean,
    conversation_of,
    moment_of,
    ordered,
    title_of,
)

SOURCE: Final = "chatgpt"
_ROLES: Final = ("user", "assistant")
# What the page shows as links: marks in the private area around the name of a source.
_CITATION: Final = re.compile("\ue200[^\ue200\ue201]*\ue201")


class Exported(msgspec.Struct):
    """A conversation of the file, as far as it is read; anything may be of another kind than it should."""

    mapping: Any = None
    title: Any = None
    current_node: Any = None
    default_model_slug: Any = None


def conversations(exported: list[Exported]) -> Iterator[FoundConversation]:
    """Yield each conversation, or why it cannot be read."""
    for each in exported:
        try:
            yield conversation_of(SOURCE, each.title, _messages(each))
        except ValidationError as error:
            yield FoundConversation(source=SOURCE, title=title_of(each.title), problem=error.problem)


def _messages(exported: Exported) -> list[FoundMessage]:
    if not isinstance(exported.mapping, dict):
        raise ValidationError("file", "has no messages")
    nodes: dict[str, Node] = {}
    for id_, node in exported.mapping.items():
        if isinstance(node, dict):
            parent, message = node.get("parent"), node.get("message")
            found = _message(id_, message, exported) if isinstance(message, dict) else None
            nodes[id_] = Node(parent if isinstance(parent, str) else None, found)
    newest = exported.current_node
    return ordered(nodes, newest if isinstance(newest, str) else None)


def _message(id_: str, message: dict[str, Any], exported: Exported) -> FoundMessage | None:
    author, metadata = _dict(message.get("author")), _dict(message.get("metadata"))
    role = author.get("role")
    is_hidden = metadata.get("is_visually_hidden_from_conversation") is True
    if role not in _ROLES or is_hidden or message.get("recipient") not in ("all", None):
        return None
    text = clean(_text(_dict(message.get("content"))))
    if not text.strip():
        return None
    model = metadata.get("model_slug") or exported.default_model_slug
    return FoundMessage(
        id=id_,
        role=cast("Literal['user', 'assistant']", role),
        content=text,
        timestamp=moment_of(message.get("create_time")),
        model=model if role == "assistant" and isinstance(model, str) else None,
    )


def _text(content: dict[str, Any]) -> str:
    kind, parts = content.get("content_type"), content.get("parts")
    if kind == "code" and isinstance(content.get("text"), str):
        language = content.get("language")
        return f"```{language if language != 'unknown' else ''}\n{content['text']}\n```"
    if kind not in ("text", "multimodal_text") or not isinstance(parts, list):
        return ""
    return _CITATION.sub("", "\n\n".join(filter(None, map(_part, parts))))


def _part(part: object) -> str:
    """Return a part's text; of what is no text, a word that it was there."""
    if isinstance(part, str):
        return part
    known = _dict(part)
    if isinstance(known.get("text"), str):
        return str(known["text"])
    return (
        "[image]" if known.get("content_type") == "image_asset_pointer" else "[attachment]" if known else ""
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
