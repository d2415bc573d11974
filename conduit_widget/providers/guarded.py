"""A provider of another package, held to the seam: what it does wrong costs one answer, never the hub."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final, NoReturn, get_args

from conduit_widget.errors import ProviderError, trace_of
from conduit_widget.providers import failures
from conduit_widget.providers.limits.rate_limit_headers import LONGEST_WAIT
from conduit_widget.providers.provider import Chunk, GenerationRequest, Provider, ToolCall, Usage
from conduit_widget.providers.provider_config import ProviderConfig
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.providers.timing.clocks import GenerationClocks
from conduit_widget.text.plain_text import is_writable, plain_name, writable
from conduit_widget.types import ErrorType

BROKEN: Final = "broken_kind"
METHODS: Final = ("generate", "models", "start", "aclose")
MODELS_TIMEOUT: Final = 10.0
START_TIMEOUT: Final = 600.0
CLOSE_TIMEOUT: Final = 5.0
_TURN: Final = 32
"""Chunks after which others get their turn: a provider may never wait for anything."""
_MAX_LINE_CHARS: Final = 500
_MAX_SUGGESTIONS: Final = 8

_logger = logging.getLogger(__name__)


class GuardedProvider:
    """Passes on what ``provider`` does; what the seam does not allow becomes a ``ProviderError``.

    It has the name of its configuration, whatever it calls itself. Its log lines hold the place of an error
    and not its text, which may hold a key or the prompt.
    """

    def __init__(self, provider: Provider, config: ProviderConfig, words: ProviderWords) -> None:
        self.name = config.name
        self._provider = provider
        self._configured_tokens = config.context_tokens
        self._timeouts = config.clocks
        self._words = words

    @property
    def context_tokens(self) -> int | None:
        """Tokens the model can hold; what is configured where the provider says nothing that is a number."""
        tokens: Any = None
        with contextlib.suppress(Exception):  # a property of somebody else's
            tokens = self._provider.context_tokens
        return tokens if type(tokens) is int and tokens > 0 else self._configured_tokens

    @context_tokens.setter
    def context_tokens(self, tokens: int | None) -> None:
        self._configured_tokens = tokens

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer of checked chunks, by the configured clocks."""
        clocks, chunk, finished, count = GenerationClocks(self.name, self._timeouts), None, False, 0
        answer: Any = None
        try:
            answer = self._provider.generate(request)
            if not hasattr(answer, "__aiter__"):
                self._refuse(f"generate() returned {type(answer).__name__}, not an async generator")
            chunks = aiter(answer)
            while (chunk := await clocks.wait(_next(chunks, count))) is not None:
                count += 1
                checked = self._checked(chunk)
                if checked.text or checked.reasoning:
                    clocks.token_seen()
                if checked.finish_reason is not None:
                    finished = True
                    clocks.finish_seen()
                yield checked
        except BaseException as error:  # noqa: BLE001 - raised again, as what the seam allows
            self._translate(error)
        finally:
            clocks.close()
            await self._end(answer)
        if not finished:
            raise failures.truncated(self.name)

    async def models(self) -> list[str]:
        """Return the names of the models that can be asked for."""
        found: Any = await self._call(self._provider.models, MODELS_TIMEOUT)
        if not isinstance(found, list | tuple):
            self._refuse(f"models() returned {type(found).__name__}, not a list of names")
        return self._words.names(found)

    async def start(self) -> None:
        """Make the provider ready."""
        await self._call(self._provider.start, START_TIMEOUT)

    async def aclose(self) -> None:
        """Release everything; a provider that fails at its end, or never ends, is left alone."""
        with contextlib.suppress(ProviderError):
            await self._call(self._provider.aclose, CLOSE_TIMEOUT)

    async def _call(self, method: Any, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await method()
        except TimeoutError as error:
            if limit.expired():
                self._refuse(f"{method.__name__}() did not return within {seconds:g} s")
            self._translate(error)
        except BaseException as error:  # noqa: BLE001 - raised again, as what the seam allows
            self._translate(error)

    async def _end(self, answer: Any) -> None:
        if inspect.iscoroutine(answer):
            answer.close()
        elif hasattr(answer, "aclose"):
            try:
                await answer.aclose()
            except BaseException as error:  # noqa: BLE001 - raised again, as what the seam allows
                self._translate(error)

    def _checked(self, chunk: Any) -> Chunk:
        if not isinstance(chunk, Chunk):
            self._refuse(f"generate() yielded {type(chunk).__name__}, not Chunk")
        for field in ("text", "model", "reasoning", "provider"):
            if not isinstance(value := getattr(chunk, field), str):
                self._refuse(f"a chunk's {field} is {type(value).__name__}, not str")
        reason: Any = chunk.finish_reason
        if not isinstance(reason, str | None):
            self._refuse(f"a chunk's finish_reason is {type(reason).__name__}, not str")
        usage: Any = chunk.usage
        if not isinstance(usage, Usage | None):
            self._refuse(f"a chunk's usage is {type(usage).__name__}, not Usage")
        if usage is not None and not (_is_count(usage.prompt_tokens) and _is_count(usage.completion_tokens)):
            self._refuse("a chunk's usage counts no tokens")
        calls: Any = chunk.tool_calls
        if not isinstance(calls, tuple) or not all(map(_is_call, calls)):
            self._refuse("a chunk's tool_calls are not ToolCalls of texts")
        if is_writable(chunk.text) and is_writable(chunk.reasoning) and not (chunk.provider or calls):
            return _plain(chunk) if chunk.failover is not None or chunk.asked or chunk.unseen else chunk
        return _plain(chunk)

    def _translate(self, error: BaseException) -> NoReturn:
        """Raise what the seam allows; a cancellation counts only where somebody asked for it."""
        task = asyncio.current_task()
        if isinstance(error, GeneratorExit) or (
            isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling()
        ):
            raise error
        if isinstance(error, ProviderError) and error.type in get_args(ErrorType):
            checked = self._checked_error(error)
            if checked is not None:
                raise checked from error
        _logger.warning("The provider %s failed: %s", self.name, trace_of(error))
        raise self._error(type(error).__name__) from error

    def _checked_error(self, error: ProviderError) -> ProviderError | None:
        """Return a ``ProviderError`` with nothing but fields of their types; None where it tells a key."""
        given: Any = error
        texts = [text for text in (given.args[0:1] or [""]) if isinstance(text, str)]
        if isinstance(given.suggestions, tuple | list):
            texts += [text for text in given.suggestions if isinstance(text, str)]
        if any(map(self._words.tells_key, texts)):
            return None
        line, *suggestions = [plain_name(text, _MAX_LINE_CHARS) for text in texts] or [""]
        status, wait = given.status_code, given.retry_after
        is_wait = isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait <= LONGEST_WAIT
        return ProviderError(
            line or f"{self.name} failed.",
            type=error.type,
            code=self._words.code(given.code),
            status_code=status if type(status) is int and 100 <= status < 600 else None,
            retry_after=float(wait) if is_wait else None,
            recoverable=given.recoverable is not False,
            suggestions=tuple(suggestions[:_MAX_SUGGESTIONS]),
        )

    def _refuse(self, why: str) -> NoReturn:
        _logger.warning("The provider %s does not do what a provider does: %s.", self.name, why)
        raise self._error(why)

    def _error(self, why: str) -> ProviderError:
        return ProviderError(
            f"{self.name} failed: its package has a mistake ({why}). Choose another provider.",
            code=BROKEN,
            suggestions=("Choose another provider.", "Install the provider's package again."),
        )


async def _next(chunks: AsyncIterator[Chunk], count: int) -> Chunk | None:
    if count % _TURN == _TURN - 1:
        await asyncio.sleep(0)
    return await anext(chunks, None)


def _plain(chunk: Chunk) -> Chunk:
    """Return a chunk of this provider, and of no other: its health and its price are kept by its name."""
    return Chunk(
        writable(chunk.text),
        chunk.model,
        chunk.finish_reason,
        chunk.usage,
        writable(chunk.reasoning),
        tool_calls=chunk.tool_calls,
    )


def _is_call(call: Any) -> bool:
    if not isinstance(call, ToolCall):
        return False
    texts: tuple[Any, ...] = (call.id, call.name, call.arguments)
    return all(isinstance(text, str) and is_writable(text) for text in texts)


def _is_count(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 0)


def missing(provider: object) -> list[str]:
    """Return the names of the methods that a provider needs and has not."""
    return [name for name in METHODS if not callable(getattr(provider, name, None))]
