"""What a reader finds in a file, and the order in which the messages of a tree can be brought in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from conduit_widget.contract import MAX_IMPORT_MESSAGES
from conduit_widget.errors import ValidationError
from conduit_widget.text.plain_text import plain_name
from conduit_widget.text.times import iso_time

MAX_TITLE_CHARS: Final = 200


class FoundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was written elsewhere; ``parent_id`` names one that stands before it, or nothing."""

    id: str
    role: Literal["user", "assistant"]
    content: str | list[dict[str, Any]]
    parent_id: str | None = None
    author: str | None = None
    timestamp: str | None = None
    model: str | None = None
    reply_to: str | None = None


class FoundConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation in a file, oldest message first, or the ``problem`` for which it cannot be read."""

    source: str
    title: str
    messages: list[FoundMessage] = []
    problem: str | None = None


class Node(NamedTuple):
    """A place in a conversation's tree; without a message it only leads on to others."""

    parent_id: str | None
    message: FoundMessage | None


def conversation_of(source: str, title: object, messages: list[FoundMessage]) -> FoundConversation:
    """Return a conversation, or why it cannot be brought in."""
    name = title_of(title)
    if not messages:
        return FoundConversation(source=source, title=name, problem="has no text")
    if len(messages) > MAX_IMPORT_MESSAGES:
        problem = f"has {len(messages)} messages; the limit is {MAX_IMPORT_MESSAGES}"
        return FoundConversation(source=source, title=name, problem=problem)
    return FoundConversation(source=source, title=name, messages=messages)


def title_of(title: object) -> str:
    """Return a title as people can be shown it."""
    return plain_name(title, MAX_TITLE_CHARS) if isinstance(title, str) else ""


def ordered(nodes: Mapping[str, Node], newest: str | None = None) -> list[FoundMessage]:
    """Return the messages of a tree, each after the one it continues; the branch to ``newest`` comes last.

    Raises:
        ValidationError: some continue each other in a circle.

    """
    children: dict[str | None, list[str]] = {}
    for id_, node in nodes.items():
        children.setdefault(node.parent_id if node.parent_id in nodes else None, []).append(id_)
    way: set[str] = set()
    while newest is not None and newest in nodes and newest not in way:
        way.add(newest)
        newest = nodes[newest].parent_id
    messages: list[FoundMessage] = []
    waiting: list[tuple[str, str | None]] = [(id_, None) for id_ in _last_first(children.get(None, ()), way)]
    seen = 0
    while waiting:
        id_, parent_id = waiting.pop()
        seen += 1
        message = nodes[id_].message
        if message is not None:
            messages.append(msgspec.structs.replace(message, parent_id=parent_id))
        after = parent_id if message is None else id_
        waiting.extend((child, after) for child in _last_first(children.get(id_, ()), way))
    if seen < len(nodes):
        raise ValidationError("file", "has messages that continue each other in a circle")
    return messages


def _last_first(ids: Iterable[str], way: set[str]) -> list[str]:
    """Return siblings in the order in which a stack takes them: those on the way come out last."""
    newest_first = list(ids)
    newest_first.reverse()
    return sorted(newest_first, key=lambda id_: id_ not in way)


def moment_of(value: object) -> str | None:
    """Return a time (epoch seconds, or ISO 8601) as the hub takes it; None for anything else."""
    try:
        if isinstance(value, str):
            return iso_time(datetime.fromisoformat(value))
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return iso_time(float(value))
    except (ValueError, OverflowError, OSError):
        pass
    return None


def clean(text: str) -> str:
    """Return a text as a message may have it."""
    return text.replace("\0", "").strip("\n")
