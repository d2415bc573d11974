"""Generations of all conversations: one at a time in each, a bounded number over all, shared out by user."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeVar

from conduit_widget.chat.answers.fair_slots import FairSlots, SetAside
from conduit_widget.chat.answers.generation import Generation
from conduit_widget.chat.answers.generation_job import GenerationJob, GenerationObserver, ProviderChoice
from conduit_widget.chat.answers.prompt import Attach
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import StoreUnavailableError, trace_of
from conduit_widget.types import ChatMessage, FinishReason, OpenStream

_logger = logging.getLogger(__name__)

T = TypeVar("T")

OTHERS_FACTOR: Final = 4
"""How many times what one user may have in a conversation's line it holds in all."""

Place = Literal["streaming", "queued", "full"]


class GenerationQueue:
    """Decides which generation runs next.

    In a conversation, and over all of them, users take turns, so that nobody's questions wait for all of
    somebody else's (where several nodes write a conversation's answers, those are in the order of the log). A
    conversation's line holds ``queued_generations`` of a user besides the running one, and four times as many
    in all; ``queued_generations_per_user`` bounds a user's over all lines. Overflow policy *refuse*: the
    answer is committed at once with an error that says so. ``on_idle`` is told of a conversation whose last
    generation has ended.
    """

    def __init__(
        self,
        providers: ProviderChoice,
        settings: ChatSettings,
        observer: GenerationObserver,
        attach: Attach | None = None,
    ) -> None:
        self._providers = providers
        self._observer = observer
        self._attach = attach
        self._settings = settings
        self._slots = FairSlots(settings.concurrent_generations, settings.generations_per_user)
        self._lines: dict[str, deque[Generation]] = {}
        self._reserved: dict[str, Counter[str]] = {}  # of users, by conversation
        self._of_user: Counter[str] = Counter()  # reserved or unfinished
        self._unfinished: Counter[str] = Counter()
        self._by_answer: dict[str, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: dict[str, asyncio.Task[bool]] = {}
        self._draining = False
        self.on_idle: Callable[[str], None] = lambda _conversation_id: None

    @contextmanager
    def reserve(self, conversation_id: str, user_id: str) -> Iterator[Place]:
        """Yield the place of a user's new answer in line, and count the answer until its commit is over."""
        before = Counter(generation.job.author_id for generation in self._lines.get(conversation_id, ()))
        reserved = self._reserved.setdefault(conversation_id, Counter())
        before.update(reserved)
        most = self._settings.queued_generations
        is_full = (
            before[user_id] > most
            or before.total() > OTHERS_FACTOR * most
            or self._of_user[user_id] >= self._settings.queued_generations_per_user
        )
        reserved[user_id] += 1
        self._of_user[user_id] += 1
        try:
            if is_full:
                yield "full"
            else:
                yield "streaming" if not before.total() and self._slots.is_free(user_id) else "queued"
        finally:
            _decrement(reserved, user_id)
            if not reserved:
                del self._reserved[conversation_id]
            _decrement(self._of_user, user_id)

    def enqueue(self, job: GenerationJob) -> None:
        """Generate this answer when its turn comes. While the queue drains, interrupt it at once."""
        generation = Generation(job, self._providers, self._settings, self._observer, self._attach)
        conversation_id = job.conversation.conversation_id
        self._by_answer[job.answer.id] = generation
        self._unfinished[conversation_id] += 1
        self._of_user[job.author_id] += 1
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
        """End an answer and keep its text. Returns False if it is not being written here."""
        generation = self._by_answer.get(answer_id)
        if generation is None:
            return False
        self.stop(generation, "cancelled")
        return True

    def supersede(self, answer_id: str, end: ChatMessage | None = None) -> None:
        """Give up an answer that another node has ended; ``end`` is its final version, if known.

        The last delta completes what was sent, where that can be; nothing more is kept, or sent after that.
        """
        generation = self._by_answer.get(answer_id)
        if generation is None:
            return
        is_waiting = not generation.claimed
        generation.supersede(end)
        if is_waiting:
            self._leave_line(generation)
            self._forget(generation)

    def abandon(self, conversation_id: str) -> None:
        """Give up the answers of a conversation that is gone; nothing more of them is kept or sent."""
        of_it = [
            answer_id
            for answer_id, generation in self._by_answer.items()
            if generation.job.conversation.conversation_id == conversation_id
        ]
        for answer_id in of_it:
            self.supersede(answer_id)

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
        served: dict[str, int] = {}
        for turn in itertools.count(1):
            generation = _next_of(line, served)
            if not generation.claimed:
                served[generation.job.author_id] = turn
                await self._begin(generation)
            line.remove(generation)
            if not line:
                break
        del self._lines[conversation_id]

    async def _begin(self, generation: Generation) -> None:
        """Run a generation when its turn has come and a slot is free, unless somebody has ended it before."""
        job = generation.job
        waiting = None if generation.stopped else job.conversation.turn(job.answer_seq)
        may_run = waiting is None or await self._wait_in_line(generation, waiting)
        if not may_run:
            self.supersede(job.answer.id)
        elif not generation.claimed:
            async with self._slots.slot(job.author_id) as set_aside:
                if generation.claim():
                    await self._run(generation, set_aside)

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
            _logger.error("Waiting for an answer's turn failed: %s", trace_of(error))
        return error is not None or turn.result()

    def _leave_line(self, generation: Generation) -> None:
        turn = self._turns.get(generation.job.answer.id)
        if turn is not None:
            turn.cancel()

    async def _run(self, generation: Generation, set_aside: SetAside | None = None) -> None:
        try:
            await generation.run(set_aside)
        except StoreUnavailableError:
            _logger.warning("The store is away: an answer is stored as soon as it is back.")
        except Exception as error:  # noqa: BLE001 - the store failed; the next start marks it interrupted
            _logger.error("An answer could not be stored: %s", trace_of(error))  # noqa: TRY400 - traced above
        finally:
            self._forget(generation)

    def _forget(self, generation: Generation) -> None:
        self._by_answer.pop(generation.job.answer.id, None)
        conversation_id = generation.job.conversation.conversation_id
        _decrement(self._of_user, generation.job.author_id)
        self._unfinished[conversation_id] -= 1
        if not self._unfinished[conversation_id]:
            del self._unfinished[conversation_id]
            self.on_idle(conversation_id)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _decrement(counter: Counter[T], key: T) -> None:
    """Decrement a count, and drop it at zero."""
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def _next_of(line: Sequence[Generation], served: Mapping[str, int]) -> Generation:
    """Return the first generation in line of the user who was served longest ago."""
    first = line[0]
    if first.claimed or first.job.conversation.is_on_several_nodes:
        return first
    return min(line, key=lambda generation: served.get(generation.job.author_id, 0))
