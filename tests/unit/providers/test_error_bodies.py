"""The few facts of an error payload."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conduit_widget.providers.error_bodies import read_error_body
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.provider_words import MAX_MODELS, ProviderWords

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
