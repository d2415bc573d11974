"""``top`` and the dashboard compute the same figures: both are held to one vector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.cli.top_figures import Change, Figures, Latency, Scrape, compare, parse

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "figures.json").read_text(encoding="utf-8"))


def _read(name: str) -> Scrape:
    page = VECTOR[name]
    return parse("\n".join(page["lines"]) + "\n", float(page["at"]))


def _change(change: Change) -> dict[str, Any]:
    return {"total": change.total, "now": change.now}


def _latency(pair: tuple[Latency, Latency]) -> dict[str, Any]:
    now, ever = ({"p50": latency.p50, "p95": latency.p95} for latency in pair)
    return {"now": now, "ever": ever}


def _plain(figures: Figures) -> dict[str, Any]:
    several = {
        name: {key: _change(change) for key, change in getattr(figures, name).items()}
        for name in ("recoveries", "errors", "closes")
    }
    return {
        **several,
        "connections": figures.connections,
        "received": _change(figures.received),
        "sent": _change(figures.sent),
        "delivery": _latency(figures.latency["delivery"]),
        "method": _latency(figures.latency["method"]),
        "firstChunk": _latency(figures.latency["first chunk"]),
        "queuedBytes": figures.queued_bytes,
        "reconnections": _change(figures.reconnections),
        "generations": figures.generations,
        "memoryBytes": figures.memory_bytes,
        "cpu": figures.cpu,
    }


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for key, each in value.items() for k, v in _flat(each, f"{name}.{key}").items()}
    return {name: value}


def test_top_computes_the_vectors_figures() -> None:
    """Two recorded readings of a hub give the figures written beside them."""
    shown = _plain(compare(_read("before"), _read("after")))
    assert _flat(shown) == pytest.approx(_flat(VECTOR["figures"]))
