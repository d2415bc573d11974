"""Signals to end: when they count, and what is left of them."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from conduit_widget.cli.top.terminal import Terminal, terminal

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", ENDS)
def test_signal_in_the_middle_of_a_picture_counts_when_it_is_drawn(number: signal.Signals) -> None:
    """Half a picture would leave the terminal as it must not be; a second signal disturbs nothing."""
    before = [signal.getsignal(each) for each in ENDS]
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _draw_and_end(number, done)
    assert done == ["drawn"]
    assert [signal.getsignal(each) for each in ENDS] == before


def _draw_and_end(number: signal.Signals, done: list[str]) -> None:
    with terminal() as keys:
        try:
            with keys.drawing():
                os.kill(os.getpid(), number)
                done.append("drawn")
            done.append("went on")
        finally:
            os.kill(os.getpid(), number)


def test_signal_while_waiting_counts_at_once() -> None:
    """Whatever is waited for, it ends there."""
    with terminal() as keys:
        later = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
        with pytest.raises(KeyboardInterrupt):
            _start_and_wait(later, keys)
        later.join()


def _start_and_wait(later: threading.Timer, keys: Terminal) -> None:
    later.start()  # however late it is waited for: the signal comes within the block that expects it
    keys.wait(3600)


def test_another_size_ends_the_wait() -> None:
    """False says: draw again."""
    with terminal() as keys:
        os.kill(os.getpid(), signal.SIGWINCH)
        assert keys.wait(3600) is False
        assert keys.wait(0.01) is True
