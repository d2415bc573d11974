"""What a provider's error payload says, in whatever dialect: a few facts, never its text.

Dialects: OpenAI's and llama.cpp's ``{"error": {…}}``, vLLM's and Mistral's ``{"object": "error", …}``,
FastAPI's ``{"detail": […]}``, Google's list of one, bare objects, plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from conduit_widget.providers.reading import lenient_json
from conduit_widget.providers.reading.provider_words import ProviderWords

_CODE_KEYS: Final = ("code", "type", "error_type", "status")
_STATUS_KEYS: Final = ("code", "status", "status_code", "statusCode", "http_code")
# Validators repeat the request there.
_ECHOES: Final = frozenset({"input", "ctx", "url", "body", "request"})
_MAX_TEXT_CHARS: Final = 4000
_LIMIT_HEADERS: Final = frozenset({"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"})
"""Of an upstream's headers, which OpenRouter repeats in the body: all others are none of our business."""
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_QUOTED_LOC: Final = re.compile(r"""['"]loc['"]: ?[\[(]['"]body['"], ?((?:['"]?\w+['"]?,? ?)+)[\])]""")
_NAME: Final = re.compile(r"\w+")


class ErrorBody(msgspec.Struct, frozen=True):
    """The facts: the provider's ``code``, its own HTTP ``status``, the request's ``fields`` it names.

    ``message`` is all its text in lower case, for matching only, never for showing. A field is a path, as
    ``("messages", "0", "role")``. ``headers`` are the rate limits that it states in ``metadata.headers``,
    their names in lower case, their values numbers.
    """

    code: str | None = None
    message: str = ""
    status: int | None = None
    fields: tuple[tuple[str, ...], ...] = ()
    headers: Mapping[str, str] = {}

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.code or self.message.strip() or self.fields)


def read_error_body(body: bytes, words: ProviderWords) -> ErrorBody:
    """Read an error response's body."""
    try:
        payload = lenient_json.decode(body)
    except ValueError:
        return ErrorBody(message=body[:_MAX_TEXT_CHARS].decode("utf-8", "replace").lower())
    return error_body(payload, words)


def error_body(payload: Any, words: ProviderWords) -> ErrorBody:
    """Read a decoded payload, or its ``error`` value."""
    error = error_in(payload)
    facts = error if isinstance(error, Mapping) else {}
    whole = payload if isinstance(payload, Mapping) else {}
    codes = (words.code(each.get(key)) for each in (facts, whole) for key in _CODE_KEYS)
    text = " ".join(_texts(error if error is not None else payload))[:_MAX_TEXT_CHARS]
    return ErrorBody(
        code=next((code for code in codes if code not in {None, "error"}), None),
        message=text.lower(),
        status=next((status for each in (facts, whole) if (status := _status(each)) is not None), None),
        fields=tuple(_fields(payload, text)),
        headers=dict(_limit_headers(facts.get("metadata"))),
    )


def error_in(payload: Any) -> Any:
    """Return the error of a payload as it stands there, None when it reports none."""
    if isinstance(payload, list):
        payload = payload[0] if payload else None
    if not isinstance(payload, Mapping):
        return payload or None
    if payload.get("error"):
        return payload["error"]
    return payload


def reports_error(event: Mapping[str, Any]) -> bool:
    """Whether an event of a stream is an error rather than a piece of the answer."""
    if event.get("error"):
        return True
    if event.get("choices"):
        return False
    kinds = {str(event.get(key)).lower() for key in ("object", "type")}
    return (
        "error" in kinds
        or bool(event.get("error_message") or event.get("detail"))
        or ("message" in event and "code" in event)
    )


def _status(value: Mapping[str, Any]) -> int | None:
    for key in _STATUS_KEYS:
        status = value.get(key)
        if isinstance(status, str) and status.isdecimal() and len(status) == 3:
            status = int(status)
        if isinstance(status, int) and 400 <= status < 600:
            return status
    return None


def _limit_headers(metadata: Any) -> Iterator[tuple[str, str]]:
    headers = metadata.get("headers") if isinstance(metadata, Mapping) else None
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        text = str(value).strip() if isinstance(value, str | int | float) else ""
        if str(name).lower() in _LIMIT_HEADERS and _NUMBER.fullmatch(text):
            yield str(name).lower(), text


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts of a payload (its depth is bounded), without what a validator echoes."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _ECHOES:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _fields(value: Any, text: str) -> Iterator[tuple[str, ...]]:
    """Yield the request's fields that a payload names: by ``param``, ``loc``, or a ``loc`` inside a text."""
    yield from _named_fields(value)
    for match in _QUOTED_LOC.finditer(text):
        yield tuple(_NAME.findall(match[1]))


def _named_fields(value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list):
        for item in value:
            yield from _named_fields(item)
    if not isinstance(value, Mapping):
        return
    param, loc = value.get("param"), value.get("loc")
    if isinstance(param, str) and param:
        yield tuple(_NAME.findall(param))
    if isinstance(loc, list) and loc:
        names = [str(name) for name in loc]
        yield tuple(names[1:] if names[0] == "body" else names)
    for key, item in value.items():
        if key not in _ECHOES:
            yield from _named_fields(item)
