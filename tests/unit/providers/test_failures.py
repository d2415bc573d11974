"""From HTTP refusals to errors people can act on."""

from __future__ import annotations

import json

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.reading.error_bodies import ErrorBody, read_error_body
from conduit_widget.providers.reading.provider_words import ProviderWords

SECRET = "sk-verysecret"
PROMPT = "my diary says"


def refused(status: int, code: str | None = None, message: str = "", **kwargs: str) -> ProviderError:
    """The error for a body with this code and message."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return failures.refused("acme", status, read_error_body(body, ProviderWords()), headers=kwargs)


@pytest.mark.parametrize(
    ("status", "code", "expected_type", "recoverable"),
    [
        (401, "invalid_api_key", "auth_error", False),
        (403, None, "auth_error", False),
        (404, None, "model_not_found", False),
        (400, "model_not_found", "model_not_found", False),
        (403, "model_not_found", "model_not_found", False),
        (429, None, "rate_limit", True),
        (429, "insufficient_quota", "rate_limit", False),
        (400, None, "server_error", False),
        (422, None, "server_error", False),
        (408, None, "server_error", True),
        (500, None, "server_error", True),
        (503, None, "server_error", True),
    ],
)
def test_status_and_code_decide_the_type(
    status: int, code: str | None, expected_type: str, recoverable: bool
) -> None:
    """Each kind of refusal has its type and says whether trying again can help."""
    error = refused(status, code)
    assert (error.type, error.recoverable, error.status_code) == (expected_type, recoverable, status)
    assert error.suggestions


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("context_length_exceeded", ""),
        (None, "This model's maximum context length is 4096 tokens"),
        ("exceed_context_size_error", "the request exceeds the available context size"),
    ],
)
def test_overflow_is_recognised_when_the_prompt_is_too_long(code: str | None, message: str) -> None:
    """A context overflow has its own code, whichever way the provider says it."""
    assert refused(400, code, message).code == failures.CONTEXT_OVERFLOW


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 503])
def test_nothing_of_the_providers_text_is_shown(status: int) -> None:
    """Providers echo keys and prompts in their errors; ours is one line without either."""
    error = refused(status, f"bad key {SECRET}", f"Incorrect key {SECRET} for {PROMPT}")
    shown = f"{error} {error.code} {error.suggestions}"
    assert SECRET not in shown
    assert PROMPT not in shown
    assert "\n" not in str(error)


def test_retry_after_is_told_when_the_provider_states_it() -> None:
    """The wait is in the field and in the sentence."""
    error = refused(429, **{"retry-after": "7"})
    assert error.retry_after == 7.0
    assert "7 s" in str(error)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("rate_limit_exceeded", 429),
        ("insufficient_quota", 429),
        ("BadRequestError", 400),
        ("overloaded_error", 529),
        ("odd", 500),
        (None, 500),
    ],
)
def test_code_of_an_error_in_a_stream_stands_for_a_status(code: str | None, status: int) -> None:
    """An error that has no status of its own is treated as its code says."""
    assert failures.status_of(code) == status


@pytest.mark.parametrize("variable", ["ACME_KEY", None])
def test_key_that_cannot_be_sent_names_the_variable(variable: str | None) -> None:
    """The one line says which variable, what is wrong with it and what to do."""
    error = failures.unusable_key("acme", variable)
    assert (error.type, error.recoverable) == ("auth_error", False)
    assert variable is None or variable in str(error)
    assert "Copy it again" in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_told_as_one(status: int) -> None:
    """The URL is wrong, not the model or the parameters; asking again changes nothing."""
    error = refused(status)
    assert (error.code, error.status_code, error.recoverable) == (failures.REDIRECTED, status, False)
    assert "URL" in str(error)


@pytest.mark.parametrize("status", [201, 202, 204])
def test_success_without_an_answer_is_no_refusal_of_the_request(status: int) -> None:
    """What says yes and is no answer is no chat API."""
    assert refused(status).code == failures.MALFORMED


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "in a moment"),
        (0.0, "in a moment"),
        (0.2, "in 1 s"),
        (7.0, "in 7 s"),
        (119.0, "in 119 s"),
        (120.0, "in 2 min"),
        (3700.0, "in 62 min"),
        (90_000.0, "in 25 h"),
        (1_234_567.0, "in 15 days"),
    ],
)
def test_wait_is_told_as_people_say_it(seconds: float | None, words: str) -> None:
    """In whole numbers of a unit that fits, never as a power of ten."""
    headers = {} if seconds is None else {"retry-after": str(seconds)}
    error = failures.refused("acme", 429, ErrorBody(), headers=headers)
    assert f"Try again {words}, or" in str(error)
    assert error.suggestions[0] == f"Try again {words}."
    assert error.retry_after == seconds
