"""Providers as the hub sees them: their health and limits, and which of them would answer."""

from __future__ import annotations

from typing import Literal

from conduit_widget.types.wire import Wire

ProviderState = Literal["healthy", "degraded", "rate_limited", "down", "unknown", "disabled"]
BreakerState = Literal["closed", "open", "half_open"]
ProviderAbility = Literal["vision", "tools", "reasoning"]
FailoverOrder = Literal["priority", "latency"]
LimitSource = Literal["stated", "configured"]


class ProviderLatency(
    Wire,
    frozen=True,
    kw_only=True,
    rename={"ttft_p50": "ttftP50", "ttft_p95": "ttftP95", "tokens_per_second": "tokensPerSecond"},
):
    """Observed speed: times in ms, rate in tokens per second; None until measured."""

    ttft_p50: float | None = None
    ttft_p95: float | None = None
    tokens_per_second: float | None = None


class RateLimit(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One limit of a provider: as its headers state it, or as configured and counted here (``source``).

    Numbers that nobody stated are None, never guessed. ``reset_time`` is ISO 8601 UTC; ``forecast_seconds``
    says when nothing is left at the present rate, None while that is unknown or nothing is being used up.
    """

    limit: int | None = None
    remaining: int | None = None
    percentage_used: float | None = None
    reset_time: str | None = None
    forecast_seconds: float | None = None
    source: LimitSource = "stated"


class ProviderStatus(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Health of one provider, as the hub sees it.

    While ``breaker`` is ``open`` others are asked, where there are any; from ``retry_at`` (ISO 8601 UTC) it
    is ``half_open``: one request finds out whether it answers again. ``error_rate`` is the share of its
    newest answers that failed, 0 to 1, ``context_tokens`` what its models read and write at most.
    """

    provider: str
    state: ProviderState
    breaker: BreakerState = "closed"
    since: str = ""
    reason: str = ""
    retry_at: str | None = None
    latency: ProviderLatency = ProviderLatency()
    error_rate: float = 0.0
    rate_limit: dict[str, RateLimit] = {}
    models: list[str] = []
    last_checked_at: str = ""
    source: Literal["traffic", "probe"] = "probe"
    context_tokens: int | None = None


class ProviderQuestion(Wire, frozen=True, kw_only=True):
    """A message that might be sent: the provider and the model it names, the abilities it needs."""

    provider: str | None = None
    model: str | None = None
    needs: list[ProviderAbility] = []


class ExplainedProvider(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A provider, whether it would answer, and why (not)."""

    provider: str
    kind: str
    model: str | None
    priority: int
    answers: bool
    reason: str


class ProviderExplanation(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Which provider would answer a message now, and why not the others, in the order they are asked.

    ``settings_problem`` says why what is written in the settings is not in use; operators and the owner of a
    hub read it in full.
    """

    provider: str | None
    providers: list[ExplainedProvider]
    settings_problem: str | None = None
