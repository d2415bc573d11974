"""How context travels: in parts of a message's content after the words, told apart by ``metadata.context``.

The first part is what the person wrote. Each entry of ``metadata.context`` (``name``, ``kind``, ``title``,
``masked``, ``cut``) stands for the next text part, which begins with ``@name:``; pictures follow their text.
A model reads all of it, people see it folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from conduit_widget.context.described import CONTEXT_BYTES, MAX_ITEMS, Described, fenced, sendable
from conduit_widget.errors import ValidationError
from conduit_widget.types import ChatMessage, Content, ImagePart, ImageUrl, TextPart

KEY: Final = "context"
_MARKDOWN: Final = frozenset({"cell", "error"})
"""Kinds whose text has fences of its own."""


MOST_BYTES: Final = CONTEXT_BYTES + 4_096
"""What people may make of it by editing."""


def as_confirmed(given: object) -> list[Described]:
    """Return the context that somebody has seen and sends.

    Raises:
        ValidationError: it is none, or more than one message takes.

    """
    try:
        described = msgspec.convert(given, list[Described])
    except msgspec.ValidationError as error:
        raise ValidationError(KEY, f"cannot be used: {error}") from None
    size = sum(each.size for each in described)
    if len(described) > MAX_ITEMS:
        raise ValidationError(KEY, f"has {len(described)} entries; the limit is {MAX_ITEMS}")
    if size > MOST_BYTES:
        raise ValidationError(KEY, f"has {size:,} bytes; the limit is {MOST_BYTES:,}. Leave something out")
    return [msgspec.structs.replace(each, text=sendable(each.text)) for each in described]


def with_context(message: ChatMessage, described: Sequence[Described]) -> ChatMessage:
    """Return a message with its context; what could not be described is left out."""
    told = [each for each in described if not each.problem]
    if not told:
        return message
    parts: list[TextPart | ImagePart] = [TextPart(text=words_of(message))]
    for each in told:
        parts.append(TextPart(text=_text(each)))
        if each.image is not None:
            parts.append(ImagePart(image_url=ImageUrl(url=each.image)))
    metadata = {**message.metadata, KEY: [_entry(each) for each in told]}
    return msgspec.structs.replace(message, content=parts, metadata=metadata)


def words_of(message: ChatMessage) -> str:
    """Return what the person wrote, without the context that goes with it."""
    content = message.content
    if isinstance(content, str) or not message.metadata.get(KEY):
        return message.text
    return content[0].text if content and isinstance(content[0], TextPart) else ""


def context_texts(message: ChatMessage) -> list[str]:
    """Return the texts of a message's context, as the model reads them."""
    if isinstance(message.content, str) or not message.metadata.get(KEY):
        return []
    return [part.text for part in message.content[1:] if isinstance(part, TextPart)]


def reworded(message: ChatMessage | None, text: str) -> Content:
    """Return what a message says with other words and the same context."""
    if message is None or isinstance(message.content, str) or not message.metadata.get(KEY):
        return text
    return [TextPart(text=text), *message.content[1:]]


def context_line(message: ChatMessage) -> str:
    """Return in a line what went with a message: ``With @df (DataFrame, …), @error (…)``; or nothing."""
    entries = message.metadata.get(KEY)
    names = [_words(each) for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return f"With {', '.join(names)}" if names else ""


def _words(entry: dict[str, Any]) -> str:
    name, title = str(entry.get("name", "")), str(entry.get("title", ""))
    return f"@{name} ({title})" if title else f"@{name}"


def _text(each: Described) -> str:
    head = f"@{each.name}: {each.title}" if each.title else f"@{each.name}:"
    if not each.text:
        return head
    body = (
        each.text
        if each.kind in _MARKDOWN
        else fenced(each.text, "python" if each.kind == "code" else "text")
    )
    return f"{head}\n{body}"


def _entry(each: Described) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": each.name, "kind": each.kind, "title": each.title}
    if each.masked:
        entry["masked"] = list(each.masked)
    if each.said is not None:
        entry["said"] = each.said.to_wire()
    if each.cut:
        entry["cut"] = each.cut
    return entry
