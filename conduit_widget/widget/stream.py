"""An answer as it is written, for ``async for`` and for ``for``."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

from conduit_widget.errors import LocalProtocolError
from conduit_widget.kernel.loop_thread import THREAD_NAME, LoopThread
from conduit_widget.types import ChatMessage
from conduit_widget.widget.answer import Answer
from conduit_widget.widget.backend import ChatBackend
from conduit_widget.widget.pending import Pending


class ChatStream:
    """Iterate once, either way; each item is a piece of text.

    A slow reader gets longer pieces, there is no queue. The question is sent when the iteration begins.
    Afterwards :attr:`message` is the finished message. Leaving the loop early leaves the answer running for
    everybody else; :meth:`stop` ends it.
    """

    def __init__(self, thread: LoopThread, backend: ChatBackend, question: ChatMessage) -> None:
        self.message: ChatMessage | None = None
        self._thread = thread
        self._backend = backend
        self._question = question
        self._answer: Answer | None = None
        self._ended = False

    async def _next(self) -> str | None:
        """Runs on the loop thread."""
        if self._ended:
            return None
        if self._answer is None:
            self._answer = await self._backend.begin(self._question)
        try:
            text = await self._answer.next_text()
        except asyncio.CancelledError:
            raise  # the reader stopped waiting; it may go on later
        except BaseException:
            self._end(self._answer)
            raise
        if text is None:
            self.message = self._answer.message
            self._end(self._answer)
        return text

    def _end(self, answer: Answer) -> None:
        self._ended = True
        self._backend.end(answer)

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        text = await asyncio.wrap_future(self._thread.submit(self._next()))
        if text is None:
            raise StopAsyncIteration
        return text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if threading.current_thread().name == THREAD_NAME:
            raise LocalProtocolError("Waiting here would block the hub connection: use `async for`.")
        text = Pending("the next piece", self._thread.submit(self._next())).result()
        if text is None:
            raise StopIteration
        return text

    def stop(self) -> Pending[None]:
        """End the generation; the text so far is kept and the iteration ends."""
        return Pending("stop", self._thread.submit(self._stop()))

    async def _stop(self) -> None:
        if self._answer is not None and self._answer.id is not None and self._answer.message is None:
            await self._backend.conversation.stop_generation(self._answer.id)

    def __repr__(self) -> str:
        state = "finished" if self._ended else "waiting" if self._answer is None else "streaming"
        return f"<stream: {state}; iterate with `async for` or `for`>"
