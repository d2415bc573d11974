"""The background loop: hand-over, cancellation, context, fork, stop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conduit_widget.kernel import loop_thread as loop_thread_module
from conduit_widget.kernel.loop_thread import THREAD_NAME, LoopThread, loop_thread, stop_loop_thread
from tests.support.waiting import eventually_sync

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("cell", default="none")


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    """The process's loop, stopped afterwards."""
    yield loop_thread()
    stop_loop_thread()


def test_submit_returns_the_value_when_awaited_from_another_thread(thread: LoopThread) -> None:
    """A coroutine runs on the loop thread and its value crosses."""

    async def name() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert thread.submit(name()).result(30) == THREAD_NAME


def test_submit_carries_the_exception_when_the_coroutine_fails(thread: LoopThread) -> None:
    """An error crosses with its type and text."""

    async def fail() -> None:
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        thread.submit(fail()).result(30)


def test_cancel_ends_the_task_when_it_is_running(thread: LoopThread) -> None:
    """Cancelling the future cancels the task on the loop."""
    started, ended = threading.Event(), threading.Event()

    async def wait() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    future = thread.submit(wait())
    assert started.wait(30)
    assert future.cancel()
    assert ended.wait(30)


def test_cancelled_task_cancels_the_future_when_the_loop_cancels_it(thread: LoopThread) -> None:
    """A task that ends cancelled wakes its waiter with a cancellation, not a hang."""

    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(concurrent.futures.CancelledError):
        thread.submit(give_up()).result(30)


def test_work_runs_in_a_context_of_its_own_when_the_caller_has_one(thread: LoopThread) -> None:
    """Neither the caller's context nor an earlier task's is seen, so no print lands in somebody's cell."""

    async def read_and_write() -> str:
        seen = _variable.get()
        _variable.set("task")
        return seen

    async def nested() -> str:
        return await asyncio.create_task(read_and_write())

    _variable.set("cell 1")
    try:
        assert thread.submit(read_and_write()).result(30) == "none"
        assert thread.submit(nested()).result(30) == "none"
        seen: list[str] = []
        thread.call(lambda: seen.append(_variable.get()))
        assert eventually_sync(lambda: seen) == ["none"]
    finally:
        _variable.set("none")


def test_prints_are_bound_to_no_cell_when_the_kernel_routes_output_by_context(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ipykernel's stdout finds the cell in a context variable: on the loop thread it holds no cell."""

    class KernelStream(io.StringIO):
        _parent_header: contextvars.ContextVar[dict[str, str]] = contextvars.ContextVar("parent_header")

    stream = KernelStream()
    stream._parent_header.set({"msg_id": "cell 1"})
    monkeypatch.setattr(sys, "stdout", stream)
    thread = LoopThread()

    async def parent() -> dict[str, str]:
        return stream._parent_header.get()

    try:
        assert thread.submit(parent()).result(30) == {}
    finally:
        thread.stop()


def test_stop_cancels_what_runs_and_the_next_use_starts_anew() -> None:
    """After a stop nothing runs any more, handing over says so, and a new loop is made on demand."""
    first = loop_thread()
    ended = threading.Event()
    started = threading.Event()

    async def wait() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    first.submit(wait())
    assert started.wait(30)
    stop_loop_thread()
    assert ended.is_set()
    assert not first.is_alive
    with pytest.raises(RuntimeError):
        first.submit(asyncio.sleep(0))
    first.call(print)  # silently nothing
    second = loop_thread()
    assert second is not first
    assert second.submit(asyncio.sleep(0, "fine")).result(30) == "fine"
    stop_loop_thread()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_waits_for_an_import_of_the_loop(
    thread: LoopThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child never keeps half a module that the parent's loop was about to import."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(loop_thread_module, "FORK_WAIT", 30.0)
    slow = "import threading, begun_import\nbegun_import.begun.set()\nthreading.Event().wait(0.3)\n"
    (tmp_path / "half_imported.py").write_text(slow + "whole = True\n")
    (tmp_path / "begun_import.py").write_text("import threading\nbegun = threading.Event()\n")
    begun = importlib.import_module("begun_import").begun
    thread.call(importlib.import_module, "half_imported")
    assert begun.wait(30)
    child = os.fork()
    if child == 0:
        os._exit(0 if hasattr(sys.modules["half_imported"], "whole") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert thread.submit(asyncio.sleep(0, "on")).result(30) == "on"  # the parent's loop goes on


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_child_gets_its_own_loop_when_the_parent_has_one(thread: LoopThread) -> None:
    """The parent's thread does not exist in a forked child; work there runs all the same."""
    assert thread.submit(asyncio.sleep(0, "parent")).result(30) == "parent"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if loop_thread().submit(asyncio.sleep(0, 7)).result(30) == 7 else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert thread.submit(asyncio.sleep(0, "still")).result(30) == "still"


def test_last_words_are_heard_before_the_loop_is_stopped(capfd: pytest.CaptureFixture[str]) -> None:
    """With the seconds given; what they could not do is said, one line each, though another one fails."""
    thread, heard = LoopThread(), list[float]()

    async def unsent(seconds: float) -> list[str]:
        heard.append(seconds)
        await asyncio.sleep(0)
        return ["1 message was not sent."]

    async def fails(_: float) -> list[str]:
        raise RuntimeError("of our own")

    thread.before_stop(fails)
    thread.before_stop(unsent)
    thread.stop(wait=3.0)
    assert heard == [3.0]
    assert not thread.is_alive
    assert "conduit_widget: 1 message was not sent." in capfd.readouterr().err


def test_stop_without_a_wait_hears_nobody() -> None:
    """Tests and forks end at once."""
    thread, heard = LoopThread(), list[float]()

    async def last(seconds: float) -> list[str]:
        heard.append(seconds)
        return []

    thread.before_stop(last)
    thread.stop()
    assert heard == []


def test_last_words_that_do_not_end_are_cut_short(capfd: pytest.CaptureFixture[str]) -> None:
    """The end comes, and says so."""
    thread = LoopThread()

    async def for_ever(_: float) -> list[str]:
        await asyncio.Event().wait()
        return []

    thread.before_stop(for_ever)
    thread.stop(0.2, wait=0.1)
    assert "did not end its work within 0.3 s" in capfd.readouterr().err


def test_interrupt_ends_the_wait_and_what_is_left_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """Who presses Ctrl-C does not want to wait, and hears what that costs."""
    thread, waits = LoopThread(), list[float]()

    async def unsent(seconds: float) -> list[str]:
        waits.append(seconds)
        if seconds:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # it waits for us
            await asyncio.sleep(seconds)
        return [f"1 message was not sent within {seconds:g} s."]

    thread.before_stop(unsent)
    thread.stop(wait=300.0)
    assert waits == [300.0, 0.0]
    assert "1 message was not sent within 0 s." in capfd.readouterr().err
    assert not thread.is_alive
