"""Requests that a server refused a part of, in every dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conduit_widget.providers.http_api.refusals import SYSTEM_ROLE, Refusals, without_system
from conduit_widget.providers.openai.adapter import OPTIONAL_FIELDS, UNSOLICITED_FIELD
from conduit_widget.providers.provider import PromptMessage
from conduit_widget.providers.reading.error_bodies import read_error_body
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.types import ImagePart, ImageUrl, TextPart

MESSAGES = [PromptMessage("system", "Be brief."), PromptMessage("user", "temperature 'seed' of stop?")]
BODY = {
    "model": "m",
    "messages": MESSAGES,
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_tokens": 7,
    "temperature": 0.5,
    "top_p": 0.9,
    "seed": 1,
    "stop": ["x"],
}


def extra(*loc: Any) -> dict[str, Any]:
    """One of FastAPI's refusals; it echoes the request."""
    return {
        "type": "extra_forbidden",
        "loc": ["body", *loc],
        "msg": "Extra inputs are not permitted",
        "input": "max_tokens",
    }


REFUSALS = [
    ("FastAPI", 422, {"detail": [extra("stream_options")]}, "stream_options"),
    (
        "Mistral",
        422,
        {
            "object": "error",
            "message": {"detail": [extra("stream_options")]},
            "type": "invalid_request_error",
        },
        "stream_options",
    ),
    ("Mistral, newer", 422, {"object": "Error", "message": [extra("seed")], "code": 3001}, "seed"),
    (
        "Mistral behind a proxy",
        422,
        {"object": "error", "message": json.dumps({"detail": [extra("temperature")]}), "code": "1000"},
        "temperature",
    ),
    (
        "vLLM, older",
        400,
        {
            "object": "error",
            "message": "[{'loc': ('body', 'stream_options'), 'msg': 'Extra', 'input': {'seed': 1}}]",
            "code": 400,
        },
        "stream_options",
    ),
    (
        "vLLM",
        400,
        {"error": {"message": "1 validation error", "type": "BadRequestError", "param": "seed", "code": 400}},
        "seed",
    ),
    (
        "OpenAI, a name",
        400,
        {
            "error": {
                "message": "'max_tokens' is unsupported. Use 'max_completion_tokens'.",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            }
        },
        "max_tokens",
    ),
    (
        "OpenAI, a value",
        400,
        {
            "error": {
                "message": "'temperature' does not support 0.5, only the default (1).",
                "param": "temperature",
                "code": "unsupported_value",
            }
        },
        "temperature",
    ),
    (
        "OpenAI, a role",
        400,
        {
            "error": {
                "message": "'messages[0].role' does not support 'system' here.",
                "param": "messages[0].role",
            }
        },
        SYSTEM_ROLE,
    ),
    (
        "Google",
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": 'Unknown name "seed": no such field.',
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
        "seed",
    ),
    ("text in JSON", 400, {"detail": "Unknown field: stop"}, "stop"),
    ("plain text", 400, "unknown parameter `top_p`", "top_p"),
    ("no body", 400, "", "stream_options"),
    ("an empty object", 422, {}, "stream_options"),
    (
        "Gemma behind vLLM",
        400,
        {"object": "error", "message": "System role not supported", "type": "BadRequestError", "code": 400},
        SYSTEM_ROLE,
    ),
    (
        "Gemma behind llama.cpp",
        500,
        {
            "error": {
                "code": 500,
                "message": "Jinja Exception: System role not supported at row 1",
                "type": "server_error",
            }
        },
        SYSTEM_ROLE,
    ),
    (
        "Gemma at Google",
        400,
        [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma-3"}}],
        SYSTEM_ROLE,
    ),
    (
        "a template that alternates",
        400,
        {"message": "Conversation roles must alternate user/assistant/..."},
        SYSTEM_ROLE,
    ),
    ("two roles only", 400, {"detail": "Only user and assistant roles are supported!"}, SYSTEM_ROLE),
    ("an unexpected role", 400, {"error": "Unexpected role 'system' after role None"}, SYSTEM_ROLE),
]


def learn(refusals: Refusals, status: int, payload: Any) -> bool:
    """Let a refusal of :data:`BODY` be learnt."""
    raw = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    return refusals.learn(status, read_error_body(raw, ProviderWords()), BODY, "m")


@pytest.mark.parametrize(
    ("status", "payload", "part"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_part_that_is_refused_is_left_out_and_nothing_else(status: int, payload: Any, part: str) -> None:
    """Next time the request goes without it; what a validator echoes misleads nobody."""
    refusals = Refusals(OPTIONAL_FIELDS, unsolicited=UNSOLICITED_FIELD)
    assert learn(refusals, status, payload)
    fitted = refusals.fit(BODY, "m")
    if part == SYSTEM_ROLE:
        assert fitted == {**BODY, "messages": without_system(MESSAGES)}
    elif part == "max_tokens":
        assert set(BODY) - set(fitted) == {part}
        assert fitted["max_completion_tokens"] == 7
    else:
        assert fitted == {key: value for key, value in BODY.items() if key != part}
    assert refusals.fit(BODY, "another model") == BODY


@pytest.mark.parametrize(
    ("status", "payload"),
    [
        (400, {"error": {"message": "no"}}),
        (400, {"detail": [extra("messages", 0, "user", "name")]}),
        (
            400,
            {
                "error": {
                    "message": "max_tokens is too large: at most 5.",
                    "param": "max_tokens",
                }
            },
        ),
        (
            422,
            {"detail": [{"loc": ["body", "temperature"], "msg": "Input should be less than or equal to 1"}]},
        ),
        (400, {"error": {"message": "I stop at nothing; mind the temperature and the seed."}}),
        (401, {"detail": [extra("seed")]}),
        (500, {"detail": [extra("seed")]}),
        (404, ""),
    ],
)
def test_other_refusals_are_final(status: int, payload: Any) -> None:
    """A value out of range, a word that is English, another status: nothing is left out."""
    refusals = Refusals(OPTIONAL_FIELDS, unsolicited=UNSOLICITED_FIELD)
    assert not learn(refusals, status, payload)
    assert refusals.fit(BODY, "m") == BODY


def test_newer_name_is_given_up_when_it_is_refused_too() -> None:
    """First ``max_tokens``, then ``max_completion_tokens``, then neither."""
    refusals = Refusals(OPTIONAL_FIELDS, unsolicited=UNSOLICITED_FIELD)
    assert learn(refusals, 400, {"error": {"param": "max_tokens", "message": "x"}})
    fitted = refusals.fit(BODY, "m")
    problem = read_error_body(
        b'{"error": {"param": "max_completion_tokens", "message": "x"}}', ProviderWords()
    )
    assert refusals.learn(400, problem, fitted, "m")
    assert not {"max_tokens", "max_completion_tokens"} & set(refusals.fit(BODY, "m"))
    refusals.forget("m")
    assert refusals.fit(BODY, "m") == BODY


def test_memory_is_bounded() -> None:
    """Of too many models the oldest is forgotten."""
    refusals = Refusals(OPTIONAL_FIELDS, unsolicited=UNSOLICITED_FIELD)
    problem = read_error_body(b'{"error": {"param": "seed", "message": "x"}}', ProviderWords())
    for number in range(200):
        assert refusals.learn(400, problem, BODY, f"m{number}")
    assert "seed" in refusals.fit(BODY, "m0")
    assert "seed" not in refusals.fit(BODY, "m199")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([PromptMessage("system", "s"), PromptMessage("user", "q")], [PromptMessage("user", "s\n\nq")]),
        (
            [PromptMessage("system", "s"), PromptMessage("assistant", "a"), PromptMessage("user", "q")],
            [PromptMessage("assistant", "a"), PromptMessage("user", "s\n\nq")],
        ),
        ([PromptMessage("system", [TextPart(text="s")])], [PromptMessage("user", "s")]),
        (
            [
                PromptMessage("system", "s"),
                PromptMessage("user", [ImagePart(image_url=ImageUrl(url="data:,"))]),
            ],
            [PromptMessage("user", [TextPart(text="s"), ImagePart(image_url=ImageUrl(url="data:,"))])],
        ),
    ],
)
def test_system_text_goes_into_the_first_question(
    messages: list[PromptMessage], expected: list[PromptMessage]
) -> None:
    """Nothing of it is lost, and nothing else moves."""
    assert without_system(messages) == expected
