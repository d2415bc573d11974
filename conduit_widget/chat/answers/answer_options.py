"""What the sender of a message asks of the answer: read from ``message.metadata`` and validated.

Errors name an option as it is called in a prompt (``max_tokens``), whatever it is called on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from conduit_widget.errors import ValidationError
from conduit_widget.providers.provider import GenerationParameters
from conduit_widget.text.plain_text import is_plain
from conduit_widget.types import AssistantSetting

MAX_NAME_CHARS: Final = 128
MAX_SYSTEM_PROMPT_BYTES: Final = 4 * 1024
MAX_ANSWER_TOKENS: Final = 32_768
MAX_STOPS: Final = 4
MAX_STOP_CHARS: Final = 64
MAX_SEED: Final = 2**53 - 1

_ASSISTANT: Final = re.compile(r"(?<!\w)@assistant(?!\w)", re.IGNORECASE)


class AnswerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``respond`` overrides the conversation's assistant setting; None leaves the default.

    ``failover``: whether another provider may answer when one fails.
    """

    respond: bool | None = None
    model: str | None = None
    provider: str | None = None
    failover: bool = True
    system_prompt: str | None = None
    parameters: GenerationParameters = GenerationParameters()


_DEFAULTS: Final = AnswerOptions()


def read_options(metadata: Mapping[str, Any]) -> AnswerOptions:
    """Read ``respond``, ``model``, ``provider``, ``failover`` and ``parameters``; other keys are not ours.

    Raises:
        ValidationError: one of them is of the wrong kind or out of range.

    """
    if not metadata:
        return _DEFAULTS
    respond = metadata.get("respond")
    if respond is not None and not isinstance(respond, bool):
        raise ValidationError("respond", "must be true or false")
    provider = _name("provider", metadata.get("provider"))
    failover = metadata.get("failover")
    if failover is not None and not isinstance(failover, bool):
        raise ValidationError("failover", "must be true or false")
    parameters = metadata.get("parameters")
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, Mapping):
        raise ValidationError("parameters", "must be an object")
    return AnswerOptions(
        respond=respond,
        model=_name("model", metadata.get("model")),
        provider=provider,
        failover=provider is None if failover is None else failover,
        system_prompt=_system_prompt(parameters.get("systemPrompt")),
        parameters=GenerationParameters(
            temperature=_number("temperature", parameters.get("temperature"), 0, 2),
            top_p=_number("top_p", parameters.get("topP"), 0, 1),
            max_tokens=_integer("max_tokens", parameters.get("maxTokens"), 1, MAX_ANSWER_TOKENS),
            stop=_stop(parameters.get("stop")),
            seed=_integer("seed", parameters.get("seed"), -MAX_SEED, MAX_SEED),
        ),
    )


def wants_answer(
    setting: AssistantSetting,
    options: AnswerOptions,
    text: str,
    models: Callable[[], Iterable[str]] = tuple,
    *,
    mentions: Collection[str] = (),
) -> bool:
    """Return whether the model answers a message with this text; ``models()`` returns its names.

    ``mentions`` are the names that the message's view has marked as mentioned.
    """
    if options.respond is not None:
        return options.respond
    if setting != "mention":
        return setting == "always"
    if options.model is not None or _ASSISTANT.search(text) or "assistant" in mentions:
        return True
    lowered = text.lower()
    return any(f"@{model.lower()}" in lowered or model in mentions for model in models() if model)


def _name(key: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValidationError(key, "must be text")
    if len(value) > MAX_NAME_CHARS:
        raise ValidationError(key, f"has {len(value)} characters; the limit is {MAX_NAME_CHARS}")
    if not is_plain(value):
        raise ValidationError(key, "must not contain control or invisible characters")
    return value


def _number(name: str, value: Any, least: float, most: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValidationError(name, f"must be a number from {least} to {most}")
    return float(value)


def _integer(name: str, value: Any, least: int, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValidationError(name, f"must be a whole number from {least} to {most}")
    return value


def _stop(value: Any) -> list[str] | None:
    if value is None:
        return None
    stops = [value] if isinstance(value, str) else value
    if (
        not isinstance(stops, list)
        or len(stops) > MAX_STOPS
        or not all(isinstance(stop, str) and 0 < len(stop) <= MAX_STOP_CHARS for stop in stops)
    ):
        raise ValidationError(
            "stop",
            f"must be at most {MAX_STOPS} texts of 1 to {MAX_STOP_CHARS} characters",
        )
    return stops or None


def _system_prompt(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValidationError("system_prompt", "must be text")
    return check_system_prompt(value)


def check_system_prompt(value: str) -> str:
    """Return a system prompt.

    Raises:
        ValidationError: it is too long.

    """
    size = len(value.encode())
    if size > MAX_SYSTEM_PROMPT_BYTES:
        raise ValidationError("system_prompt", f"has {size} bytes; the limit is {MAX_SYSTEM_PROMPT_BYTES}")
    return value
