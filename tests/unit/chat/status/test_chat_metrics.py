"""What becomes a label of the chat's metrics."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import msgspec
from prometheus_client import generate_latest

from conduit_widget.chat.answers.answer_options import AnswerOptions
from conduit_widget.chat.answers.generation_job import AnsweredConversation, GenerationJob
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.generation_outcomes import GenerationOutcomes
from conduit_widget.chat.status.notices import Notices
from conduit_widget.hub.metrics.figures import Change
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.outcome import CANCELLED, CHUNK_TIME_BOUNDS, ChunkTimes, GenerationOutcome
from conduit_widget.providers.provider import Failover
from conduit_widget.types import ChatMessage, ProviderStatus, RateLimit
from tests.support.providers.scripted_provider import ScriptedDirectory, ScriptedProvider

LABELS = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "scripted",
    "gen_ai_response_model": "script-1",
}
FAILOVER = Failover(
    source="scripted",
    source_model="script-1",
    target="spare",
    target_model="m2",
    reason="slow_down",
    error_type="rate_limit",
    text="scripted gave no answer; spare answers instead.",
    mid_stream=False,
    policy="continue",
)
TIMES = "gen_ai_client_operation_time_per_output_chunk_seconds"


def test_models_name_is_a_short_plain_label() -> None:
    """However long and odd a server's names are, the page of the metrics stays small."""
    metrics = ChatMetrics()
    for number in range(100):
        model = f"{number}\u202e\n" + "m" * 100_000
        metrics.record(GenerationOutcome(provider="scripted", model=model, duration=1.0), ["script-1"])
    page = generate_latest(metrics.registry).decode()
    assert len(page) < 1 << 20
    assert "\u202e" not in page
    assert "m" * 120 in page
    assert "m" * 129 not in page
    assert 'gen_ai_response_model="other"' in page


def test_outcome_reaches_the_metrics_and_the_provider_once() -> None:
    """Times between chunks add up over generations; the gauge counts what is under way."""
    metrics, directory = ChatMetrics(), ScriptedDirectory(ScriptedProvider())
    outcomes = GenerationOutcomes(directory, metrics, Notices())
    counts = (3, *[0] * (len(CHUNK_TIME_BOUNDS) - 1), 1)
    outcome = GenerationOutcome(
        provider="scripted",
        model="script-1",
        duration=4.0,
        time_to_first_token=0.5,
        chunk_times=ChunkTimes(counts, 3.5),
    )
    for _ in range(2):
        outcomes.began()
        outcomes.ended(outcome)
    outcomes.began()
    sample = metrics.registry.get_sample_value
    assert directory.outcomes == [outcome, outcome]
    assert sample("conduit_chat_generations_active") == 1
    assert sample("gen_ai_client_operation_duration_seconds_sum", {**LABELS, "error_type": ""}) == 8
    assert sample(f"{TIMES}_bucket", {**LABELS, "le": "0.001"}) == 6
    assert sample(f"{TIMES}_bucket", {**LABELS, "le": "+Inf"}) == sample(f"{TIMES}_count", LABELS) == 8
    assert sample(f"{TIMES}_sum", LABELS) == 7


def test_provider_that_another_replaces_is_counted_as_failed_and_judged_once() -> None:
    """The metrics count what it did until then; its health has heard of that from whoever replaced it."""
    metrics, directory = ChatMetrics(), ScriptedDirectory(ScriptedProvider())
    outcomes = GenerationOutcomes(directory, metrics, Notices())
    failed = GenerationOutcome(
        provider="scripted", model="script-1", duration=3.0, time_to_first_token=0.5, error_type="rate_limit"
    )
    job = GenerationJob(
        conversation=cast("AnsweredConversation", SimpleNamespace(conversation_id="c")),
        author_id="ann",
        answer=ChatMessage(id="a", role="assistant", content=""),
        answer_seq=2,
        options=AnswerOptions(),
    )
    outcomes.began()
    outcomes.failed_over(job, FAILOVER, failed)
    sample = metrics.registry.get_sample_value
    labels = {**LABELS, "error_type": "rate_limit"}
    assert sample("gen_ai_client_operation_duration_seconds_sum", labels) == 3
    attempts = {"gen_ai_provider_name": "scripted", "outcome": "failed"}
    assert sample("conduit_chat_attempts_total", attempts) == 1
    assert sample("conduit_chat_generations_active") == 1, "the answer goes on"
    assert directory.outcomes == []
    nobody = msgspec.structs.replace(FAILOVER, target=None)
    outcomes.failed_over(job, nobody, None)
    assert sample("conduit_chat_attempts_total", attempts) == 1, "the end of the answer counts the last one"


def test_hub_shows_the_chats_figures() -> None:
    """What top and the dashboard show of answers: those being written, those that ended, the first chunk."""
    hub = HubMetrics()
    metrics = ChatMetrics(hub)
    outcomes = GenerationOutcomes(ScriptedDirectory(ScriptedProvider()), metrics, Notices())
    outcomes.began()
    outcomes.began()
    outcomes.ended(
        GenerationOutcome(provider="scripted", model="script-1", duration=4.0, time_to_first_token=0.5)
    )
    metrics.resumed(recovered=True)
    figures = hub.figures.since("")
    assert figures.gauges["generations"].all == 1
    assert figures.counters["generated"].by == {"": Change(1.0)}
    assert figures.counters["recoveries"].by["recovered"].total == 1
    first = figures.timings["firstChunk"].ever.p50
    assert isinstance(first, float)
    assert 0.32 < first <= 0.64, "within the bucket of half a second"


def test_outcomes_are_counted_by_provider_and_model() -> None:
    """Tokens a second, cost in its currency, attempts by their end, failovers by who took over."""
    metrics = ChatMetrics()
    outcome = GenerationOutcome(
        provider="scripted",
        model="script-1",
        duration=4.0,
        inter_token_latency=0.02,
        prompt_tokens=1_000_000,
        completion_tokens=500_000,
        flush_times=ChunkTimes((2, *[0] * len(CHUNK_TIME_BOUNDS)), 0.001),
    )
    price = Price(input=2, output=8, currency="EUR")
    metrics.record(outcome, ["script-1"], price)
    metrics.record(outcome, ["script-1"])
    failed = msgspec.structs.replace(outcome, error_type="server_error", completion_tokens=None)
    metrics.record(failed, ["script-1"], price)
    metrics.record(msgspec.structs.replace(failed, error_type=CANCELLED), ["script-1"], price)
    metrics.failed_over("scripted", "spare", mid_stream=True)
    metrics.failed_over("spare", None, mid_stream=False)
    sample = metrics.registry.get_sample_value
    assert sample("conduit_chat_cost_total", {**LABELS, "currency": "EUR"}) == 6
    assert sample("conduit_chat_tokens_per_second_sum", LABELS) == 200
    assert sample("conduit_chat_flush_seconds_count") == 8
    ends = {
        end: sample("conduit_chat_attempts_total", {"gen_ai_provider_name": "scripted", "outcome": end})
        for end in ("answered", "failed", "cancelled")
    }
    assert ends == {"answered": 2, "failed": 1, "cancelled": 1}
    over = {"gen_ai_provider_name": "scripted", "to": "spare", "mid_stream": "true"}
    assert sample("conduit_chat_failovers_total", over) == 1
    nobody = {"gen_ai_provider_name": "spare", "to": "", "mid_stream": "false"}
    assert sample("conduit_chat_failovers_total", nobody) == 1
    assert (
        sample("conduit_chat_attempts_total", {"gen_ai_provider_name": "spare", "outcome": "failed"}) is None
    )
    figures = metrics.figures.since("")
    assert figures.counters["cost"].by["EUR"].total == 6
    assert figures.counters["failovers"].all.total == 2
    assert isinstance(figures.timings["flush"].ever.p50, float)


def test_breakers_and_limits_are_as_they_are_when_the_page_is_read() -> None:
    """One of the three states is 1; a share that nobody knows is not there."""
    metrics = ChatMetrics()
    known, unknown = RateLimit(limit=10, remaining=1, percentage_used=90.0), RateLimit(remaining=0)
    statuses = [ProviderStatus(provider="acme", state="healthy", rate_limit={"tokens": known})]
    metrics.watch(lambda: statuses)
    sample = metrics.registry.get_sample_value

    def breakers() -> list[float | None]:
        labels = [
            {"gen_ai_provider_name": "acme", "state": state} for state in ("closed", "half_open", "open")
        ]
        return [sample("conduit_provider_breaker", each) for each in labels]

    used = {"gen_ai_provider_name": "acme", "scope": "tokens"}
    assert breakers() == [1, 0, 0]
    assert sample("conduit_provider_limit_used_ratio", used) == 0.9
    statuses[0] = ProviderStatus(
        provider="acme", state="down", breaker="open", rate_limit={"tokens": unknown}
    )
    assert breakers() == [0, 0, 1]
    assert sample("conduit_provider_limit_used_ratio", used) is None


def test_providers_name_is_a_bounded_label() -> None:
    """A package may name providers as it likes: the page stays small and plain."""
    metrics = ChatMetrics()
    for number in range(200):
        name = f"{number}\u202e" + "p" * 1000
        metrics.record(GenerationOutcome(provider=name, model="m", duration=1.0), ["m"])
        metrics.failed_over(name, name, mid_stream=False)
    page = generate_latest(metrics.registry).decode()
    names = {
        line.split('gen_ai_provider_name="')[1].split('"')[0]
        for line in page.splitlines()
        if "_name=" in line
    }
    assert len(names) == 65
    assert "other" in names
    assert "\u202e" not in page
    assert max(map(len, names)) <= 128
