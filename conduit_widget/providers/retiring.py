"""A provider that may be replaced while it answers: it closes when its last open answer is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

from conduit_widget.providers.images import Sight, shown
from conduit_widget.providers.provider import Chunk, GenerationRequest, Provider, UnseenImages


class RetirableProvider:
    """Passes everything on to ``provider`` and counts the answers that are open.

    A request goes out when ``admit`` returns, which says whether it had to wait, with the images that
    ``sight`` lets through.
    """

    def __init__(
        self,
        provider: Provider,
        admit: Callable[[GenerationRequest], Awaitable[bool]] | None = None,
        sight: Sight | None = None,
    ) -> None:
        self.name = provider.name
        self._provider = provider
        self._admit = admit
        self._sight = sight or Sight()
        self._open = 0
        self._asked = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def context_tokens(self) -> int | None:
        """Tokens the model can hold; None when unknown."""
        return self._provider.context_tokens

    @context_tokens.setter
    def context_tokens(self, tokens: int | None) -> None:
        self._provider.context_tokens = tokens

    def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer, which is open until the generator is closed."""
        self._asked += 1
        self._open += 1
        self._idle.clear()
        request, unseen = shown(request, self._sight)
        admission = None if self._admit is None else self._admit(request)
        return _OpenAnswer(self._provider.generate(request), self._ended, admission, unseen)

    async def models(self) -> list[str]:
        """Return the names of the models that can be asked for."""
        return await self._provider.models()

    async def start(self) -> None:
        """Make the provider ready (idempotent)."""
        await self._provider.start()

    async def aclose(self) -> None:
        """Release everything at once; open answers end with an error (idempotent)."""
        await self._provider.aclose()

    async def retire(self, grace: float) -> None:
        """Close it once no answer has been open for ``grace`` seconds, or at once when this is cancelled.

        Whoever chose it a moment ago may ask it only now; that is what the grace is for.
        """
        try:
            asked = -1
            while asked != self._asked:
                asked = self._asked
                await self._idle.wait()
                await asyncio.sleep(grace)
        finally:
            await self._provider.aclose()

    def _ended(self) -> None:
        self._open -= 1
        if not self._open:
            self._idle.set()


class _OpenAnswer(AsyncGenerator[Chunk, None]):
    """A provider's answer; says once that it is over. It adds nothing to the way of a chunk.

    Before the first chunk it awaits its ``admission``; an empty chunk says that this took time, or which
    images are ``unseen``.
    """

    def __init__(
        self,
        answer: AsyncGenerator[Chunk, None],
        on_end: Callable[[], None],
        admission: Awaitable[bool] | None,
        unseen: UnseenImages,
    ) -> None:
        self._answer = answer
        self._admission = admission
        self._unseen = unseen
        self._is_let_in = admission is None and not unseen
        self._on_end: Callable[[], None] | None = on_end

    def __anext__(self) -> Coroutine[Any, Any, Chunk]:
        return self._answer.__anext__() if self._is_let_in else self._let_in()

    async def _let_in(self) -> Chunk:
        waited = self._admission is not None and await self._admission
        self._is_let_in = True
        if waited or self._unseen:
            return Chunk("", "", asked=waited, unseen=self._unseen)
        return await self._answer.__anext__()

    def asend(self, value: None) -> Coroutine[Any, Any, Chunk]:
        return self._answer.asend(value)

    def athrow(self, *error: Any) -> Coroutine[Any, Any, Chunk]:
        return self._answer.athrow(*error)

    async def aclose(self) -> None:
        try:
            if isinstance(self._admission, Coroutine) and not self._is_let_in:
                self._admission.close()
            await self._answer.aclose()
        finally:
            self._end()

    def __del__(self) -> None:
        self._end()

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()
