"""Interrupts in the code of whoever reads an answer."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from types import SimpleNamespace

import pytest

from conduit_widget.kernel import interrupts
from conduit_widget.kernel.interrupts import watch


class Reading:
    """Something that is read; remembers whether it was interrupted."""

    has_ended = False

    def __init__(self) -> None:
        self.was_interrupted = False

    def interrupted(self) -> None:
        """Note it."""
        self.was_interrupted = True


class Events:
    """IPython's events, as far as they are used."""

    def __init__(self) -> None:
        self.ended = lambda _result: None

    def register(self, name: str, function: object) -> None:
        """Keep the one callback."""
        assert name == "post_run_cell"
        self.ended = function  # type: ignore[assignment]


class Shell:
    """A shell whose cells end as the test says."""

    def __init__(self) -> None:
        self.events = Events()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The shell that runs the cell."""
    running = Shell()
    monkeypatch.setattr(interrupts, "get_shell", lambda: running)
    return running


@pytest.mark.parametrize(
    ("error", "stops"),
    [(KeyboardInterrupt(), True), (asyncio.CancelledError(), True), (ValueError(), False), (None, False)],
)
def test_cell_that_ends_by_an_interrupt_stops_what_it_read(
    shell: Shell, error: BaseException | None, stops: bool
) -> None:
    """Also when the interrupt came in the reader's own code; another error and a plain end leave it alone."""
    reading = Reading()
    watch(reading)
    shell.events.ended(SimpleNamespace(error_in_exec=error))  # type: ignore[no-untyped-call]
    assert reading.was_interrupted is stops


def test_interrupt_of_a_later_cell_leaves_it_alone(shell: Shell) -> None:
    """What an earlier cell left running by `break` goes on."""
    reading = Reading()
    watch(reading)
    for error in (None, KeyboardInterrupt()):
        shell.events.ended(SimpleNamespace(error_in_exec=error))  # type: ignore[no-untyped-call]
    assert not reading.was_interrupted


async def test_cancelled_task_stops_what_it_read() -> None:
    """Cancelled between two pieces, too."""
    reading = Reading()

    async def read() -> None:
        watch(reading)
        await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert reading.was_interrupted


def test_script_that_ends_by_ctrl_c_stops_what_it_read() -> None:
    """In a script there is no cell; the interpreter's end is the last moment."""
    code = (
        "from conduit_widget.kernel.interrupts import watch\n"
        "class Reading:\n    has_ended = False\n    def interrupted(self): print('stopped', flush=True)\n"
        "reading = Reading()\nwatch(reading)\nraise KeyboardInterrupt\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout == "stopped\n"
