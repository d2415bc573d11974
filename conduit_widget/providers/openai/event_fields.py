"""Reads an event of a chat completion leniently: odd and unknown fields count as missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from conduit_widget.providers.http_api.answer_decoder import count_of
from conduit_widget.providers.provider import Usage
from conduit_widget.providers.reading.error_bodies import error_in, reports_error

_REASONING_FIELDS: Final = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "reasoning_text",
    "reasoning_details",
)
_TEXT_KEYS: Final = ("text", "content", "thinking", "reasoning", "summary")

ToolCallPiece = tuple[Any, Any, Any, Any]
"""The key, id, name and arguments of a piece of a tool call, as the server wrote them."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one event. ``alive``: it carries something, if only a role."""

    text: str = ""
    reasoning: str = ""
    finish_reason: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None
    tool_calls: list[ToolCallPiece] = []
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
        tool_calls=_tool_calls(delta),
        alive=bool(choice or usage),
    )


def usage_of(value: Any) -> Usage | None:
    """Return the counts a provider reports, or None. A value that cannot be a count is None, too."""
    if not isinstance(value, Mapping):
        return None
    prompt = count_of(value.get("prompt_tokens", value.get("input_tokens")))
    completion = count_of(value.get("completion_tokens", value.get("output_tokens")))
    if prompt is None and completion is None:
        return None
    cached = count_of(_mapping(value.get("prompt_tokens_details")).get("cached_tokens"))
    if cached is None:
        cached = count_of(value.get("prompt_cache_hit_tokens"))
    return Usage(prompt, completion, cached)


def _tool_calls(delta: Mapping[str, Any]) -> list[ToolCallPiece]:
    listed = delta.get("tool_calls")
    calls = listed if isinstance(listed, list) else [listed]
    found = []
    for place, call in enumerate(calls):
        if isinstance(call, Mapping) and call:
            function = _mapping(call.get("function"))
            index = call.get("index")
            key = index if isinstance(index, int) else place
            found.append((key, call.get("id"), function.get("name"), function.get("arguments")))
    legacy = _mapping(delta.get("function_call"))
    if legacy:
        found.append((-1, None, legacy.get("name"), legacy.get("arguments")))
    return found


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
