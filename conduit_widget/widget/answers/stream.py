"""An answer as it is written, for ``async for`` and for ``for``."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from conduit_widget.errors import LocalProtocolError
from conduit_widget.kernel.interrupts import interruptible, watch
from conduit_widget.kernel.loop_thread import THREAD_NAME, LoopThread
from conduit_widget.types import ChatMessage, StreamMetrics
from conduit_widget.widget.answers.answer import Answer
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.answers.questions import Questions

MakeQuestion = Callable[[], Awaitable[ChatMessage]]
"""Makes the message to send, on the loop thread, when the iteration begins: its files go up first."""


class _Reading:
    """The loop thread's side of a stream. It outlives the iterator, which an interrupted loop drops."""

    def __init__(self, thread: LoopThread, questions: Questions, question: MakeQuestion) -> None:
        self.answer: Answer | None = None
        self.message: ChatMessage | None = None
        self.metrics: StreamMetrics | None = None
        self.has_ended = False
        self._thread = thread
        self._questions = questions
        self._question = question

    async def next(self) -> str | None:
        """Return the next piece, or None at the end. An interrupt of the reader cancels this."""
        if self.has_ended:
            return None
        try:
            if self.answer is None:
                self.answer = await self._questions.begin(await self._question())
            text = await self.answer.next_text()
        except asyncio.CancelledError:
            self._give_up()
            raise
        except BaseException:
            self._end()
            raise
        self.metrics = self.answer.metrics or self.metrics
        if text is None:
            self.message = self.answer.message
            self._end()
        return text

    def interrupted(self) -> None:
        """End the generation. Any thread may call this."""
        self._thread.call(self._give_up)

    def left(self) -> None:
        """Stop following the answer, which goes on. Any thread may call this."""
        if self.answer is not None and not self.has_ended:
            with contextlib.suppress(RuntimeError):  # at the interpreter's end
                self._thread.call(self._questions.end, self.answer)

    async def stop(self) -> None:
        """End the generation; the text so far can still be read."""
        if self.answer is not None and self.answer.id is not None and self.answer.message is None:
            await self._questions.stop(self.answer.id)

    def _give_up(self) -> None:
        if not self.has_ended:
            self._questions.abandon(self.answer)
            self._end()

    def _end(self) -> None:
        self.has_ended = True
        if self.answer is not None:
            self._questions.end(self.answer)


class ChatStream:
    """Iterates once over the answer, by ``async for`` or ``for``; each item is a piece of text.

        async for piece in chat.stream("Tell me a story"):
            print(piece, end="")

    A slow reader gets longer pieces, there is no queue. The question is sent when the iteration begins.
    Afterwards :attr:`message` is the finished message. Leaving the loop by ``break`` leaves the answer
    running for everybody else; an interrupt (the notebook's stop button, Ctrl-C) of the cell or script that
    reads, a cancellation of the task that reads, and :meth:`stop` end it.
    """

    def __init__(self, thread: LoopThread, questions: Questions, question: MakeQuestion) -> None:
        self._thread = thread
        self._reading = _Reading(thread, questions, question)

    @property
    def message(self) -> ChatMessage | None:
        """The finished message; None before the end."""
        return self._reading.message

    @property
    def metrics(self) -> StreamMetrics | None:
        """How fast it is written, as the hub told last (once a second, and at the end); None before."""
        return self._reading.metrics

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        watch(self._reading)
        text = await interruptible(self._thread.submit(self._reading.next()))
        if text is None:
            raise StopAsyncIteration
        return text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if threading.current_thread().name == THREAD_NAME:
            raise LocalProtocolError("Waiting here would block the hub connection: use `async for`.")
        watch(self._reading)
        text = PendingResult("the next piece", self._thread.submit(self._reading.next())).result()
        if text is None:
            raise StopIteration
        return text

    def stop(self) -> PendingResult[None]:
        """End the generation; the text so far is kept and the iteration ends."""
        return PendingResult("stop", self._thread.submit(self._reading.stop()))

    def __repr__(self) -> str:
        reading = self._reading
        state = "finished" if reading.has_ended else "waiting" if reading.answer is None else "streaming"
        return f"<stream: {state}; iterate with `async for` or `for`>"

    def __del__(self) -> None:
        reading: _Reading | None = getattr(self, "_reading", None)
        if reading is not None:
            reading.left()
