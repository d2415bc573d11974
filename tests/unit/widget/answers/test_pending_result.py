"""Results on their way: awaited, waited for, given up, forgotten."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import logging
import threading
from typing import Any

import pytest

from conduit_widget.errors import (
    ConduitError,
    HubException,
    InvocationTimeoutError,
    LocalProtocolError,
    ValidationError,
)
from conduit_widget.kernel.loop_thread import THREAD_NAME
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.listening.change_listeners import Listening

Future = concurrent.futures.Future[str]


def test_result_returns_the_value_and_raises_the_error() -> None:
    """A plain cell gets what an async cell gets."""
    done, failed = Future(), Future()
    done.set_result("value")
    failed.set_exception(HubException("no"))
    assert PendingResult("ask", done).result() == "value"
    with pytest.raises(HubException, match="no"):
        PendingResult("ask", failed).result()


async def test_await_returns_the_value_in_the_cells_loop() -> None:
    """The value crosses from another thread while the awaiting loop stays free."""
    future = Future()
    timer = threading.Timer(0.02, future.set_result, ["value"])
    timer.start()
    assert await PendingResult("ask", future) == "value"
    timer.join()


async def test_cancelling_the_await_cancels_the_work() -> None:
    """Interrupting the cell gives up the question."""
    future = Future()

    async def waits() -> str:
        return await PendingResult("ask", future)

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert future.cancelled()


def test_interrupt_while_waiting_cancels_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in a plain cell gives up the question too."""
    future = Future()

    def interrupted(_timeout: float | None) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        PendingResult("ask", future).result()
    assert future.cancelled()


def test_timeout_is_a_one_line_error_and_the_work_goes_on() -> None:
    """A wait that ends says how long it was; the result may still be fetched later."""
    future = Future()
    pending = PendingResult("ask", future)
    with pytest.raises(InvocationTimeoutError, match=r"ask: no answer within 0\.01 s"):
        pending.result(0.01)
    future.set_result("late")
    assert pending.result() == "late"


def test_cancelled_work_is_a_conduit_error() -> None:
    """No foreign exception type reaches the prompt."""
    future = Future()
    pending = PendingResult("ask", future)
    assert pending.cancel()
    with pytest.raises(ConduitError, match="cancelled"):
        pending.result()


def test_waiting_on_the_loop_thread_is_refused() -> None:
    """Where waiting would deadlock, the error says what to do instead."""
    caught: list[Exception] = []

    def wait() -> None:
        try:
            PendingResult("ask", Future()).result()
        except LocalProtocolError as error:
            caught.append(error)

    thread = threading.Thread(target=wait, name=THREAD_NAME)
    thread.start()
    thread.join(5)
    assert "await" in str(caught[0])


def test_repr_is_one_line_without_an_address() -> None:
    """A cell that ends with it shows what to do."""
    future = Future()
    pending = PendingResult("ask", future)
    assert repr(pending) == "<ask: waiting; use `await` or `.result()`>"
    future.set_result("value")
    assert repr(pending) == "<ask: done>"
    failed = Future()
    failed.set_exception(HubException("why"))
    refused = PendingResult("send", failed)
    assert repr(refused) == "<send: failed: why>"
    with pytest.raises(HubException):
        refused.result()


def test_error_nobody_asked_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """`chat.send(...)` without waiting does not fail in silence; an error that was seen is not repeated."""
    for seen in (False, True):
        future = Future()
        future.set_exception(HubException(f"seen {seen}"))
        pending = PendingResult("send", future)
        if seen:
            with pytest.raises(HubException):
                pending.result()
        with caplog.at_level(logging.WARNING):
            del pending
            gc.collect()
    assert "send failed: seen False" in caplog.text
    assert "seen True" not in caplog.text


async def test_pending_is_taken_by_everything_that_takes_a_coroutine() -> None:
    """create_task, gather, wait_for, shield and task groups work as with any coroutine."""

    def answered(value: str) -> PendingResult[str]:
        future = Future()
        threading.Timer(0.01, future.set_result, [value]).start()
        return PendingResult("ask", future)

    assert await asyncio.create_task(answered("a")) == "a"
    assert list(await asyncio.gather(answered("b"), answered("c"))) == ["b", "c"]
    assert await asyncio.wait_for(answered("d"), 30) == "d"
    assert await asyncio.shield(answered("e")) == "e"
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(answered(each)) for each in "fg"]
    assert [task.result() for task in tasks] == ["f", "g"]


async def test_giving_up_a_task_gives_up_the_work() -> None:
    """A task's cancellation, a timeout and a task group's end reach the work."""
    cancelled, late, grouped = Future(), Future(), Future()
    task = asyncio.create_task(PendingResult("ask", cancelled))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(PendingResult("ask", late), 0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await PendingResult("ask", Future())
    with pytest.raises(ExceptionGroup):
        await _run_beside_a_failure(PendingResult("ask", grouped))
    assert [each.cancelled() for each in (cancelled, late, grouped)] == [True, True, True]


async def _run_beside_a_failure(pending: PendingResult[str]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(pending)
        group.create_task(_fails())


async def _fails() -> None:
    raise HubException("no")


async def test_interrupt_that_does_not_wake_the_loop_is_noticed_all_the_same() -> None:
    """A kernel's stop button calls back into the loop without waking it: the wait wakes up by itself."""
    loop, noticed = asyncio.get_running_loop(), threading.Event()
    waiting = asyncio.create_task(PendingResult("ask", Future()))
    await asyncio.sleep(0)
    # What ipykernel's handler does, on its own thread and so without a wake-up.
    loop._ready.append(asyncio.Handle(noticed.set, (), loop))  # type: ignore[attr-defined]
    await asyncio.to_thread(noticed.wait, 30)
    assert noticed.is_set()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_interrupted_wait_is_one_line_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither our frames nor a library's bury what the reader did: press Stop."""
    task = asyncio.create_task(PendingResult("ask", Future()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    future = Future()

    def interrupted(_timeout: float | None) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt) as stopped:
        PendingResult("ask", future).result()
    errors: list[Any] = [cancelled.value, stopped.value]
    for error in errors:
        (line,) = error._render_traceback_()
        assert "its work stopped" in line


@pytest.mark.parametrize("timeout", ["5", -1, float("nan"), float("inf"), True])
def test_timeout_that_cannot_be_waited_is_named(timeout: Any) -> None:
    """The text says what it must be."""
    pending = PendingResult("ask", Future())
    with pytest.raises(ValidationError, match="timeout: must be a number of seconds"):
        pending.result(timeout)
    pending.cancel()


def test_reading_the_value_too_early_says_how_to_get_it() -> None:
    """Instead of an attribute that does not exist."""
    pending: Any = PendingResult("ask", Future())
    with pytest.raises(AttributeError, match=r"`await` it or call `.result\(\)`, then read `.text`"):
        _ = pending.text
    assert not hasattr(pending, "_repr_html_")
    pending.cancel()


def test_listening_says_how_to_end_it() -> None:
    """Its repr is the same in every run."""
    ended: list[bool] = []
    listening = Listening(lambda: ended.append(True))
    assert repr(listening) == "<on_message: listening; call this to end it>"
    listening()
    assert (repr(listening), ended) == ("<on_message: ended>", [True])
