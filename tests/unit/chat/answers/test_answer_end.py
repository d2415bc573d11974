"""What an answer's end means, and what is said of it."""

from __future__ import annotations

import pytest

from conduit_widget.chat.answers.answer_end import end_of


@pytest.mark.parametrize(
    ("said", "reason", "provider_reason", "has_notice"),
    [
        (None, "stop", None, False),
        ("stop", "stop", None, False),
        ("length", "length", None, False),
        ("STOP", "stop", "STOP", False),
        ("eos", "stop", "eos", False),
        ("max_tokens", "length", "max_tokens", False),
        ("content_filter", "stop", "content_filter", True),
        ("tool_calls", "stop", "tool_calls", True),
        ("abort", "stop", "abort", True),
        ("cancelled", "stop", "cancelled", True),
        ("refusal", "stop", "refusal", True),
        ("pause_turn", "stop", "pause_turn", True),
        ("error", "stop", "error", True),
        ("two words", "stop", "unknown", True),
        ("x" * 1000, "stop", "unknown", True),
    ],
)
def test_finish_reasons_are_told_apart_in_words(
    said: str | None, reason: str, provider_reason: str | None, has_notice: bool
) -> None:
    """The contract's word, the provider's where it says something else, a sentence where that is odd."""
    end = end_of(said, "acme", has_text=True, has_reasoning=False)
    assert (end.reason, end.provider_reason, end.notice is not None) == (reason, provider_reason, has_notice)
    assert end.error is None


@pytest.mark.parametrize(
    ("said", "has_reasoning", "code", "word"),
    [
        ("stop", False, "no_text", "without text"),
        (None, False, "no_text", "without text"),
        ("stop", True, "no_text", "thought"),
        ("length", True, "length", "maxTokens"),
        ("max_tokens", False, "length", "maxTokens"),
        ("content_filter", False, "content_filter", "content filter"),
        ("tool_calls", False, "tool_calls", "tool"),
        ("abort", False, "abort", "abort"),
        ("refusal", False, "refusal", "declined"),
        ("pause_turn", True, "pause_turn", "paused"),
    ],
)
def test_answer_without_text_is_a_failed_one_that_says_why(
    said: str | None, has_reasoning: bool, code: str, word: str
) -> None:
    """Never an empty complete one: one line with the reason and what to do."""
    end = end_of(said, "acme", has_text=False, has_reasoning=has_reasoning)
    assert (end.reason, end.notice) == ("error", None)
    assert end.error is not None
    assert (end.error.code, end.error.recoverable) == (code, True)
    assert end.error.message is not None
    assert word in end.error.message
    assert "\n" not in end.error.message


def test_each_odd_end_has_its_own_words() -> None:
    """Filtered, declined, paused, broken off, in want of a tool and unknown are six different things."""
    odd = ("content_filter", "refusal", "pause_turn", "abort", "tool_calls", "who_knows")
    with_text = {end_of(word, "acme", has_text=True, has_reasoning=False).notice for word in odd}
    empty = [end_of(word, "acme", has_text=False, has_reasoning=False).error for word in odd]
    assert len(with_text) == len({error.message for error in empty if error is not None}) == len(odd)
