"""Model servers on this machine, found by what they answer, not by their port alone.

Only loopback is asked, all at the same time, for half a second at most, and never with a key.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx2
import msgspec

from conduit_widget.providers import lenient_json
from conduit_widget.providers.provider_config import ProviderConfig
from conduit_widget.providers.provider_words import ProviderWords
from conduit_widget.providers.response_bytes import read_all

DETECT_TIMEOUT: Final = 0.5
_MAX_BYTES: Final = 1 << 20

ReadModels = Callable[[Any], list[str]]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of server: where it listens, what to ask, and how its answer tells it and its models.

    ``read_models`` returns an empty list for an answer that is not this server's, or names no chat model.
    """

    name: str
    port: int
    path: str
    read_models: ReadModels


def _ollama(answer: Any) -> list[str]:
    """``/api/tags``: only Ollama answers with models that have a digest."""
    models = answer["models"]
    return _chat_models(item["name"] for item in models if "digest" in item)


def _lm_studio(answer: Any) -> list[str]:
    """``/api/v0/models``: with type and load state; loaded ones first."""
    items = [item for item in answer["data"] if item.get("type") in {"llm", "vlm"} and "state" in item]
    items.sort(key=lambda item: item["state"] != "loaded")
    return _chat_models(item["id"] for item in items)


def _owned_by(owner: str) -> ReadModels:
    def read(answer: Any) -> list[str]:
        return _chat_models(item["id"] for item in answer["data"] if item.get("owned_by") == owner)

    return read


def _chat_models(names: Any) -> list[str]:
    return [name for name in ProviderWords().names(names) if "embed" not in name.lower()]


SIGNATURES: Final = (
    Signature(name="ollama", port=11434, path="/api/tags", read_models=_ollama),
    Signature(name="lm-studio", port=1234, path="/api/v0/models", read_models=_lm_studio),
    Signature(name="llama.cpp", port=8080, path="/v1/models", read_models=_owned_by("llamacpp")),
    Signature(name="vllm", port=8000, path="/v1/models", read_models=_owned_by("vllm")),
)


async def detect(
    signatures: Sequence[Signature] = SIGNATURES, *, timeout: float = DETECT_TIMEOUT
) -> list[tuple[ProviderConfig, list[str]]]:
    """Return the servers found and their models, in the order of ``signatures`` (timeout for all of them)."""
    async with httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout),
        trust_env=False,  # neither a proxy nor a .netrc entry
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # plain HTTP: no trust store to load
    ) as client:
        tasks = [asyncio.ensure_future(_ask(client, signature)) for signature in signatures]
        await asyncio.wait(tasks, timeout=timeout)
        late = [task for task in tasks if not task.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        answers = [task.result() if not task.cancelled() else [] for task in tasks]
    return [
        (_config(signature, models), models)
        for signature, models in zip(signatures, answers, strict=True)
        if models
    ]


async def _ask(client: httpx2.AsyncClient, signature: Signature) -> list[str]:
    url = f"http://127.0.0.1:{signature.port}{signature.path}"
    try:
        async with client.stream("GET", url) as response:
            if response.status_code != 200:
                return []
            body = await read_all(response, _MAX_BYTES)
        return signature.read_models(lenient_json.decode(body))
    except (httpx2.HTTPError, OSError):
        return []
    except (ValueError, KeyError, TypeError, AttributeError):
        # Some other service's answer.
        return []


def _config(signature: Signature, models: list[str]) -> ProviderConfig:
    return ProviderConfig(
        name=signature.name, base_url=f"http://127.0.0.1:{signature.port}/v1", model=models[0]
    )
