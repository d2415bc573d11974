"""Blocking calls beside the loop."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from conduit_widget.kernel.daemon_executor import DaemonExecutor


def test_value_and_error_come_back() -> None:
    """As from any executor."""
    executor = DaemonExecutor()
    assert executor.submit(pow, 2, 3).result(30) == 8
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result(30)


def test_call_runs_on_a_thread_that_does_not_hold_up_the_end() -> None:
    """A call that hangs must not hang the process."""
    thread = DaemonExecutor().submit(threading.current_thread).result(30)
    assert thread.daemon


def test_calls_are_taken_while_the_interpreter_ends() -> None:
    """The standard pool refuses them by then."""
    script = (
        "import atexit\n"
        "from conduit_widget.kernel.daemon_executor import DaemonExecutor\n"
        "atexit.register(lambda: print(DaemonExecutor().submit(pow, 2, 3).result(30)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "8"
