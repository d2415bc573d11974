"""What ``top`` draws."""

from __future__ import annotations

from rich.console import Console

from conduit_widget.cli.top.view import sparkline, table_of
from conduit_widget.hub.metrics.figures import Change, Counter, Figures, Gauge, Quantiles, Share, Timing


def _rows(figures: Figures) -> dict[str, str]:
    """Return what is drawn, by the figure's name."""
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(table_of(figures))
    lines = [line.strip().split("  ", 1) for line in capture.get().splitlines()]
    return {name: " ".join(rest[0].split()) if rest else "" for name, *rest in lines}


def test_what_the_hub_does_not_tell_is_a_dash() -> None:
    """A first reading, and a system that says nothing of a process: no figure is made up."""
    rows = _rows(
        Figures(
            reading="ab-1",
            started_at=1.0,
            uptime_seconds=2.0,
            seconds=None,
            gauges={},
            counters={},
            timings={},
            shares={},
        )
    )
    assert rows["messages in"] == "- 0"
    assert rows["delivery p50/p95"] == "- / - - / -"
    assert rows["error rate"] == "- -"
    assert rows["hub memory"] == "-"
    assert rows["hub CPU"] == "-"


def test_figures_are_drawn_as_the_hub_computed_them() -> None:
    """Rates, counts by their names, quantiles and the share of what failed."""
    rows = _rows(
        Figures(
            reading="ab-2",
            started_at=1.0,
            uptime_seconds=4.0,
            seconds=2.0,
            gauges={
                "connections": Gauge(3.0, {"/a": 2.0, "/b": 1.0}),
                "memoryBytes": Gauge(57_500_000.0),
            },
            counters={
                "received": Counter(Change(30.0, 20.0, 10.0)),
                "errors": Counter(Change(4.0, 3.0, 1.5), {"timeout": Change(4.0, 3.0, 1.5)}),
                "cpuSeconds": Counter(Change(1.0, 0.5, 0.25)),
            },
            timings={"delivery": Timing(Quantiles(0.0012, "above"), Quantiles(0.002, 1.5), 10.0)},
            shares={"errors": Share(0.15, 0.125)},
        )
    )
    assert rows["connections"] == "3"
    assert rows["/b"] == "1"
    assert rows["messages in"] == "10.0/s 30"
    assert rows["delivery p50/p95"] == "1.2 ms / over scale 2.0 ms / 1.5 s"
    assert rows["error rate"] == "1.5/s (15.0%) 12.5% of calls"
    assert rows["errors"] == "timeout +3 timeout 4"
    assert rows["hub memory"] == "55 MiB"
    assert rows["hub CPU"] == "25%"


def test_sparkline_has_gaps_and_a_flat_zero() -> None:
    """From 0 to the largest."""
    assert sparkline([0, None, 4, 8]) == "▁ ▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""
