"""The few facts of an error payload."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conduit_widget.providers.keys import Secret
from conduit_widget.providers.reading.error_bodies import read_error_body
from conduit_widget.providers.reading.provider_words import MAX_MODELS, ProviderWords

KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"x"',
        b'{"error": "plain"}',
        b'{"error": null}',
        b"\xff",
        b"[" * 100_000,
        b'{"a": NaN}',
        b"7",
    ],
)
def test_any_body_is_survived(body: bytes) -> None:
    """Error bodies are not always JSON, and JSON not always an object."""
    assert read_error_body(body, ProviderWords()).code is None


@pytest.mark.parametrize("key", ["code", "type", "error_type"])
@pytest.mark.parametrize(
    "value", [KEY, f"bad_{KEY}", KEY.upper(), KEY[:12], "x" * 65, "two words", "a\u202eb", 7, None]
)
def test_code_that_is_none_or_tells_a_key_is_dropped(key: str, value: Any) -> None:
    """A key has the shape of a code: the hub knows its keys and leaves them out."""
    words = ProviderWords([Secret(KEY)])
    body = json.dumps({"error": {key: value, "message": KEY}}).encode()
    assert read_error_body(body, words).code is None


def test_code_that_is_one_passes() -> None:
    """The first of code, type and error_type that has its shape."""
    body = b'{"error": {"code": 400, "type": "invalid_request_error", "param": "seed"}}'
    problem = read_error_body(body, ProviderWords([Secret(KEY)]))
    assert (problem.code, problem.status, problem.fields) == ("invalid_request_error", 400, (("seed",),))


def test_list_of_names_is_bounded() -> None:
    """Names that are too long or not plain are left out, doubles too, and so is what is over the number."""
    words = ProviderWords([Secret(KEY)])
    odd = ["", "x" * 129, "a\nb", KEY, None, 3, {"id": 1}, "good", "good"]
    assert words.names(odd) == ["good"]
    assert len(words.names(str(number) for number in range(MAX_MODELS * 2))) == MAX_MODELS


def test_limits_that_an_error_states_are_read_and_nothing_else_of_its_headers() -> None:
    """OpenRouter repeats the headers of who refused in the body: names of limits, with numbers, pass."""
    headers = {
        "X-RateLimit-Limit": "20",
        "x-ratelimit-remaining": 0,
        "X-RateLimit-Reset": "1741305600000",
        "Authorization": f"Bearer {KEY}",
        "X-Served-By": "upstream",
    }
    body = json.dumps({"error": {"code": 429, "metadata": {"headers": headers}}}).encode()
    assert read_error_body(body, ProviderWords()).headers == {
        "x-ratelimit-limit": "20",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1741305600000",
    }


@pytest.mark.parametrize(
    "metadata", [None, "x", [], {"headers": None}, {"headers": ["X-RateLimit-Limit"]}, {"headers": 7}]
)
@pytest.mark.parametrize("value", [KEY, None, True, [20], "", "2 0", "-1", "9" * 30, "1e9", float("1e300")])
def test_limits_that_are_none_are_as_if_they_were_missing(metadata: Any, value: Any) -> None:
    """Of whatever shape they come in."""
    for each in (metadata, {"headers": {"X-RateLimit-Limit": value}}):
        body = json.dumps({"error": {"code": 429, "metadata": each}}).encode()
        assert read_error_body(body, ProviderWords()).headers == {}
