"""Generations of all conversations: one at a time in each, a bounded number over all, the rest in line."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from conduit_widget.errors import StoreUnavailableError, trace_of
from conduit_widget.types import ChatMessage, FinishReason, OpenStream

from .generation import Generation, GenerationJob, ProviderChoice
from .settings import ChatSettings

__all__ = ["GenerationQueue", "Place"]

_log = logging.getLogger(__name__)

Place = Literal["streaming", "queued", "full"]


class GenerationQueue:
    """Who may generate when.

    A conversation's line holds ``queued_generations`` besides the running one; overflow policy *refuse*: the
    answer is committed at once with an error that says so. ``on_idle`` is told of a conversation whose
    last generation has ended.
    """

    def __init__(self, providers: ProviderChoice, settings: ChatSettings) -> None:
        self._providers = providers
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.concurrent_generations)
        self._lines: dict[str, deque[Generation]] = {}
        self._reserved: Counter[str] = Counter()
        self._unfinished: Counter[str] = Counter()
        self._by_answer: dict[str, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: dict[str, asyncio.Task[bool]] = {}
        self._draining = False
        self.on_idle: Callable[[str], None] = lambda _conversation_id: None

    @contextmanager
    def reserve(self, conversation_id: str) -> Iterator[Place]:
        """Say what place a new answer has in line, and count it until its commit is over."""
        before = len(self._lines.get(conversation_id, ())) + self._reserved[conversation_id]
        self._reserved[conversation_id] += 1
        try:
            if before > self._settings.queued_generations:
                yield "full"
            else:
                yield "queued" if before or self._slots.locked() else "streaming"
        finally:
            self._reserved[conversation_id] -= 1
            if not self._reserved[conversation_id]:
                del self._reserved[conversation_id]

    def enqueue(self, job: GenerationJob) -> None:
        """Generate this answer when its turn comes; while draining it is interrupted at once."""
        generation = Generation(job, self._providers, self._settings)
        conversation_id = job.room.conversation_id
        self._by_answer[job.answer.id] = generation
        self._unfinished[conversation_id] += 1
        if self._draining:
            generation.stop("interrupted")
        line = self._lines.get(conversation_id)
        if line is not None:
            line.append(generation)
            return
        self._lines[conversation_id] = deque([generation])
        self._spawn(self._work_through(conversation_id), "generations")

    def find(self, answer_id: str) -> Generation | None:
        """Return the running or waiting generation of an answer."""
        return self._by_answer.get(answer_id)

    def stop(self, generation: Generation, reason: FinishReason) -> None:
        """End a generation; one that still waits ends without waiting for its turn."""
        generation.stop(reason)
        if generation.claim():
            self._leave_line(generation)
            self._spawn(self._run(generation), "stopped-generation")

    def cancel(self, answer_id: str) -> bool:
        """End an answer, keeping its text; False when it is not written here (any more)."""
        generation = self._by_answer.get(answer_id)
        if generation is None:
            return False
        self.stop(generation, "cancelled")
        return True

    def supersede(self, answer_id: str, end: ChatMessage | None = None) -> None:
        """Give up an answer that another node has ended, ``end`` being its final version, where it is known.

        The last delta completes what was sent, where that can be; nothing more is kept, or sent after that.
        """
        generation = self._by_answer.get(answer_id)
        if generation is None:
            return
        generation.supersede(end)
        if generation.claim():
            self._leave_line(generation)
            self._forget(generation)

    def is_busy(self, conversation_id: str) -> bool:
        """Whether an answer is being written or waits."""
        return conversation_id in self._unfinished

    @property
    def busy(self) -> bool:
        """Whether any answer of this hub is being written or waits."""
        return bool(self._unfinished)

    def open_streams(self, conversation_id: str) -> list[OpenStream]:
        """Return the answers being written, with their text so far."""
        return [g.open_stream() for g in self._lines.get(conversation_id, ()) if g.is_open]

    async def drain(self) -> None:
        """Interrupt every generation, keeping the text; return when all are committed."""
        self._draining = True
        for generation in list(self._by_answer.values()):
            generation.stop("interrupted")
            self._leave_line(generation)
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _work_through(self, conversation_id: str) -> None:
        line = self._lines[conversation_id]
        while line:
            if not line[0].claimed:
                await self._begin(line[0])
            line.popleft()
        del self._lines[conversation_id]

    async def _begin(self, generation: Generation) -> None:
        """Run it when its turn has come and a slot is free; or not, where somebody ended it before."""
        job = generation.job
        waiting = None if generation.stopped else job.room.turn(job.answer_seq)
        may_run = waiting is None or await self._wait_in_line(generation, waiting)
        if not may_run:
            self.supersede(job.answer.id)
        elif not generation.claimed:
            async with self._slots:
                if generation.claim():
                    await self._run(generation)

    async def _wait_in_line(self, generation: Generation, waiting: Coroutine[Any, Any, bool]) -> bool:
        """Wait for an answer's turn, or until it leaves the line."""
        answer_id = generation.job.answer.id
        turn = self._turns[answer_id] = asyncio.create_task(waiting, name="generation-turn")
        try:
            await asyncio.wait({turn})
        finally:
            del self._turns[answer_id]
            turn.cancel()
        if turn.cancelled():
            return True
        error = turn.exception()
        if error is not None:
            _log.error("Waiting for an answer's turn failed: %s", trace_of(error))
        return error is not None or turn.result()

    def _leave_line(self, generation: Generation) -> None:
        turn = self._turns.get(generation.job.answer.id)
        if turn is not None:
            turn.cancel()

    async def _run(self, generation: Generation) -> None:
        try:
            await generation.run()
        except StoreUnavailableError:
            _log.warning("The store is away: an answer is stored as soon as it is back.")
        except Exception as error:  # noqa: BLE001 - the store failed; the next start marks it interrupted
            _log.error("An answer could not be stored: %s", trace_of(error))
        finally:
            self._forget(generation)

    def _forget(self, generation: Generation) -> None:
        self._by_answer.pop(generation.job.answer.id, None)
        conversation_id = generation.job.room.conversation_id
        self._unfinished[conversation_id] -= 1
        if not self._unfinished[conversation_id]:
            del self._unfinished[conversation_id]
            self.on_idle(conversation_id)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
