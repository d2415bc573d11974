"""From what went wrong on the wire to one :class:`ProviderError` that says what to do next.

A provider's own error text is never passed on: it may echo the prompt or a part of the key. Only its
error *code* is, as :mod:`~conduit_widget.providers.reading.provider_words` lets it pass.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, NoReturn

from conduit_widget.errors import ProviderError
from conduit_widget.providers.limits.rate_limit_headers import parse_retry_after
from conduit_widget.providers.reading.error_bodies import ErrorBody

CONTEXT_OVERFLOW: Final = "context_length_exceeded"
QUOTA_EXHAUSTED: Final = "insufficient_quota"
TRUNCATED: Final = "truncated"
MALFORMED: Final = "malformed"
UNREACHABLE: Final = "unreachable"
REDIRECTED: Final = "redirected"
BAD_REQUEST: Final = "bad_request"
NO_PROVIDER: Final = "no_provider"
PREFILL_REFUSED: Final = "prefill_refused"
"""The model continues no text of an assistant; the last message must be a user's."""
RESTARTED: Final = "restarted"
LIMIT_REACHED: Final = "limit_reached"
LIST_TOO_LONG: Final = "list_too_long"
NO_API: Final = "no_api"

_OVERFLOW_CODES: Final = frozenset({CONTEXT_OVERFLOW, "exceed_context_size_error", "context_window_exceeded"})
_OVERFLOW_WORDS: Final = (
    "context length",
    "context size",
    "context window",
    "context limit",
    "prompt is too long",
)
_QUOTA_CODES: Final = frozenset(
    {QUOTA_EXHAUSTED, "billing_hard_limit_reached", "billing_error", "credit_balance_too_low"}
)
_QUOTA_WORDS: Final = ("credit balance", "insufficient balance", "insufficient credit")
_PREFILL_WORDS: Final = re.compile(r"\bprefill|must end with a user message|expected last role user")
_STATUS_WORDS: Final = (
    ("rate_limit", 429),
    ("quota", 429),
    ("authentication", 401),
    ("api_key", 401),
    ("permission", 403),
    ("not_found", 404),
    ("invalid_request", 400),
    ("badrequest", 400),
    ("overloaded", 529),
    ("timeout", 504),
    ("too_large", 413),
    ("billing", 402),
    ("unavailable", 503),
)
_PROVIDERS_FAULT: Final = frozenset({401, 403, 404, 408, 409, 425, 429})
"""Statuses of 4xx that another provider may well not answer with."""
_MODEL_CODES: Final = frozenset({"model_not_found", "model_not_available"})


def is_requests_fault(error: ProviderError) -> bool:
    """Whether the request is at fault, so that another provider would refuse it as well."""
    if error.code in {CONTEXT_OVERFLOW, BAD_REQUEST}:
        return True
    status = error.status_code or 0
    return error.type == "server_error" and 400 <= status < 500 and status not in _PROVIDERS_FAULT


def status_of(code: str | None) -> int:
    """Return the HTTP status that an error's code stands for, 500 where it says nothing."""
    name = (code or "").lower()
    return next((status for word, status in _STATUS_WORDS if word in name), 500)


def refused(
    provider: str,
    status: int,
    body: ErrorBody,
    *,
    model: str | None = None,
    headers: Mapping[str, str] | None = None,
    key_hint: str = "Set the provider's key",
) -> ProviderError:
    """Return the error for an HTTP status, or for an error event in the stream (its own status, or 500)."""
    if (
        body.code in _OVERFLOW_CODES
        or status == 413
        or (status == 400 and any(word in body.message for word in _OVERFLOW_WORDS))
    ):
        return _overflow(provider, status)
    if body.code in _QUOTA_CODES or status == 402 or _says_quota(status, body.message):
        return _quota_exhausted(provider, status, body, parse_retry_after(headers or {}))
    if status == 404 or body.code in _MODEL_CODES:
        return _model_not_found(provider, status, model, body.code)
    if status in {401, 403}:
        return ProviderError(
            f"{provider} refused the key (HTTP {status}). {key_hint} and try again.",
            type="auth_error",
            code=body.code,
            status_code=status,
            recoverable=False,
            suggestions=(f"{key_hint}.", "Choose another provider."),
        )
    if status == 429:
        return _rate_limited(provider, status, body, parse_retry_after(headers or {}))
    if status == 529 or (status >= 500 and "overloaded" in (body.code or "")):
        return _overloaded(provider, status, body, parse_retry_after(headers or {}))
    if status in {408, 409, 425} or status >= 500:
        return ProviderError(
            f"{provider} failed (HTTP {status}). Try again in a moment, or choose another provider.",
            type="server_error",
            code=body.code,
            status_code=status,
            retry_after=parse_retry_after(headers or {}),
            suggestions=("Try again in a moment.", "Choose another provider."),
        )
    if 300 <= status < 400:
        return ProviderError(
            f"{provider} has another address than its URL says (HTTP {status}). Set the URL it sends you to.",
            type="server_error",
            code=REDIRECTED,
            status_code=status,
            recoverable=False,
            suggestions=(
                "Check http or https, the host and the path of the provider's URL.",
                "Choose another provider.",
            ),
        )
    if status < 300:
        return malformed(provider)
    if _PREFILL_WORDS.search(body.message):
        return _prefill_refused(provider, status)
    return ProviderError(
        f"{provider} did not accept the request (HTTP {status}). Check its model and parameters.",
        type="server_error",
        code=body.code or BAD_REQUEST,
        status_code=status,
        recoverable=False,
        suggestions=("Check the model name and the parameters.",),
    )


def limit_reached(provider: str, seconds: float) -> ProviderError:
    """A limit would keep the request waiting for longer than an answer may take: it was not sent."""
    wait = _when(seconds)
    return ProviderError(
        f"A limit of {provider} is used up. Try again {wait}, or choose another provider.",
        type="rate_limit",
        code=LIMIT_REACHED,
        retry_after=round(seconds, 1),
        suggestions=(f"Try again {wait}.", "Choose another provider."),
    )


def unreachable(provider: str, origin: str) -> ProviderError:
    """Return the error of a connection that could not be made, or broke before an answer began."""
    return ProviderError(
        f"Cannot reach {provider} at {origin}. Check that it runs and the network is up, then try again.",
        type="network_error",
        code=UNREACHABLE,
        suggestions=("Check that it runs and the network is up.", "Choose another provider."),
    )


def timed_out(provider: str, clock: str, seconds: float) -> ProviderError:
    """Return the error of a clock that ran out: ``connect``, ``first token``, ``idle`` or ``answer``."""
    what = {
        "connect": f"did not accept a connection within {seconds:g} s",
        "first token": f"sent no first token within {seconds:g} s",
        "idle": f"fell silent for {seconds:g} s in the middle of the answer",
        "answer": f"did not finish the answer within {seconds:g} s",
    }[clock]
    return ProviderError(
        f"{provider} {what}. Try again, or choose another provider.",
        type="network_error",
        code=f"{clock.replace(' ', '_')}_timeout",
        suggestions=("Try again.", "Choose another provider."),
    )


def truncated(provider: str) -> ProviderError:
    """Return the error of a stream that ended without a word that the answer is whole."""
    return ProviderError(
        f"{provider} ended the answer before it was complete. Ask again for the rest.",
        type="network_error",
        code=TRUNCATED,
        suggestions=("Ask again.",),
    )


def malformed(provider: str) -> ProviderError:
    """Return the error of something that is no answer of the provider's API."""
    return ProviderError(
        f"{provider} sent an answer that cannot be read. Check its URL, and whether its kind fits.",
        type="server_error",
        code=MALFORMED,
        suggestions=("Check that the URL ends in the API's path, usually /v1.",),
    )


def list_too_long(provider: str) -> ProviderError:
    """Return the error of a list of models that is longer than anybody reads; the provider itself is well."""
    return ProviderError(
        f"{provider} lists more models than can be read. Name those to offer in its models setting.",
        type="server_error",
        code=LIST_TOO_LONG,
        suggestions=("Set models in the provider's settings.",),
    )


def no_api(provider: str, origin: str) -> ProviderError:
    """Return the error of a server without an API at the root of its address (HTTP 404)."""
    return ProviderError(
        f"{provider} has no API at {origin} (HTTP 404). Set its URL to {origin}/v1, where most have theirs.",
        type="model_not_found",
        code=NO_API,
        status_code=404,
        recoverable=False,
        suggestions=(f"Set the provider's URL to {origin}/v1.",),
    )


def restarted(provider: str) -> ProviderError:
    """The provider was to go on with another one's answer, and began a new one instead."""
    return ProviderError(
        f"{provider} could not go on with the answer of another provider. Ask again for the rest.",
        type="server_error",
        code=RESTARTED,
        suggestions=("Ask again.",),
    )


def unexpected(provider: str) -> ProviderError:
    """The provider's own code failed. Its error's text is left out: it may hold the prompt."""
    return ProviderError(
        f"{provider} failed unexpectedly. Try again, or choose another provider.",
        type="server_error",
        code="unexpected",
        suggestions=("Try again.", "Choose another provider."),
    )


def untrusted(provider: str, origin: str) -> ProviderError:
    """Return the error of a server whose certificate is not trusted here."""
    return ProviderError(
        f"The certificate of {provider} at {origin} is not trusted here. Name your CA's file in "
        "SSL_CERT_FILE and start the hub again.",
        type="network_error",
        code="certificate",
        recoverable=False,
        suggestions=("Name your CA's certificate file in SSL_CERT_FILE.", "Choose another provider."),
    )


def proxy_failed(provider: str, variable: str) -> ProviderError:
    """Return the error of a proxy that cannot be reached, or refuses."""
    return ProviderError(
        f"Cannot reach {provider} through the proxy that {variable} names. Correct or unset {variable}, or "
        "put the provider's host into NO_PROXY, and start the hub again.",
        type="network_error",
        code="proxy",
        suggestions=(f"Correct or unset {variable}.", "Put the provider's host into NO_PROXY."),
    )


def unusable_key(provider: str, variable: str | None) -> ProviderError:
    """Return the error of a key with characters that no HTTP header carries."""
    where = f" in {variable}" if variable else ""
    return ProviderError(
        f"{provider}'s key{where} holds a space, a line end or a typographic sign (a dash, a quote) that no "
        "key has. Copy it again from where it was made, and start the hub again.",
        type="auth_error",
        code="unusable_key",
        recoverable=False,
        suggestions=(f"Set {variable or 'the key'} again.",),
    )


def closed(provider: str) -> ProviderError:
    """Return the error of a provider that our side has closed."""
    return ProviderError(
        f"{provider} is closed here. Start the hub again.",
        type="network_error",
        code="closed",
        recoverable=False,
    )


def no_other(name: str) -> NoReturn:
    """Refuse to hand out another provider.

    Raises:
        ProviderError: always.

    """
    raise ProviderError(
        f"There is no provider {name!r} to ask. Correct the settings.",
        type="model_not_found",
        code=NO_PROVIDER,
        recoverable=False,
    )


def no_models(provider: str) -> ProviderError:
    """Return the error of an endpoint that lists no model where none was configured."""
    return ProviderError(
        f"{provider} lists no model. Load one there, or name one in CONDUIT_MODEL.",
        type="model_not_found",
        recoverable=False,
        suggestions=("Load a model in the provider.", "Set CONDUIT_MODEL."),
    )


def _overflow(provider: str, status: int) -> ProviderError:
    return ProviderError(
        f"The conversation is too long for {provider}'s model. Start a new one or send less text.",
        type="server_error",
        code=CONTEXT_OVERFLOW,
        status_code=status,
        recoverable=False,
        suggestions=("Start a new conversation.", "Choose a model with a larger context."),
    )


def _model_not_found(provider: str, status: int, model: str | None, code: str | None) -> ProviderError:
    name = f" {model!r}" if model else ""
    return ProviderError(
        f"{provider} has no model{name} at this address. Choose one that it lists, or check its URL.",
        type="model_not_found",
        code=code,
        status_code=status,
        recoverable=False,
        suggestions=("Choose a model the provider lists.", "Check the provider's URL (usually …/v1)."),
    )


def _when(seconds: float | None) -> str:
    """Return when to try again, as people say it."""
    if not seconds:
        return "in a moment"
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"in {math.ceil(seconds / size)} {unit}"
    return f"in {math.ceil(seconds)} s"


def _says_quota(status: int, text: str) -> bool:
    return status in {400, 403, 429} and any(word in text for word in _QUOTA_WORDS)


def _quota_exhausted(provider: str, status: int, body: ErrorBody, retry_after: float | None) -> ProviderError:
    return ProviderError(
        f"The quota at {provider} is used up. Check plan and billing there, or choose another provider.",
        type="rate_limit",
        code=body.code if body.code in _QUOTA_CODES else QUOTA_EXHAUSTED,
        status_code=status,
        retry_after=retry_after,
        recoverable=False,
        suggestions=("Check plan and billing.", "Choose another provider."),
    )


def _overloaded(provider: str, status: int, body: ErrorBody, retry_after: float | None) -> ProviderError:
    return ProviderError(
        f"{provider} is overloaded (HTTP {status}). Try again in a moment, or choose another provider.",
        type="server_error",
        code=body.code or "overloaded",
        status_code=status,
        retry_after=retry_after,
        suggestions=("Try again in a moment.", "Choose another provider."),
    )


def _prefill_refused(provider: str, status: int) -> ProviderError:
    return ProviderError(
        f"The model of {provider} does not continue a text that was begun (HTTP {status}). Ask again.",
        type="server_error",
        code=PREFILL_REFUSED,
        status_code=status,
        recoverable=False,
        suggestions=("Ask again.", "Choose another model."),
    )


def _rate_limited(provider: str, status: int, body: ErrorBody, retry_after: float | None) -> ProviderError:
    wait = _when(retry_after)
    return ProviderError(
        f"{provider} limits the rate of requests. Try again {wait}, or choose another provider.",
        type="rate_limit",
        code=body.code,
        status_code=status,
        retry_after=retry_after,
        suggestions=(f"Try again {wait}.", "Choose another provider."),
    )
