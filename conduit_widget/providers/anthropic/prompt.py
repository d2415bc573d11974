"""A prompt as the Messages API wants it: system text apart, turns of user and assistant, content blocks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from conduit_widget.providers.provider import PromptMessage
from conduit_widget.types import ImagePart, TextPart


class Prompt(NamedTuple):
    """``system`` may be empty; ``messages`` are as they go on the wire."""

    system: str
    messages: list[dict[str, Any]]


def to_prompt(messages: Sequence[PromptMessage]) -> Prompt:
    """Return a prompt's messages. Blank text is left out: the API refuses it.

    A last message of the assistant is what the answer continues; it goes without the blanks at its end, which
    the API refuses, too (:func:`blanks_cut_off`).
    """
    system = "\n\n".join(
        text for message in messages if message.role == "system" for text in _texts(message) if text.strip()
    )
    turns = [message for message in messages if message.role != "system"]
    wire = []
    for message in turns:
        role = "assistant" if message.role == "assistant" else "user"
        is_last = message is turns[-1]
        content = _content(message, is_prefill=is_last and role == "assistant")
        if content:
            wire.append({"role": role, "content": content})
    return Prompt(system, wire)


def blanks_cut_off(messages: Sequence[PromptMessage]) -> str:
    """Return the blanks at the end of the text that the answer continues, empty when it continues none."""
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant":
        return ""
    text = "".join(_texts(last)[-1:])
    kept = text.rstrip()
    return text[len(kept) :] if kept else ""


def _content(message: PromptMessage, *, is_prefill: bool) -> str | list[dict[str, Any]]:
    if isinstance(message.content, str):
        text = message.content.rstrip() if is_prefill else message.content
        return text if text.strip() else ""
    blocks = [_block(part) for part in message.content if not isinstance(part, TextPart) or part.text.strip()]
    if is_prefill and blocks and blocks[-1]["type"] == "text":
        blocks[-1]["text"] = blocks[-1]["text"].rstrip()
    return blocks


def _block(part: TextPart | ImagePart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return {"type": "image", "source": _source(part.image_url.url)}


def _source(url: str) -> dict[str, str]:
    """Return an image's source: by reference, or the bytes that a ``data:`` URL holds."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() != "data":
        return {"type": "url", "url": url}
    kind, _, data = rest.partition(",")
    media_type, *parameters = (part.strip().lower() for part in kind.split(";"))
    if "base64" not in parameters:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return {
        "type": "base64",
        "media_type": "image/jpeg" if media_type == "image/jpg" else media_type,
        "data": _standard_base64(data),
    }


def _standard_base64(data: str) -> str:
    """Return the data in the alphabet and padding the API takes, as it is where it is no base64 at all."""
    text = "".join(unquote_to_bytes(data).decode("latin-1").split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64encode(base64.b64decode(text + "=" * (-len(text) % 4), validate=True)).decode()
    except (binascii.Error, ValueError):
        return data


def _texts(message: PromptMessage) -> list[str]:
    if isinstance(message.content, str):
        return [message.content]
    return [part.text for part in message.content if isinstance(part, TextPart)]
