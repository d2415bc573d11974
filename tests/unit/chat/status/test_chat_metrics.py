"""What becomes a label of the chat's metrics."""

from __future__ import annotations

from prometheus_client import generate_latest

from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.generation_outcomes import GenerationOutcomes
from conduit_widget.chat.status.notices import Notices
from conduit_widget.hub.metrics.figures import Change
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.providers.outcome import CHUNK_TIME_BOUNDS, ChunkTimes, GenerationOutcome
from tests.support.scripted_provider import ScriptedDirectory, ScriptedProvider

LABELS = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "scripted",
    "gen_ai_response_model": "script-1",
}
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
