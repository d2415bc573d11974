"""What ``top`` draws."""

from __future__ import annotations

from conduit_widget.cli.top.view import sparkline


def test_sparkline_has_gaps_and_a_flat_zero() -> None:
    """From 0 to the largest."""
    assert sparkline([0, None, 4, 8]) == "▁ ▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""
