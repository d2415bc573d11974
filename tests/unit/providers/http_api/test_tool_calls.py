"""Tool calls from their pieces: bounded, and without a word that no call has."""

from __future__ import annotations

import pytest

from conduit_widget.providers.http_api.tool_calls import MAX_ARGUMENTS_CHARS, MAX_CALLS, ToolCallCollector
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.provider import ToolCall
from conduit_widget.providers.reading.provider_words import ProviderWords


@pytest.fixture
def collector() -> ToolCallCollector:
    """An empty one that knows a key."""
    return ToolCallCollector(ProviderWords([Secret("sk-hidden-key")]))


def test_pieces_of_two_calls_do_not_mix(collector: ToolCallCollector) -> None:
    """By their key, in the order they began."""
    collector.add(0, "a", "first", '{"x"')
    collector.add(1, "b", "second", {"y": [2]})
    collector.add(0, None, None, ": 1}")
    assert collector.calls() == (ToolCall("a", "first", '{"x": 1}'), ToolCall("b", "second", '{"y":[2]}'))


def test_calls_of_one_number_are_told_apart_by_their_ids(collector: ToolCallCollector) -> None:
    """Some servers number every call 0."""
    collector.add(0, "a", "first", "{}")
    collector.add(0, "b", "second", "{}")
    assert [call.id for call in collector.calls()] == ["a", "b"]


def test_what_is_of_a_wrong_type_is_missing(collector: ToolCallCollector) -> None:
    """Numbers, lists, names with line ends, and keys are no names."""
    for value in (7, ["x"], "a\nb", "x" * 1000, "sk-hidden-key"):
        collector.add(0, value, value, 7)
    assert collector.calls() == (ToolCall("", "", ""),)


def test_calls_are_bounded_in_number_and_size(collector: ToolCallCollector) -> None:
    """A call that is too long goes without its arguments: half of a JSON text is worse than none."""
    collector.add(0, "a", "small", "{}")
    for _ in range(10):
        collector.add(1, "b", "large", "x" * (MAX_ARGUMENTS_CHARS // 5))
    for number in range(2, 10 * MAX_CALLS):
        collector.add(number, str(number), "more", "{}")
    calls = collector.calls()
    assert len(calls) == MAX_CALLS
    assert (calls[0].arguments, calls[1].arguments, calls[2].arguments) == ("{}", "", "")
