"""Batched text and measured speed of an answer."""

from __future__ import annotations

from hypothesis import given, strategies as st

from conduit_widget.chat.answers.answer_text import AnswerText, Delta


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
        delta = answer.pop_delta()
        assert (delta.offset, delta.index) == (len(text), tokens)
        text += delta.text
        tokens += delta.count
        assert (answer.sent, answer.sent_tokens, answer.waiting) == (text, tokens, [])
    assert text == whole
    assert tokens == sum(step is not None for step in steps)


def test_lone_surrogates_are_replaced_when_a_provider_sends_them() -> None:
    """What no encoding can carry never reaches the store or the wire; the length stays."""
    answer = AnswerText(100)
    answer.add("a\ud83d")
    answer.add("👋")
    assert answer.pop_delta() == Delta("a\ufffd👋", 0, 0, 2)


def test_answer_is_full_when_limit_in_bytes_is_reached() -> None:
    """The limit counts UTF-8 bytes."""
    answer = AnswerText(8)
    answer.add("👋")
    assert not answer.is_full
    answer.add("👋")
    assert answer.is_full


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
