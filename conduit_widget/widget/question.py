"""What a person at the prompt may ask: text and options, checked before anything leaves the process."""

from __future__ import annotations

import uuid
from typing import Any, Final

from conduit_widget.contract import MAX_CONTENT_BYTES, MAX_ID_CHARS
from conduit_widget.errors import ValidationError
from conduit_widget.types import ChatMessage

PARAMETERS: Final = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_tokens": "maxTokens",
    "stop": "stop",
    "seed": "seed",
    "system_prompt": "systemPrompt",
}


def user_message(
    text: str,
    *,
    model: str | None = None,
    provider: str | None = None,
    respond: bool | None = None,
    message_id: str | None = None,
    **parameters: Any,
) -> ChatMessage:
    """Build the message of a user; parameters in snake_case, one of :data:`PARAMETERS`.

    Raises:
        ValidationError: the text or the id is empty or too long.
        TypeError: an unknown parameter; the text names the known ones.

    """
    check_text(text)
    if message_id is not None and not 0 < len(message_id) <= MAX_ID_CHARS:
        raise ValidationError("id", f"needs 1 to {MAX_ID_CHARS} characters.")
    unknown = parameters.keys() - PARAMETERS.keys()
    if unknown:
        known = ", ".join(PARAMETERS)
        raise TypeError(f"Unknown option {sorted(unknown)[0]!r}: use model, provider, respond, {known}.")
    given = {PARAMETERS[name]: value for name, value in parameters.items() if value is not None}
    choices = {"model": model, "provider": provider, "respond": respond, "parameters": given or None}
    metadata = {name: value for name, value in choices.items() if value is not None}
    return ChatMessage(id=message_id or str(uuid.uuid4()), role="user", content=text, metadata=metadata)


def check_text(text: object) -> None:
    """Refuse what no hub takes.

    Raises:
        ValidationError: no text, empty, or over the limit.

    """
    if not isinstance(text, str):
        raise ValidationError("text", f"must be a string, not {type(text).__name__}.")
    if not text.strip():
        raise ValidationError("text", "is empty; write a question.")
    size = len(text.encode(errors="replace"))
    if size > MAX_CONTENT_BYTES:
        raise ValidationError(
            "text", f"has {size} bytes; the limit is {MAX_CONTENT_BYTES}. Send it in parts."
        )
