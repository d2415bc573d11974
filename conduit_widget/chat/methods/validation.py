"""Checks what a client sends before it is stored; a refusal names the field, the limit and the remedy.

Fields have the names that people know, and no refusal echoes what was sent. Text is kept as it was typed
(escaping is up to the reader), except for NUL and lone surrogates, which not every reader or store can hold.
``author`` always comes from the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from conduit_widget.chat.answers.answer_options import AnswerOptions, check_system_prompt, read_options
from conduit_widget.contract import MAX_ATTACHMENTS, MAX_ID_CHARS, MAX_MENTIONS, MAX_SIGNAL_BYTES
from conduit_widget.errors import ValidationError
from conduit_widget.nesting import MAX_DEPTH, is_too_deep
from conduit_widget.text.message_text import check_extent, utf8_size
from conduit_widget.text.plain_text import is_plain, is_user_id
from conduit_widget.types import (
    Author,
    ChatMessage,
    Content,
    ConversationPatch,
    HubMetadata,
    ImagePart,
    TextPart,
)

MAX_EXTRA_BYTES: Final = 8 * 1024
"""The most that metadata, attachments and unknown keys may have together, as JSON."""
MAX_TITLE_CHARS: Final = 200
MAX_PARTS: Final = 32
MAX_POSITION: Final = 2**53 - 1

SERVER_OWNED: Final = frozenset(HubMetadata.__annotations__)
_KNOWN_KEYS: Final = frozenset(
    {"id", "role", "content", "parentId", "author", "attachments", "metadata", "error"}
)
_MESSAGE: Final = "message"
_EXTRA_NAMES: Final = {"metadata": "metadata", "attachments": "attachments", "extra": "unknown fields"}
_TOO_DEEP: Final = f"nests more than {MAX_DEPTH} levels deep; make it flatter"
_NOT_PLAIN: Final = "must not contain control or invisible characters"
_SIGNAL_KEYS: Final = frozenset({"description", "candidate"})
_IMAGE_SCHEMES: Final = ("https://", "http://", "data:image/")


def check_conversation_id(value: str) -> str:
    """Return a well-formed conversation id.

    Raises:
        ValidationError: empty, too long, or with control or invisible characters.

    """
    return _identifier("conversation id", value)


def check_message_id(value: Any, field: str = "message id") -> str:
    """Return a well-formed message id.

    Raises:
        ValidationError: not text, empty, too long, or with control or invisible characters.

    """
    return _identifier(field, value)


def check_peer_id(value: str, field: str = "peer id") -> str:
    """Return a well-formed id of a view in a call.

    Raises:
        ValidationError: empty, too long, or with control or invisible characters.

    """
    return _identifier(field, value)


def check_signal(value: dict[str, Any]) -> dict[str, Any]:
    """Return what one peer's browser tells another's.

    Raises:
        ValidationError: it has neither a description nor a candidate or something else, is no plain JSON, or
            is too large.

    """
    if len(value) != 1 or not value.keys() <= _SIGNAL_KEYS:
        raise ValidationError("signal", "must have either a description or a candidate")
    try:
        encoded = msgspec.json.encode(value)
        signal: dict[str, Any] = msgspec.json.decode(encoded)
        msgspec.msgpack.encode(signal)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValidationError("signal", "must be plain JSON") from None
    if len(encoded) > MAX_SIGNAL_BYTES:
        raise ValidationError("signal", f"has {len(encoded)} bytes; the limit is {MAX_SIGNAL_BYTES}")
    return signal


def check_user_id(value: str) -> str:
    """Return a well-formed user id, as the subject of a token may be.

    Raises:
        ValidationError: empty, too long, or with control or invisible characters.

    """
    return _identifier("user id", value)


def check_title(value: str | None) -> str | None:
    """Return a title, or None if it is empty.

    Raises:
        ValidationError: too long, or with control or invisible characters.

    """
    title = (value or "").strip()
    if len(title) > MAX_TITLE_CHARS:
        raise ValidationError("title", f"has {len(title)} characters; the limit is {MAX_TITLE_CHARS}")
    if not is_plain(title):
        raise ValidationError("title", _NOT_PLAIN)
    return title or None


def check_patch(patch: ConversationPatch) -> ConversationPatch:
    """Return what is to change of a conversation; an empty text stays, it takes away what was set.

    Raises:
        ValidationError: a text is too long, or the title has control or invisible characters.

    """
    title = None if patch.title is None else check_title(patch.title) or ""
    prompt = None if patch.system_prompt is None else check_system_prompt(patch.system_prompt.strip())
    return msgspec.structs.replace(patch, title=title, system_prompt=prompt)


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
    message_id = check_message_id(value.get("id"))
    if value.get("role", "user") != "user":
        raise ValidationError("role", "must be 'user'; the hub writes the other roles")
    for key, item in value.items():
        if not isinstance(item, str) and is_too_deep(item):
            raise ValidationError(_shown_key(key), _TOO_DEEP)
    attachments = value.get("attachments") or []
    content = check_content(value.get("content"), may_be_empty=bool(attachments))
    parent = value.get("parentId")
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise ValidationError("metadata", "must be an object")
    if not isinstance(attachments, list) or not all(isinstance(item, Mapping) for item in attachments):
        raise ValidationError("attachments", "must be a list of objects")
    rest = _portable(
        {
            "metadata": {key: item for key, item in metadata.items() if key not in SERVER_OWNED},
            "attachments": attachments,
            "extra": {key: item for key, item in value.items() if key not in _KNOWN_KEYS},
        }
    )
    _check_references(rest["metadata"])
    rest["attachments"] = _check_attachments(rest["attachments"])
    message = ChatMessage(
        id=message_id,
        role="user",
        content=content,
        parent_id=None if parent is None else check_message_id(parent, "parent id"),
        author=author,
        **rest,
    )
    return message, read_options(message.metadata)


def _check_attachments(attachments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the files that a message names; what else is said of them is the hub's to say."""
    if len(attachments) > MAX_ATTACHMENTS:
        raise ValidationError("attachments", f"has {len(attachments)} files; the limit is {MAX_ATTACHMENTS}")
    return [{"id": _identifier("attachments", attachment.get("id"))} for attachment in attachments]


def _check_references(metadata: Mapping[str, Any]) -> None:
    """Check the message that this one replies to, and who is mentioned."""
    source, mentions = metadata.get("replyTo"), metadata.get("mentions")
    if source is not None:
        check_message_id(source, "replyTo")
    if mentions is None:
        return
    if not isinstance(mentions, list):
        raise ValidationError("mentions", "must be a list of names and user ids")
    if len(mentions) > MAX_MENTIONS:
        raise ValidationError("mentions", f"has {len(mentions)} entries; the limit is {MAX_MENTIONS}")
    for mention in mentions:
        _identifier("mentions", mention)


def _identifier(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValidationError(field, "must be text")
    if is_user_id(value):  # as nearly all; the others are told why not
        return value
    if not value:
        raise ValidationError(field, "must not be empty")
    if len(value) > MAX_ID_CHARS:
        raise ValidationError(field, f"has {len(value)} characters; the limit is {MAX_ID_CHARS}")
    if not is_plain(value):
        raise ValidationError(field, _NOT_PLAIN)
    raise ValidationError(field, "must have a character that can be seen; it has blanks alone")


def check_content(value: Any, *, may_be_empty: bool = False) -> Content:
    """Return what a message says: a text, or a list of parts.

    Raises:
        ValidationError: of another kind, empty, or over a limit.

    """
    if isinstance(value, str):
        parts: Content = value
        size = utf8_size(_MESSAGE, value)
        empty = not value.strip()
    elif isinstance(value, list):
        parts, size, empty = _parts(value)
    else:
        raise ValidationError(_MESSAGE, "must be text or a list of parts")
    check_extent(_MESSAGE, size, is_empty=empty and not may_be_empty)
    return parts


def _parts(value: list[Any]) -> tuple[list[TextPart | ImagePart], int, bool]:
    if len(value) > MAX_PARTS:
        raise ValidationError(_MESSAGE, f"has {len(value)} parts; the limit is {MAX_PARTS}")
    try:
        parts = msgspec.convert(value, list[TextPart | ImagePart])
    except msgspec.ValidationError:
        raise ValidationError(_MESSAGE, "must have only text and image_url parts") from None
    size, empty = 0, True
    for part in parts:
        if isinstance(part, TextPart):
            size += utf8_size(_MESSAGE, part.text)
            empty = empty and not part.text.strip()
            continue
        if not part.image_url.url.startswith(_IMAGE_SCHEMES):
            raise ValidationError("image", "must be an http, https or data:image URL")
        size += utf8_size(_MESSAGE, part.image_url.url) + utf8_size(_MESSAGE, part.image_url.detail or "")
        empty = False
    return parts, size, empty


def _portable(value: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as plain JSON that every hub protocol can carry, or refuse the one that is not.

    What one member sends must never break the encoding of what the others receive (an integer over 64 bits
    is fine in JSON and cannot be written in MessagePack).
    """
    if not any(value.values()):
        return value  # as most are
    plain: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for field, item in value.items():
        if not item:
            plain[field], sizes[field] = item, 0
            continue
        try:
            encoded = msgspec.json.encode(item)
            sizes[field] = len(encoded)
            if sum(sizes.values()) <= MAX_EXTRA_BYTES:
                plain[field] = msgspec.json.decode(encoded)
                msgspec.msgpack.encode(plain[field])
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise ValidationError(
                _EXTRA_NAMES[field], "must be plain JSON, whole numbers within 64 bits; send others as text"
            ) from None
    size = sum(sizes.values())
    if size > MAX_EXTRA_BYTES:
        largest = max(sizes, key=lambda field: sizes[field])
        raise ValidationError(
            _EXTRA_NAMES[largest],
            f"too large: all that is sent beside the text has {size} bytes; the limit is {MAX_EXTRA_BYTES}",
        )
    return plain


def _shown_key(key: Any) -> str:
    """Return the name of a message's field; a key of the sender's own is not repeated."""
    return _MESSAGE if key == "content" else key if key in _KNOWN_KEYS else _EXTRA_NAMES["extra"]
