"""What a message says of itself: its place, its version, whether it is final. Read leniently."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.nesting import is_too_deep
from conduit_widget.types import ChatMessage

FINAL_STATUSES: Final = frozenset({"complete", "cancelled", "interrupted", "error"})
_REVISED: Final = frozenset({"editedAt", "deletedAt", "reactions"})
UNSTORED: Final = "unstored"
"""The key of a message's metadata, for views only, under which stands text that was shown but not stored."""

_logger = logging.getLogger(__name__)


def seq_of(message: ChatMessage) -> int | None:
    """Return the message's place in the conversation's order."""
    seq = message.metadata.get("seq")
    return seq if isinstance(seq, int) else None


def is_deleted(message: ChatMessage) -> bool:
    """Whether only the place of a message is left."""
    return "deletedAt" in message.metadata


def is_revised(message: ChatMessage) -> bool:
    """Whether something was done to a message after it was written: edited, deleted, reacted to."""
    return not _REVISED.isdisjoint(message.metadata)


def is_final(message: ChatMessage) -> bool:
    """Whether nothing more will be written to the message."""
    if is_deleted(message):
        return True
    status = message.metadata.get("status")
    if status is not None:
        return status in FINAL_STATUSES
    if message.role != "assistant":
        return True
    return bool(message.text or message.error or message.metadata.get("finishReason"))


def position_of(message: ChatMessage) -> int:
    """The log position of the event that carried this version; 0 where the hub tells none."""
    position = message.metadata.get("eventSeq", message.metadata.get("seq"))
    return position if isinstance(position, int) else 0


def read_message(payload: object) -> ChatMessage:
    """Read a message; what nests too deep for a view, or for another's decoder, is left out of it.

    Raises:
        msgspec.ValidationError: a field is missing or has the wrong type.

    """
    message = ChatMessage.from_wire(payload)
    if not is_too_deep([message.metadata, message.attachments, message.extra]):
        return message
    return msgspec.structs.replace(
        message,
        metadata={key: value for key, value in message.metadata.items() if not is_too_deep(value)},
        attachments=[each for each in message.attachments if not is_too_deep(each)],
        extra={key: value for key, value in message.extra.items() if not is_too_deep(value)},
    )


def read_messages(payloads: Iterable[object]) -> list[ChatMessage]:
    """Read the messages of a snapshot or a page; one that cannot be read is logged and left out."""
    messages: list[ChatMessage] = []
    for payload in payloads:
        try:
            messages.append(read_message(payload))
        except Exception as error:  # noqa: BLE001 - whatever a message holds, it is one of many
            _logger.warning("A message was not understood: %s", type(error).__name__)
    return messages


def position_in(arguments: Sequence[Any]) -> int:
    """Return the log position of an event that could not be read; 0 where it tells none."""
    payload = arguments[0] if arguments else None
    metadata = payload.get("metadata") if isinstance(payload, dict) else None
    if not isinstance(metadata, dict):
        return 0
    position = metadata.get("eventSeq", metadata.get("seq"))
    return position if isinstance(position, int) else 0


def with_unstored(message: ChatMessage, shown: str) -> ChatMessage:
    """Keep what people have read of an answer beyond what a hub that was killed had stored of it."""
    text = message.text
    broke_off = message.role == "assistant" and message.metadata.get("status") == "interrupted"
    if not broke_off or len(shown) <= len(text) or not shown.startswith(text):
        return message
    metadata = {**message.metadata, UNSTORED: shown[len(text) :]}
    return msgspec.structs.replace(message, metadata=metadata)
