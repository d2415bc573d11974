"""Checks and builds what a person at the prompt asks: the text and the options, named as at the prompt.

Only what cannot travel is checked here: a text that is empty or too long, an option of the wrong kind. The
hub checks ranges; :func:`as_prompted` puts what it refuses in the words of the prompt, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import ConduitError, HubException, ValidationError
from conduit_widget.text.message_text import check_extent, utf8_size
from conduit_widget.text.plain_text import is_writable
from conduit_widget.types import ChatMessage

PARAMETERS: Final = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_tokens": "maxTokens",
    "stop": "stop",
    "seed": "seed",
    "system_prompt": "systemPrompt",
}


class _Kind(Enum):
    """The kinds of value an option takes, in words."""

    TEXT = "a text"
    NUMBER = "a number"
    WHOLE = "a whole number"
    SWITCH = "True or False"
    STOPS = "a text or a list of texts"


_KINDS: Final = {
    "model": _Kind.TEXT,
    "provider": _Kind.TEXT,
    "respond": _Kind.SWITCH,
    "temperature": _Kind.NUMBER,
    "top_p": _Kind.NUMBER,
    "max_tokens": _Kind.WHOLE,
    "stop": _Kind.STOPS,
    "seed": _Kind.WHOLE,
    "system_prompt": _Kind.TEXT,
}
_MAX_WHOLE: Final = 2**53  # what every peer's numbers can hold
_AT_THE_HUB: Final = {
    **{name: name for name in _KINDS},
    "message": "text",
    "message id": "id",
    "metadata": "options",
    "parameters": "options",
    "conversation id": "conversation_id",
}
"""The prompt's name of a field, by the hub's name."""


def user_message(
    text: str,
    *,
    model: str | None = None,
    provider: str | None = None,
    respond: bool | None = None,
    message_id: str | None = None,
    may_be_empty: bool = False,
    **parameters: Any,
) -> ChatMessage:
    """Build the message of a user; parameters in snake_case, one of :data:`PARAMETERS`.

    White space at the end of the text is removed; everything else stays as it was written. A message with
    files ``may_be_empty``.

    Raises:
        ValidationError: the text or the id is empty or too long, or an option is of the wrong kind.
        TypeError: an unknown parameter; the text names the known ones.

    """
    check_text(text, may_be_empty=may_be_empty)
    if message_id is not None and not 0 < len(message_id) <= MAX_ID_CHARS:
        raise ValidationError("id", f"needs 1 to {MAX_ID_CHARS} characters.")
    unknown = parameters.keys() - PARAMETERS.keys()
    if unknown:
        known = ", ".join(PARAMETERS)
        raise TypeError(f"Unknown option {sorted(unknown)[0]!r}: use model, provider, respond, {known}.")
    check_kinds({"model": model, "provider": provider, "respond": respond, **parameters})
    given = {PARAMETERS[name]: value for name, value in parameters.items() if value is not None}
    choices = {"model": model, "provider": provider, "respond": respond, "parameters": given or None}
    metadata = {name: value for name, value in choices.items() if value is not None}
    content = text.rstrip()
    return ChatMessage(id=message_id or str(uuid.uuid4()), role="user", content=content, metadata=metadata)


def check_text(text: object, *, may_be_empty: bool = False) -> None:
    """Check that a text can be sent.

    Raises:
        ValidationError: it is not a string, is empty or too long, or is not valid Unicode.

    """
    if not isinstance(text, str):
        raise ValidationError("text", f"must be a string, not {type(text).__name__}.")
    content = text.rstrip()
    check_extent("text", utf8_size("text", content), is_empty=not content and not may_be_empty)


def as_prompted(error: ConduitError) -> ConduitError:
    """Return the hub's refusal of an option in the words of the prompt, and every other error unchanged.

    Its class is then the one that the prompt's own checks raise: ``message: is empty`` becomes the
    ValidationError ``text: is empty``.
    """
    field, colon, problem = str(error).partition(": ")
    name = _AT_THE_HUB.get(field)
    if not isinstance(error, HubException) or not colon or name is None:
        return error
    return ValidationError(name, problem)


def check_kinds(options: Mapping[str, Any]) -> None:
    """Check that options are of the kinds they take; None is of every kind.

    Raises:
        ValidationError: one is not; the text names it and says what it takes.

    """
    for name, value in options.items():
        kind = _KINDS[name]
        if value is not None and not _is_of_kind(kind, value):
            raise ValidationError(name, f"must be {kind.value}, not {_named(value)}.")


def _is_of_kind(kind: _Kind, value: Any) -> bool:
    match kind, value:
        case _Kind.SWITCH, _:
            return isinstance(value, bool)
        case _, bool():
            return False
        case _Kind.NUMBER | _Kind.WHOLE, int():
            return -_MAX_WHOLE < value < _MAX_WHOLE
        case _Kind.NUMBER, float():
            return abs(value) < _MAX_WHOLE  # neither infinite nor no number at all
        case _Kind.TEXT | _Kind.STOPS, str():
            return is_writable(value)
        case _Kind.STOPS, list() | tuple():
            return all(isinstance(each, str) and is_writable(each) for each in value)
        case _:
            return False


def _named(value: Any) -> str:
    """Name the value that was given, without repeating a text."""
    match value:
        case bool() | int() | float():
            return str(value) if abs(value) < _MAX_WHOLE else "one so large"
        case str():
            return "this text"
        case _:
            return type(value).__name__
