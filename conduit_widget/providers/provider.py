"""The seam every model provider implements: a request in, a stream of chunks out.

A *chunk* is one delta of a model's answer, a *generation* the whole answer. A generation is complete only
when its last chunk carries a ``finish_reason``; an answer that stops without one raises ``ProviderError``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol, runtime_checkable

import msgspec

from conduit_widget.types import Content, ErrorType, FailoverMode, Role

UnseenImages = Literal["", "some", "all"]
"""Images of a prompt that the model did not get: some were of no use to it, or it sees none at all."""


class PromptMessage(msgspec.Struct, frozen=True):
    """One message of the prompt; ``content`` is text or parts, as in a ``ChatMessage``."""

    role: Role
    content: Content


class GenerationParameters(msgspec.Struct, frozen=True, kw_only=True):
    """Sampling settings; None leaves the provider's default. ``max_tokens`` counts answer tokens."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: list[str] | None = None
    seed: int | None = None


class GenerationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to answer; ``model`` None means the provider's default model.

    Requests with one ``cache_key`` tend to begin alike: a provider that has what it read of a prompt in
    several places finds it again by that. It means nothing else, and leaves this process for no other's
    servers. ``fit(context_tokens, text)`` returns the messages shortened for a provider whose context is
    smaller, with room for a ``text`` beside them. While a request waits for a limit, within ``set_aside``, it
    takes nobody's place.
    """

    messages: list[PromptMessage]
    model: str | None = None
    parameters: GenerationParameters = GenerationParameters()
    cache_key: str | None = None
    fit: Callable[[int, str], Awaitable[list[PromptMessage]]] | None = None
    set_aside: Callable[[], AbstractAsyncContextManager[None]] | None = None


class Usage(msgspec.Struct, frozen=True):
    """Token counts as the provider reports them, None where it reports none; reasoning is completion.

    ``cached_tokens`` of the prompt were read from the provider's cache, ``cache_write_tokens`` written to it;
    both are part of ``prompt_tokens``.
    """

    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """A model's wish to call a tool. ``arguments`` is the JSON text it wrote, or empty: too long."""

    id: str
    name: str
    arguments: str


class Failover(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, ``source``, failed in an answer; ``target`` takes over, None: nobody does.

    ``reason`` is the code of its error, ``error_type`` the type of it, ``text`` one line for people.
    ``mid_stream``: readers had seen text.
    """

    source: str
    source_model: str
    target: str | None
    target_model: str
    reason: str
    error_type: ErrorType
    text: str
    mid_stream: bool
    policy: FailoverMode


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """One delta. ``text`` may be empty (a chunk with only reasoning, a finish reason or usage).

    ``reasoning`` is what the model thinks before it answers, and comes before ``text``; it is no part of the
    answer. ``model`` is the name the provider answers under. ``provider`` is the name of the provider that
    really answers, where that is not the one asked (which may stand for several); a chunk with ``failover``
    stands where one of those failed, and says nothing else. ``finish_reason`` is the provider's word
    (``stop``, ``length``, ``content_filter``, ``tool_calls``, ``refusal``, …); it, ``usage`` and
    ``tool_calls``, which are data for whoever reads the answer, come on the last chunk of a generation.
    An empty chunk with ``asked`` says that the provider is asked only now: the request waited for a limit.
    One with ``unseen`` says which images of the prompt the model does not get.
    """

    text: str
    model: str
    finish_reason: str | None = None
    usage: Usage | None = None
    reasoning: str = ""
    provider: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    failover: Failover | None = None
    asked: bool = False
    unseen: UnseenImages = ""


@runtime_checkable
class Provider(Protocol):
    """A model provider. Safe for several generations at a time on one event loop."""

    name: str
    context_tokens: int | None
    """Tokens the model can hold, prompt and answer together; None when unknown."""

    def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer; ``aclose()`` on the generator ends the provider's work at once.

        Raises:
            ProviderError: the provider refused, failed, fell silent, or cut the answer short.

        """
        ...

    async def models(self) -> list[str]:
        """Return the names of the models that can be asked for, the default first where it is known.

        Raises:
            ProviderError: the provider cannot be reached or refuses.

        """
        ...

    async def start(self) -> None:
        """Make the provider ready (idempotent); generating does this by itself when needed."""
        ...

    async def aclose(self) -> None:
        """Release everything: connections, child processes (idempotent)."""
        ...
