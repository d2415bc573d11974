"""Batched text and measured speed of an answer."""

from __future__ import annotations

from hypothesis import given, strategies as st

from conduit_widget.chat.answers.answer_text import AnswerText, Delta, Speed
from conduit_widget.providers.provider import Usage


@given(st.lists(st.one_of(st.text(min_size=1), st.none())))
def test_deltas_make_the_text_when_taken_at_any_time(steps: list[str | None]) -> None:
    """Offsets, indices and counts join up without gap or overlap, wherever deltas are cut (None: here)."""
    answer = AnswerText(1 << 20)
    whole, tokens, text = "", 0, ""
    for step in [*steps, None]:
        if step is not None:
            answer.add(step)
            whole += step
            continue
        delta = answer.take()
        assert (delta.offset, delta.index) == (len(text), tokens)
        text += delta.text
        tokens += delta.count
        assert (answer.sent, answer.sent_tokens, answer.is_waiting) == (text, tokens, False)
    assert text == whole
    assert tokens == sum(step is not None for step in steps)


def test_lone_surrogates_are_replaced_when_a_provider_sends_them() -> None:
    """What no encoding can carry never reaches the store or the wire; the length stays."""
    answer = AnswerText(100)
    answer.add("a\ud83d")
    answer.add("👋")
    assert answer.take() == Delta("a\ufffd👋", 0, 0, 2)


def test_answer_is_full_when_limit_in_bytes_is_reached() -> None:
    """The limit counts UTF-8 bytes."""
    answer = AnswerText(8)
    answer.add("👋")
    assert not answer.is_full
    answer.add("👋")
    assert answer.is_full


def test_speed_counts_chunks_until_usage_is_known() -> None:
    """Times are ms, the rate is tokens a second after the first; the provider's count wins."""
    speed = Speed(10.0)
    assert speed.metrics().time_to_first_token is None
    speed.token(10.25)
    assert speed.metrics().time_to_first_token == 250
    assert speed.metrics().tokens_per_second is None
    speed.token(10.5)
    speed.token(10.75)
    metrics = speed.metrics()
    assert (metrics.tokens_per_second, metrics.inter_token_latency, metrics.completion_tokens) == (4, 250, 3)
    speed.usage = Usage(prompt_tokens=5, completion_tokens=11)
    metrics = speed.metrics()
    assert (metrics.tokens_per_second, metrics.prompt_tokens, metrics.completion_tokens) == (20, 5, 11)
    assert speed.latency_ms(11.0) == 1000


def test_time_of_thinking_is_known_when_the_answer_begins_or_ends() -> None:
    """From the first thought to the first word; to the last thought where no word came."""
    speed = Speed(0.0)
    speed.reasoning(1.0)
    speed.reasoning(3.0)
    assert speed.metrics().reasoning_time is None
    assert speed.metrics().time_to_first_token == 1000
    assert speed.reasoning_time(ended=True) == 2000
    speed.token(9.0)
    speed.token(12.0)
    assert speed.metrics().reasoning_time == speed.reasoning_time(ended=True) == 8000
    assert Speed(0.0).reasoning_time(ended=True) is None


def test_count_that_a_provider_leaves_out_is_counted_in_chunks() -> None:
    """Half a usage is half a usage."""
    speed = Speed(0.0)
    speed.token(1.0)
    speed.token(2.0)
    speed.usage = Usage(5, None)
    metrics = speed.metrics()
    assert (metrics.prompt_tokens, metrics.completion_tokens) == (5, 2)


def test_answer_ends_at_its_limit_within_one_piece() -> None:
    """A server that sends all at once sends no more than one that streams; no character is cut."""
    answer = AnswerText(10)
    answer.add("ab")
    answer.add("é" * 1000)
    assert answer.is_full
    assert answer.whole == "abéééé"
    answer = AnswerText(4)
    answer.add("abé" + "x" * 9)
    assert (answer.is_full, answer.whole) == (True, "abé")
    odd = AnswerText(3)
    odd.add("éé")
    assert (odd.is_full, odd.whole) == (True, "é")
