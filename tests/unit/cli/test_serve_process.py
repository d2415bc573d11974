"""What ``conduit-widget serve`` does to its process before the hub runs."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.cli import main
from conduit_widget.hub import garbage, logs


@pytest.fixture
def same_process() -> Iterator[None]:
    """Undo what a process of its own would keep."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("same_process")
def test_cycles_are_looked_for_less_often_when_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's own process does not search the messages under way for cycles again and again."""
    found: list[tuple[int, int, int]] = []

    def run(hub: Coroutine[Any, Any, None]) -> None:
        hub.close()
        found.append(gc.get_threshold())

    monkeypatch.setattr(asyncio, "run", run)
    monkeypatch.setattr(logs, "configure_logging", lambda *_: None)
    assert main(["serve", "--port", "0", "--data-dir", str(tmp_path)]) == 0
    assert found == [garbage.THRESHOLDS]
