"""The background loop: hand-over, cancellation, context, fork, stop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import io
import os
import sys
import threading
from collections.abc import Iterator

import pytest

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
