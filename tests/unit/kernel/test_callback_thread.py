"""User callbacks: order, context, survival, bound."""

from __future__ import annotations

import contextvars
import logging
import threading

import pytest

from conduit_widget.kernel.callback_thread import THREAD_NAME, CallbackThread
from tests.support.waiting import eventually_sync

_cell: contextvars.ContextVar[str] = contextvars.ContextVar("cell", default="none")


def test_callbacks_run_in_order_on_their_own_thread_and_in_the_given_context() -> None:
    """Neither the loop nor a cell is borrowed, and prints belong to the registering cell."""
    thread = CallbackThread()
    seen: list[tuple[int, str, str]] = []
    context = contextvars.copy_context()
    context.run(_cell.set, "cell 3")
    for number in range(20):
        thread.call(context, lambda n: seen.append((n, _cell.get(), threading.current_thread().name)), number)
    eventually_sync(lambda: len(seen) == 20)
    assert seen == [(number, "cell 3", THREAD_NAME) for number in range(20)]


def test_failing_callback_is_logged_and_the_next_one_runs(caplog: pytest.LogCaptureFixture) -> None:
    """A user's exception ends nothing."""
    thread = CallbackThread()
    seen: list[str] = []
    context = contextvars.copy_context()
    thread.call(context, lambda: 1 / 0)
    thread.call(context, seen.append, "next")
    eventually_sync(lambda: seen)
    assert "ZeroDivisionError" in caplog.text


def test_overflow_drops_new_calls_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    """A callback that hangs costs a bounded queue and one warning; the caller never blocks."""
    thread, gate = CallbackThread(max_waiting=2), threading.Event()
    seen: list[int] = []
    context = contextvars.copy_context()
    entered = threading.Event()

    def hang() -> None:
        entered.set()
        gate.wait(10)

    with caplog.at_level(logging.WARNING):
        thread.call(context, hang)
        assert entered.wait(30)
        for number in range(6):
            thread.call(context, seen.append, number)
    gate.set()
    eventually_sync(lambda: len(seen) == 2)
    assert seen == [0, 1]
    assert caplog.text.count("too slow") == 1
