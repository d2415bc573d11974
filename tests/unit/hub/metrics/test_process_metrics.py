"""The process's figures agree with what the client library's own collector finds, file by file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from conduit_widget.hub.metrics import process_metrics
from conduit_widget.hub.metrics.process_metrics import ProcessMetrics
from tests.support.hub.metrics_page import MetricsPage, parse_page


def _page(registry: CollectorRegistry) -> MetricsPage:
    return parse_page(generate_latest(registry).decode())


@pytest.mark.parametrize("sized", [True, False], ids=["size of the directory", "older systems"])
def test_figures_are_those_of_the_client_library(sized: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same names and types; equal where nothing moves, near where it does; many files cost nothing more."""
    if not sized:
        monkeypatch.setattr(process_metrics, "_size_of", lambda _listing: 0)
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    ours.register(ProcessMetrics())
    ProcessCollector(registry=theirs)
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(300)]
    try:
        mine, reference = _page(ours), _page(theirs)
    finally:
        for file in files:
            os.close(file)
    assert mine.types == reference.types
    assert mine.samples.keys() == reference.samples.keys()
    for name in ("process_max_fds", "process_start_time_seconds"):
        assert mine.value(name) == reference.value(name)
    assert mine.value("process_start_time_seconds") < time.time()
    assert abs(mine.value("process_open_fds") - reference.value("process_open_fds")) <= 2
    for name in (
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
    ):
        assert mine.value(name) == pytest.approx(reference.value(name), rel=0.2, abs=0.5)


def test_nothing_is_said_where_the_system_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other systems have no /proc: the page is whole without it."""
    monkeypatch.setattr(process_metrics, "_PROC", Path("/nowhere"))
    assert list(ProcessMetrics().collect()) == []
