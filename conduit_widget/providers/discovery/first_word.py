"""Asks a provider for one word and measures it by the four clocks."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import Any, Final

import httpx2

from conduit_widget.errors import ProviderError
from conduit_widget.providers.addresses import origin_of
from conduit_widget.providers.http_api import http_client
from conduit_widget.providers.provider import (
    GenerationParameters,
    GenerationRequest,
    PromptMessage,
    Provider,
)
from conduit_widget.providers.provider_config import ProviderConfig
from conduit_widget.types import Wire

QUESTION: Final = "Say hello, in one word."
_MAX_TOKENS: Final = 64
_MAX_CHARS: Final = 200


class Clock(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One of the four clocks: what it took and what it may take, in seconds.

    ``seconds`` is None where nothing was measured, ``limit`` where there is none.
    """

    name: str
    seconds: float | None
    limit: float | None


class FirstWord(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What a provider said, and how long that took. ``address`` has neither path nor key."""

    provider: str
    kind: str
    address: str
    model: str
    text: str
    clocks: list[Clock]


async def ask_one_word(provider: Provider, config: ProviderConfig) -> FirstWord:
    """Ask for a word, and return it with the time that each clock took.

    Raises:
        ProviderError: it cannot be reached or refuses, is too slow, or says nothing whole.

    """
    limits = config.clocks
    connect = await _time_to_connect(config) if config.base_url else None
    request = GenerationRequest(
        messages=[PromptMessage("user", QUESTION)], parameters=GenerationParameters(max_tokens=_MAX_TOKENS)
    )
    began = last = time.monotonic()
    first = None
    idle = 0.0
    text, model = [], ""
    async with aclosing(provider.generate(request)) as chunks:
        async for chunk in chunks:
            now = time.monotonic()
            model = chunk.model or model
            if first is not None:
                idle = max(idle, now - last)
            elif chunk.text or chunk.reasoning:
                first = now - began
            last = now
            text.append(chunk.text)
    return FirstWord(
        provider=config.name,
        kind=config.kind,
        address=origin_of(config.base_url) if config.base_url else "",
        model=model,
        text="".join(text).strip()[:_MAX_CHARS],
        clocks=[
            Clock(name="connect", seconds=connect, limit=limits.connect),
            Clock(name="first token", seconds=first, limit=limits.first_token),
            Clock(name="idle", seconds=idle, limit=limits.idle),
            Clock(name="answer", seconds=time.monotonic() - began, limit=limits.answer),
        ],
    )


async def _time_to_connect(config: ProviderConfig) -> float | None:
    """Return the seconds until a new connection can be used, TLS included; None where it fails.

    No key is sent: what the server answers does not matter.
    """
    times: list[float] = []

    async def trace(event: str, _info: Any) -> None:
        if event.rpartition(".")[0].rpartition(".")[2] in {"connect_tcp", "start_tls"}:
            times.append(time.monotonic())

    try:
        async with http_client.open_client(
            config.name, config.base_url, connect_timeout=config.clocks.connect
        ) as client:
            call = client.build_request("HEAD", config.base_url, extensions={"trace": trace})
            response = await client.send(call, stream=True)
            await response.aclose()
    except (httpx2.HTTPError, OSError, ProviderError):
        pass  # what is wrong shows when the provider itself asks
    return times[-1] - times[0] if len(times) > 1 else None
