"""An answer as it is written, for ``async for`` and for ``for``."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator

from conduit_widget.errors import LocalProtocolError
from conduit_widget.kernel.interrupts import interruptible, watch
from conduit_widget.kernel.loop_thread import THREAD_NAME, LoopThread
from conduit_widget.types import ChatMessage
from conduit_widget.widget.answer import Answer
from conduit_widget.widget.backend import ChatBackend
from conduit_widget.widget.pending import Pending

__all__ = ["ChatStream"]


class ChatStream:
    """Iterate once, either way; each item is a piece of text.

    A slow reader gets longer pieces, there is no queue. The question is sent when the iteration begins.
    Afterwards :attr:`message` is the finished message. Leaving the loop by ``break`` leaves the answer
    running for everybody else; an interrupt (the notebook's stop button, Ctrl-C), a cancellation and
    :meth:`stop` end it.
    """

    def __init__(self, thread: LoopThread, backend: ChatBackend, question: ChatMessage) -> None:
        self.message: ChatMessage | None = None
        self._thread = thread
        self._backend = backend
        self._question = question
        self._answer: Answer | None = None
        self._ended = False

    async def _next(self) -> str | None:
        """Runs on the loop thread; its reader's interrupt or cancellation cancels it."""
        if self._ended:
            return None
        try:
            if self._answer is None:
                self._answer = await self._backend.begin(self._question)
            text = await self._answer.next_text()
        except asyncio.CancelledError:
            self._give_up()
            raise
        except BaseException:
            self._end()
            raise
        if text is None:
            self.message = self._answer.message
            self._end()
        return text

    def _end(self) -> None:
        self._ended = True
        if self._answer is not None:
            self._backend.end(self._answer)

    def _give_up(self) -> None:
        if self._answer is not None and not self._ended:
            self._backend.abandon(self._answer)
        self._end()

    def interrupted(self) -> None:
        """End the generation: its reader was interrupted."""
        self._thread.call(self._give_up)

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        watch(self)
        text = await interruptible(self._thread.submit(self._next()))
        if text is None:
            raise StopAsyncIteration
        return text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if threading.current_thread().name == THREAD_NAME:
            raise LocalProtocolError("Waiting here would block the hub connection: use `async for`.")
        watch(self)
        text = Pending("the next piece", self._thread.submit(self._next())).result()
        if text is None:
            raise StopIteration
        return text

    def stop(self) -> Pending[None]:
        """End the generation; the text so far is kept and the iteration ends."""
        return Pending("stop", self._thread.submit(self._stop()))

    async def _stop(self) -> None:
        if self._answer is not None and self._answer.id is not None and self._answer.message is None:
            await self._backend.stop_generation(self._answer.id)

    def __repr__(self) -> str:
        state = "finished" if self._ended else "waiting" if self._answer is None else "streaming"
        return f"<stream: {state}; iterate with `async for` or `for`>"

    def __del__(self) -> None:
        answer = getattr(self, "_answer", None)
        if answer is not None and not self._ended:
            with contextlib.suppress(RuntimeError):  # at the interpreter's end
                self._thread.call(self._backend.end, answer)
