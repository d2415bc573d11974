"""The ordered handler queue on its own."""

from __future__ import annotations

import asyncio
from typing import Any

from conduit_widget.client.handlers import Handlers
from conduit_widget.protocol.messages import Completion, HubMessage, Invocation
from tests.support.waiting import eventually


class Recorder:
    """Handlers with what they reply and report."""

    def __init__(self, limit: int = 100) -> None:
        self.replies: list[HubMessage] = []
        self.overflows: list[int] = []
        self.handlers = Handlers(
            on_other=lambda _message: False,
            reply=self.replies.append,
            on_overflow=self.overflows.append,
            limit=limit,
        )

    def dispatch(self, target: str, *arguments: Any, invocation_id: str | None = None) -> None:
        """Dispatch one invocation."""
        self.handlers.dispatch([Invocation(target, list(arguments), invocation_id)])


async def test_sync_handler_runs_at_once_when_nothing_is_queued() -> None:
    """The fast path needs no task switch."""
    recorder = Recorder()
    seen: list[Any] = []
    recorder.handlers.add("Token", seen.append)
    recorder.dispatch("token", 1)
    assert seen == [1]


async def test_receive_path_never_waits_for_a_handler() -> None:
    """Dispatch returns while a handler is stuck; later ones wait behind it, in order."""
    recorder, gate = Recorder(), asyncio.Event()
    seen: list[int] = []

    async def stuck(number: int) -> None:
        await gate.wait()
        seen.append(number)

    recorder.handlers.add("Slow", stuck)
    recorder.handlers.add("Quick", seen.append)
    recorder.dispatch("Slow", 1)
    recorder.dispatch("Quick", 2)
    assert seen == []
    gate.set()
    await eventually(lambda: seen == [1, 2])


async def test_full_queue_is_reported_and_takes_no_more() -> None:
    """The bound holds; what is queued already is still handled."""
    recorder, gate = Recorder(limit=2), asyncio.Event()
    seen: list[int] = []

    async def stuck(number: int) -> None:
        await gate.wait()
        seen.append(number)

    recorder.handlers.add("Slow", stuck)
    for number in range(5):
        recorder.dispatch("Slow", number)
    assert recorder.overflows == [2, 2]
    gate.set()
    await eventually(lambda: seen == [0, 1, 2])


async def test_close_cancels_the_running_handler_and_drops_the_queue() -> None:
    """Nothing runs after the end."""
    recorder = Recorder()
    seen: list[Any] = []

    async def for_ever(_number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    recorder.handlers.add("Slow", for_ever)
    recorder.dispatch("Slow", 1)
    recorder.dispatch("Slow", 2)
    await asyncio.sleep(0)
    await recorder.handlers.aclose()
    assert seen == ["cancelled"]
    recorder.handlers.add("Quick", seen.append)
    recorder.dispatch("Quick", "works again")
    assert seen == ["cancelled", "works again"]


async def test_result_of_the_last_handler_answers_and_any_failure_counts() -> None:
    """A hub that awaits a result gets exactly one completion."""
    recorder = Recorder()
    recorder.handlers.add("Ask", lambda: 1)
    recorder.handlers.add("Ask", lambda: 2)
    recorder.dispatch("Ask", invocation_id="a")
    remove = recorder.handlers.add("Ask", lambda: 1 // 0)
    recorder.dispatch("Ask", invocation_id="b")
    remove()
    remove()
    recorder.dispatch("Ask", invocation_id="c")
    failed = Completion("b", error="The client's handler failed.")
    assert recorder.replies == [Completion("a", 2), failed, Completion("c", 2)]


async def test_peer_cannot_grow_the_spelling_table() -> None:
    """A million spellings and unknown names leave the look-up table small."""
    recorder = Recorder()
    seen: list[Any] = []
    recorder.handlers.add("abcdefgh", seen.append)
    for number in range(256):
        spelling = "".join(
            letter.upper() if number >> bit & 1 else letter for bit, letter in enumerate("abcdefgh")
        )
        recorder.dispatch(spelling, number)
        recorder.dispatch(f"unknown-{number}", number)
    assert seen == list(range(256))
    assert all(len(table) < 10 for table in vars(recorder.handlers).values() if isinstance(table, dict))
