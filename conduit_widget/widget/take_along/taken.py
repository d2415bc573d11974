"""A conversation as it is taken along: its title and its messages, as every format writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.conversation.history_pages import HistoryPages
from conduit_widget.context.carrying import context_texts, words_of
from conduit_widget.text.markup import as_shown
from conduit_widget.text.plain_text import plain_name, writable
from conduit_widget.text.times import iso_time
from conduit_widget.types import ChatMessage

MAX_NAME_CHARS: Final = 64


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What is exported; ``exported_at`` is ISO 8601 in UTC."""

    conversation_id: str
    title: str
    exported_at: str
    messages: Sequence[ChatMessage]


async def taken_from(conversation: Conversation) -> Taken:
    """Return the whole conversation, as it is taken along."""
    messages = await HistoryPages(conversation).whole()
    settings = conversation.transcript.shared.settings
    return Taken(
        conversation_id=conversation.conversation_id,
        title=(settings.title if settings is not None else None) or conversation.conversation_id,
        exported_at=iso_time(datetime.now(UTC)),
        messages=messages,
    )


def writer_of(message: ChatMessage) -> str:
    """Return the name of who wrote a message."""
    author = message.author
    if author is not None:
        return plain_name(author.user_name, MAX_NAME_CHARS) or plain_name(author.user_id, MAX_NAME_CHARS)
    model = message.metadata.get("model")
    return plain_name(str(model or ""), MAX_NAME_CHARS) or message.role.capitalize()


def written_at(message: ChatMessage) -> str:
    """Return when a message was written, to the minute; empty where nobody knows."""
    stamp = message.metadata.get("timestamp")
    return f"{stamp[:10]} {stamp[11:16]} UTC" if isinstance(stamp, str) and len(stamp) >= 16 else ""


def body_of(message: ChatMessage) -> str:
    """Return the text of a message, and how an answer failed or was cut off."""
    parts = [writable(as_shown(words_of(message)))]
    if message.metadata.get("deletedAt"):
        return "(deleted)"
    if message.error is not None:
        parts.append(as_shown(message.error.message or f"The model failed ({message.error.type})."))
    elif (status := message.metadata.get("status")) in {"interrupted", "cancelled"}:
        parts.append(f"({status})")
    if context := context_texts(message):
        parts.append("\n\n".join(["With this context:", *(writable(as_shown(each)) for each in context)]))
    return "\n\n".join(filter(None, parts)) or "(no text)"
