"""The figures of ``top`` from synthetic readings."""

from __future__ import annotations

import math

import pytest

from conduit_widget.cli.top_figures import Latency, compare, parse, sparkline


def _page(messages: int, fast: int, slow: int, started: int = 100) -> str:
    return f"""# TYPE conduit_signalr_messages_total counter
conduit_signalr_messages_total{{hub="/a",method="Send",direction="in"}} {messages}
conduit_signalr_messages_total{{hub="/b",method="Send",direction="in"}} {messages}
conduit_signalr_messages_total{{hub="/a",method="Got",direction="out"}} {messages * 3}
# TYPE conduit_signalr_connections_active gauge
conduit_signalr_connections_active{{hub="/a"}} 2
conduit_signalr_connections_active{{hub="/b"}} 1
# TYPE conduit_signalr_errors_total counter
conduit_signalr_errors_total{{hub="/a",kind="refused"}} {messages}
# TYPE conduit_signalr_delivery_latency_seconds histogram
conduit_signalr_delivery_latency_seconds_bucket{{hub="/a",le="0.1"}} {fast}
conduit_signalr_delivery_latency_seconds_bucket{{hub="/a",le="0.2"}} {fast + slow}
conduit_signalr_delivery_latency_seconds_bucket{{hub="/a",le="+Inf"}} {fast + slow}
# TYPE process_start_time_seconds gauge
process_start_time_seconds {started}
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total {messages / 10}
"""


def test_rates_and_quantiles_are_of_what_came_between_the_readings() -> None:
    """Sums over labels, divided by the time between; quantiles on a line within their bucket."""
    figures = compare(parse(_page(10, 1000, 0), 5.0), parse(_page(20, 1000, 100), 7.0))
    assert (figures.received.now, figures.received.total) == (10.0, 40.0)
    assert figures.sent.now == 15.0
    assert figures.connections == {"/a": 2.0, "/b": 1.0}
    assert figures.errors["refused"].now == 10.0
    assert figures.cpu == 0.5
    now, ever = figures.latency["delivery"]
    assert now.p50 == pytest.approx(0.15)
    assert now.p95 == pytest.approx(0.195)
    assert ever.p50 == pytest.approx(0.055)
    assert figures.latency["method"] == (Latency(None, None), Latency(None, None))


@pytest.mark.parametrize("started", [100, 200], ids=["same start time", "another start time"])
def test_restart_gives_no_rate_and_none_below_zero(started: int) -> None:
    """Counters that begin anew tell nothing of the time before; the totals are the new hub's."""
    figures = compare(parse(_page(50, 9, 9), 1.0), parse(_page(3, 1, 0, started), 3.0))
    assert figures.received.now is None
    assert figures.received.total == 6.0
    assert figures.errors["refused"].now is None
    assert figures.cpu is None
    assert figures.latency["delivery"][0] == Latency(None, None)


def test_quantile_above_the_largest_bucket_is_infinite() -> None:
    """Only the bound is known."""
    page = 'conduit_signalr_delivery_latency_seconds_bucket{hub="/a",le="%s"} %d\n'
    figures = compare(None, parse(page % ("1", 0) + page % ("+Inf", 5), 1.0))
    assert figures.latency["delivery"][1].p50 == math.inf


def test_what_is_no_hub_is_refused() -> None:
    """Another program's metrics, or no metrics at all."""
    for text in ("up 1\n", "<html>no</html>"):
        with pytest.raises(ValueError, match=r".+"):
            parse(text, 0.0)


def test_sparkline_has_gaps_and_a_flat_zero() -> None:
    """From 0 to the largest."""
    assert sparkline([0, None, 4, 8]) == "▁ ▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""
