"""The end of the process: how long it waits, and what a signal does meanwhile."""

from __future__ import annotations

import io
import signal
import sys

import pytest

from conduit_widget.kernel.exit_wait import (
    EXIT_WAIT,
    MAX_EXIT_WAIT,
    exit_wait,
    termination_waits,
    write_to_stderr,
)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("", EXIT_WAIT),
        ("2.5", 2.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("nan", EXIT_WAIT),
        ("soon", EXIT_WAIT),
        ("1e9", MAX_EXIT_WAIT),
    ],
)
def test_wait_is_the_variable_s(given: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no number of seconds is the default."""
    monkeypatch.setenv("CONDUIT_EXIT_WAIT", given)
    assert exit_wait() == seconds


def test_termination_acts_after_the_wait() -> None:
    """It is not lost, and comes before whatever follows."""
    handled: list[int] = []
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(signal, "raise_signal", handled.append)
            with termination_waits():
                # To ourselves, by the one way that runs the handler at once.
                handler = signal.getsignal(signal.SIGTERM)
                assert callable(handler)
                handler(signal.SIGTERM, None)
                assert handled == []
        assert handled == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_somebody_else_s_handler_is_left_alone() -> None:
    """A server that handles SIGTERM goes on doing so."""

    def theirs(*_: object) -> None: ...

    before = signal.signal(signal.SIGTERM, theirs)
    try:
        with termination_waits():
            assert signal.getsignal(signal.SIGTERM) is theirs
    finally:
        signal.signal(signal.SIGTERM, before)


def test_lines_go_to_the_process_s_own_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a notebook has put in its place; a process without one says nothing."""
    own = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", own)
    write_to_stderr(["one", "two"])
    assert own.getvalue() == "conduit_widget: one\nconduit_widget: two\n"
    monkeypatch.setattr(sys, "__stderr__", None)
    write_to_stderr(["three"])
