"""What ``conduit-widget serve`` does to its process before the hub runs."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.app import interpreter
from conduit_widget.cli import main, serve


@pytest.fixture
def same_process() -> Iterator[None]:
    """Undo what a process of its own would keep."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)
    gc.unfreeze()


@pytest.mark.usefixtures("same_process")
def test_interpreter_is_tuned_when_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's own process neither searches the messages under way for cycles again and again nor forces
    its two threads to switch."""
    found: list[tuple[tuple[int, int, int], float]] = []

    def run(hub: Coroutine[Any, Any, None]) -> None:
        hub.close()
        found.append((gc.get_threshold(), sys.getswitchinterval()))

    monkeypatch.setattr(asyncio, "run", run)
    monkeypatch.setattr(serve, "configure_logging", lambda *_: None)
    assert main(["serve", "--port", "0", "--data-dir", str(tmp_path)]) == 0
    assert found == [(interpreter.CYCLE_THRESHOLDS, interpreter.SWITCH_INTERVAL)]
