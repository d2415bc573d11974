"""The measured speed of an answer."""

from __future__ import annotations

from conduit_widget.chat.answers.speed import Speed
from conduit_widget.providers.outcome import CHUNK_TIME_BOUNDS
from conduit_widget.providers.provider import Usage


def test_times_between_chunks_are_counted_in_classes() -> None:
    """The first chunk has none before it; what takes longer than the last bound has a class of its own."""
    speed = Speed(0.0)
    for now in (1.0, 1.0, 1.0005, 9.0):
        speed.chunk(now, text=True, reasoning=False)
    times = speed.chunk_times
    assert times is not None
    assert times.counts == (2, *[0] * (len(CHUNK_TIME_BOUNDS) - 1), 1)
    assert times.seconds == 8.0
    assert Speed(0.0).chunk_times is None


def test_speed_counts_chunks_until_usage_is_known() -> None:
    """Times are ms, the rate is tokens a second after the first; the provider's count wins."""
    speed = Speed(10.0)
    assert speed.metrics().time_to_first_token is None
    speed.chunk(10.25, text=True, reasoning=False)
    assert speed.metrics().time_to_first_token == 250
    assert speed.metrics().tokens_per_second is None
    speed.chunk(10.5, text=True, reasoning=False)
    speed.chunk(10.75, text=True, reasoning=False)
    metrics = speed.metrics()
    assert (metrics.tokens_per_second, metrics.inter_token_latency, metrics.completion_tokens) == (4, 250, 3)
    speed.report(Usage(prompt_tokens=5, completion_tokens=11))
    metrics = speed.metrics()
    assert (metrics.tokens_per_second, metrics.prompt_tokens, metrics.completion_tokens) == (20, 5, 11)
    assert speed.elapsed(11.0) == 1


def test_time_of_thinking_is_known_when_the_answer_begins_or_ends() -> None:
    """From the first thought to the first word; to the last thought where no word came."""
    speed = Speed(0.0)
    speed.chunk(1.0, text=False, reasoning=True)
    speed.chunk(3.0, text=False, reasoning=True)
    assert speed.metrics().reasoning_time is None
    assert speed.metrics().time_to_first_token == 1000
    assert speed.reasoning_time(ended=True) == 2000
    speed.chunk(9.0, text=True, reasoning=False)
    speed.chunk(12.0, text=True, reasoning=False)
    assert speed.metrics().reasoning_time == speed.reasoning_time(ended=True) == 8000
    assert Speed(0.0).reasoning_time(ended=True) is None


def test_count_that_a_provider_leaves_out_is_counted_in_chunks() -> None:
    """Half a usage is half a usage."""
    speed = Speed(0.0)
    speed.chunk(1.0, text=True, reasoning=False)
    speed.chunk(2.0, text=True, reasoning=False)
    speed.report(Usage(5, None))
    metrics = speed.metrics()
    assert (metrics.prompt_tokens, metrics.completion_tokens) == (5, 2)
