"""Reads an event of a chat completion leniently: odd and unknown fields count as missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from conduit_widget.providers.error_bodies import error_in, reports_error
from conduit_widget.providers.provider import Usage

MAX_COUNT: Final = 2**53 - 1
"""The largest count every JSON reader keeps exactly."""

_REASONING_FIELDS: Final = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "reasoning_text",
    "reasoning_details",
)
_TEXT_KEYS: Final = ("text", "content", "thinking", "reasoning", "summary")
_TOOL_FIELDS: Final = ("tool_calls", "function_call")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one event. ``alive``: it carries something, if only a role."""

    text: str = ""
    reasoning: str = ""
    finish_reason: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None
    calls_tools: bool = False
    alive: bool = False


def read_event(payload: Any) -> Event:
    """Read a decoded event, or a whole answer; ``error`` is what it reports as failed."""
    if isinstance(payload, list):  # one server lists its errors
        payload = payload[0] if payload else None
    if not isinstance(payload, Mapping):
        return Event()
    if reports_error(payload):
        return Event(error=error_in(payload))
    choice = _first(payload.get("choices"))
    delta = _mapping(choice.get("delta")) or _mapping(choice.get("message"))
    text, reasoning = _parts(delta.get("content"))
    reasoning = reasoning or next(
        (found for name in _REASONING_FIELDS if (found := _text_of(delta.get(name)))), ""
    )
    finish_reason = choice.get("finish_reason")
    usage = payload.get("usage")
    return Event(
        text=text or _string(delta.get("refusal")) or _string(choice.get("text")),
        reasoning=reasoning,
        finish_reason=finish_reason,
        model=payload.get("model"),
        usage=usage,
        calls_tools=any(bool(delta.get(name)) for name in _TOOL_FIELDS),
        alive=bool(choice or usage),
    )


def usage_of(value: Any) -> Usage | None:
    """Return the counts a provider reports, or None. A value that cannot be a count is None, too."""
    if not isinstance(value, Mapping):
        return None
    prompt = _count(value.get("prompt_tokens", value.get("input_tokens")))
    completion = _count(value.get("completion_tokens", value.get("output_tokens")))
    return None if prompt is None and completion is None else Usage(prompt, completion)


def finish_reason_of(value: Any) -> str:
    """Return the word for an answer's end, empty while it goes on, ``unknown`` for anything but a word."""
    if isinstance(value, Mapping):
        value = value.get("type")
    if isinstance(value, str):
        return value.strip()
    return "unknown" if value else ""


def _count(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNT else None


def _parts(content: Any) -> tuple[str, str]:
    """Return the answer and the reasoning of a message's content: a text, a part, or a list of parts."""
    if isinstance(content, str):
        return content, ""
    text, reasoning = "", ""
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            text += part
        elif isinstance(part, Mapping):
            kind = part.get("type", "text")
            if kind in {"text", "output_text", "refusal"}:
                text += _string(part.get("text")) or _string(part.get("refusal"))
            elif isinstance(kind, str) and ("think" in kind or "reason" in kind):
                reasoning += _text_of(part)
    return text, reasoning


def _text_of(value: Any) -> str:
    """All text of a piece of reasoning: a text, a part, or a list of them (their depth is bounded)."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_text_of, value))
    if isinstance(value, Mapping):
        return next((found for key in _TEXT_KEYS if (found := _text_of(value.get(key)))), "")
    return ""


def _first(choices: Any) -> Mapping[str, Any]:
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
