"""One timer for all: never early, cancellable, survives a failing callback."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.hub.connections.timer_wheel import TimerWheel
from tests.support.waiting import eventually


async def test_callbacks_run_in_order_and_never_early() -> None:
    """Each callback runs at its slot, at most one resolution late (plus the loop's own delay)."""
    wheel, loop = TimerWheel(0.02), asyncio.get_running_loop()
    started, ran = loop.time(), list[tuple[str, float]]()
    for name, delay in (("late", 0.15), ("soon", 0.05), ("now", 0.0)):
        wheel.after(delay, lambda name=name: ran.append((name, loop.time() - started)))  # type: ignore[misc]  # lambda default
    await eventually(lambda: len(ran) == 3)
    assert [name for name, _ in ran] == ["now", "soon", "late"]
    assert ran[1][1] >= 0.05
    assert ran[2][1] >= 0.15


async def test_cancelled_callback_does_not_run() -> None:
    """Cancelling is final."""
    wheel, ran = TimerWheel(0.01), list[str]()
    wheel.after(0.02, lambda: ran.append("cancelled")).cancel()
    wheel.after(0.05, lambda: ran.append("kept"))
    await eventually(lambda: ran)
    assert ran == ["kept"]


async def test_others_run_when_one_callback_fails(caplog: pytest.LogCaptureFixture) -> None:
    """A failing callback is logged and hurts nobody."""
    wheel, ran = TimerWheel(0.01), list[str]()
    wheel.after(0.0, lambda: 1 / 0)  # type: ignore[arg-type]  # it never returns
    wheel.after(0.0, lambda: ran.append("next"))
    await eventually(lambda: ran)
    assert "ZeroDivisionError" in caplog.text


async def test_nothing_runs_after_close() -> None:
    """A closed wheel forgets its timers."""
    wheel, other, ran = TimerWheel(0.01), TimerWheel(0.01), list[str]()
    wheel.after(0.0, lambda: ran.append("x"))
    wheel.close()
    other.after(0.03, lambda: ran.append("later"))
    await eventually(lambda: ran)
    assert ran == ["later"]
