"""The gate: whatever order events come in, they pass in the log's, each once."""

from __future__ import annotations

from hypothesis import given, strategies as st

from conduit_widget.chat.history.gate import EventGate
from conduit_widget.types import LogEvent


def event(seq: int) -> LogEvent:
    """An event at that position."""
    return LogEvent(seq=seq, target="ReceiveMessage", arguments=[])


@given(st.lists(st.integers(1, 12), max_size=60), st.integers(1, 4))
def test_events_pass_in_order_when_repeated_permuted_or_lost(seqs: list[int], max_held: int) -> None:
    """What passes is 1, 2, 3, … without a hole or repeat; once all are offered again nothing is missing."""
    gate = EventGate(0, max_held=max_held)
    passed = [item.seq for seq in seqs for item in gate.offer([event(seq)])]
    assert passed == list(range(1, gate.position + 1))
    assert gate.newest == max(seqs, default=0)
    assert gate.is_behind == (gate.position < gate.newest)
    passed += [item.seq for item in gate.offer(event(seq) for seq in range(1, gate.newest + 1))]
    assert passed == list(range(1, gate.newest + 1))
    assert not gate.is_behind


def test_gate_is_behind_when_told_of_newer_events() -> None:
    """An event known to exist counts as missing though nobody brought it."""
    gate = EventGate(3)
    gate.expect(4)
    assert gate.is_behind
    assert [item.seq for item in gate.offer([event(3), event(4)])] == [4]
    assert not gate.is_behind


@given(st.permutations(range(1, 9)))
def test_all_events_pass_when_permuted(order: list[int]) -> None:
    """Held events follow as soon as the hole before them is filled."""
    gate = EventGate(0)
    assert [item.seq for seq in order for item in gate.offer([event(seq)])] == list(range(1, 9))
