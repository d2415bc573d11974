"""What a client may send: checked before anything is stored, refused with the field, the limit and the size.

Nothing here echoes what was sent. Content is kept raw (escaping is the reader's business), but for NUL and
lone surrogates, which not every reader or store can hold. ``author`` always comes from the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from conduit_widget.contract import MAX_CONTENT_BYTES, MAX_ID_CHARS
from conduit_widget.errors import ValidationError
from conduit_widget.hub.plain_text import is_plain
from conduit_widget.types import Author, ChatMessage, Content, ImagePart, TextPart

from .answer_options import AnswerOptions, read_options

__all__ = [
    "MAX_EXTRA_BYTES",
    "check_conversation_id",
    "check_history_request",
    "check_message",
    "check_message_id",
    "check_position",
    "check_title",
    "check_user_id",
]

MAX_EXTRA_BYTES: Final = 8 * 1024
"""Most that metadata, attachments and unknown keys may weigh together, as JSON."""
MAX_TITLE_CHARS: Final = 200
MAX_PARTS: Final = 32
MAX_POSITION: Final = 2**53 - 1

_SERVER_OWNED: Final = frozenset(
    {
        "conversationId",
        "seq",
        "eventSeq",
        "timestamp",
        "updatedAt",
        "status",
        "finishReason",
        "providerFinishReason",
        "promptTokens",
        "completionTokens",
        "tokensUsed",
        "tokensEstimated",
        "tokensPerSecond",
        "timeToFirstToken",
        "latency",
        "segments",
    }
)
_KNOWN_KEYS: Final = frozenset(
    {"id", "role", "content", "parentId", "author", "attachments", "metadata", "error"}
)
# Categories Cc, Cs, Zl and Zp: controls, lone surrogates, separators of lines and paragraphs.
_IMAGE_SCHEMES: Final = ("https://", "http://", "data:image/")


def check_conversation_id(value: str) -> str:
    """Return a well-formed conversation id.

    Raises:
        ValidationError: empty, too long, or with control characters.

    """
    return _identifier("conversationId", value)


def check_message_id(value: Any, field: str = "messageId") -> str:
    """Return a well-formed message id.

    Raises:
        ValidationError: not text, empty, too long, or with control characters.

    """
    return _identifier(field, value)


def check_user_id(value: str) -> str:
    """Return a well-formed user id, as the subject of a token may be.

    Raises:
        ValidationError: empty, too long, or with control or invisible characters.

    """
    return _identifier("userId", value)


def check_title(value: str | None) -> str | None:
    """Return a title, None where it is empty.

    Raises:
        ValidationError: too long, or with control or invisible characters.

    """
    title = (value or "").strip()
    if len(title) > MAX_TITLE_CHARS:
        raise ValidationError("title", f"has {len(title)} characters; the limit is {MAX_TITLE_CHARS}")
    if not is_plain(title):
        raise ValidationError("title", "must not contain control characters")
    return title or None


def check_position(field: str, value: int, *, least: int = 0) -> int:
    """Return a log position.

    Raises:
        ValidationError: out of range.

    """
    if not least <= value <= MAX_POSITION:
        raise ValidationError(field, f"must be from {least} to {MAX_POSITION}")
    return value


def check_history_request(before_seq: int, limit: int, max_limit: int) -> tuple[int, int]:
    """Return the position and size of a history page.

    Raises:
        ValidationError: out of range.

    """
    check_position("beforeSeq", before_seq, least=1)
    if not 1 <= limit <= max_limit:
        raise ValidationError("limit", f"must be from 1 to {max_limit}")
    return before_seq, limit


def check_message(value: Mapping[str, Any], author: Author) -> tuple[ChatMessage, AnswerOptions]:
    """Return the message to store, written by ``author``, and what its sender wants of the answer.

    Raises:
        ValidationError: a field is missing, of the wrong kind or over its limit.

    """
    message_id = check_message_id(value.get("id"), "message.id")
    if value.get("role", "user") != "user":
        raise ValidationError("message.role", "must be 'user'; the hub writes the other roles")
    content = _content(value.get("content"))
    parent = value.get("parentId")
    metadata = value.get("metadata") or {}
    attachments = value.get("attachments") or []
    if not isinstance(metadata, Mapping):
        raise ValidationError("message.metadata", "must be an object")
    if not isinstance(attachments, list) or not all(isinstance(item, Mapping) for item in attachments):
        raise ValidationError("message.attachments", "must be a list of objects")
    rest = _portable(
        {
            "metadata": {key: item for key, item in metadata.items() if key not in _SERVER_OWNED},
            "attachments": attachments,
            "extra": {key: item for key, item in value.items() if key not in _KNOWN_KEYS},
        }
    )
    message = ChatMessage(
        id=message_id,
        role="user",
        content=content,
        parent_id=None if parent is None else check_message_id(parent, "message.parentId"),
        author=author,
        **rest,
    )
    return message, read_options(message.metadata)


def _identifier(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValidationError(field, "must be text")
    if not value:
        raise ValidationError(field, "must not be empty")
    if len(value) > MAX_ID_CHARS:
        raise ValidationError(field, f"has {len(value)} characters; the limit is {MAX_ID_CHARS}")
    if not is_plain(value):
        raise ValidationError(field, "must not contain control characters")
    return value


def _content(value: Any) -> Content:
    if isinstance(value, str):
        parts: Content = value
        size = _text_bytes(value)
        empty = not value.strip()
    elif isinstance(value, list):
        parts, size, empty = _parts(value)
    else:
        raise ValidationError("message.content", "must be text or a list of parts")
    if empty:
        raise ValidationError("message.content", "must not be empty")
    if size > MAX_CONTENT_BYTES:
        raise ValidationError("message.content", f"has {size} bytes; the limit is {MAX_CONTENT_BYTES} bytes")
    return parts


def _parts(value: list[Any]) -> tuple[list[TextPart | ImagePart], int, bool]:
    if len(value) > MAX_PARTS:
        raise ValidationError("message.content", f"has {len(value)} parts; the limit is {MAX_PARTS}")
    try:
        parts = msgspec.convert(value, list[TextPart | ImagePart])
    except msgspec.ValidationError:
        raise ValidationError("message.content", "must have only text and image_url parts") from None
    size, empty = 0, True
    for part in parts:
        if isinstance(part, TextPart):
            size += _text_bytes(part.text)
            empty = empty and not part.text.strip()
            continue
        if not part.image_url.url.startswith(_IMAGE_SCHEMES):
            raise ValidationError("message.content", "must refer to images by http, https or data:image URL")
        size += _text_bytes(part.image_url.url) + _text_bytes(part.image_url.detail or "")
        empty = False
    return parts, size, empty


def _text_bytes(text: str) -> int:
    """Return the text's size in UTF-8; refuse what cannot be stored or sent everywhere."""
    if "\0" in text:
        raise ValidationError("message.content", "must not contain NUL characters")
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise ValidationError("message.content", "must not contain lone surrogates") from None


def _portable(value: dict[str, Any]) -> dict[str, Any]:
    """Return the value as plain JSON that every hub protocol can carry, or refuse it.

    What one member sends must never break the encoding of what the others receive (an integer over 64 bits
    is fine in JSON and cannot be written in MessagePack).
    """
    if not any(value.values()):
        return value  # as most are
    try:
        encoded = msgspec.json.encode(value)
        if len(encoded) <= MAX_EXTRA_BYTES:
            plain: dict[str, Any] = msgspec.json.decode(encoded)
            msgspec.msgpack.encode(plain)
            return plain
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValidationError("message.metadata", "must be plain JSON with 64-bit numbers") from None
    raise ValidationError(
        "message.metadata",
        f"has, with attachments, {len(encoded)} bytes; the limit is {MAX_EXTRA_BYTES} bytes",
    )
