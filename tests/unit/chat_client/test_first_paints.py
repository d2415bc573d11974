"""The time from an answer's first text in the kernel to its picture, whatever the two clocks say."""

from __future__ import annotations

import time

import pytest

from conduit_widget.chat_client.first_paints import MAX_OPEN, SAMPLES, FirstPaints
from conduit_widget.chat_client.state.changes import TokenChange


@pytest.fixture
def paints(monkeypatch: pytest.MonkeyPatch) -> FirstPaints:
    """The first text of an answer came at a known moment; a second has passed since."""
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    found = FirstPaints()
    found.arrived(TokenChange(id="a", offset=0, text="", kind=None))
    found.arrived(TokenChange(id="a", offset=0, text="Hi"))
    clock[0] += 1.0
    return found


@pytest.mark.parametrize(
    ("at", "held", "figure"),
    [
        (1_000_040, 16, 40.0),  # the clocks agree
        (900_000, 16, 16.0),  # the browser's is behind: what passed in the view is certain
        (9_000_000, 16, 1000.0),  # it is ahead: it cannot have taken longer than until the report came
    ],
)
def test_the_figure_is_held_between_what_is_certain(
    paints: FirstPaints, at: float, held: float, figure: float
) -> None:
    """A wrong clock makes no wrong figure of minutes, and none below nothing."""
    paints.painted("a", at, held)
    assert paints.newest == paints.of("a") == figure


def test_the_first_report_counts(paints: FirstPaints) -> None:
    """Two views of one chat report the same answer; one that nobody asked about is no figure."""
    paints.painted("a", 1_000_040, 0)
    paints.painted("a", 1_000_900, 0)
    paints.painted("other", 1_000_900, 0)
    assert list(paints.samples) == [40.0]
    assert paints.of("other") is None


def test_it_is_bounded(paints: FirstPaints) -> None:
    """Answers that nobody looks at, and figures, are forgotten in their order."""
    for at in range(MAX_OPEN + 10):
        paints.arrived(TokenChange(id=str(at), offset=0, text="x"))
    paints.painted("0", 1_000_001, 0)
    assert paints.newest is None
    for at in range(10, MAX_OPEN + 10):
        paints.painted(str(at), 1_000_001, 0)
    assert len(paints.samples) == SAMPLES
    assert paints.of("10") is None
