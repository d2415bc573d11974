"""Model servers on this machine, found by what they answer, not by their port alone.

Only loopback is asked, all at the same time, for half a second at most, and never with a key.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx2
import msgspec

from conduit_widget.providers.http_api.response_bytes import read_all
from conduit_widget.providers.provider_config import ProviderConfig
from conduit_widget.providers.reading import lenient_json
from conduit_widget.providers.reading.provider_words import ProviderWords

DETECT_TIMEOUT: Final = 0.5
_MAX_BYTES: Final = 1 << 20

_DIGEST: Final = re.compile("(sha256:)?[0-9a-f]{12,64}")
_NOT_FOR_CHAT: Final = re.compile(
    "embed|whisper|rerank|stable-?diffusion|(^|[^a-z])(tts|stt|vad|bert|bge|clip)([^a-z]|$)"
)

ReadModels = Callable[[Any], list[str]]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of server: where it listens, what to ask, and how its answer tells it and its models.

    ``read_models`` returns an empty list for an answer that is not this server's, or names no chat model.
    Where the list of models could be anybody's, ``proof_path`` is asked first, and ``is_proof`` knows its
    answer.
    """

    name: str
    title: str
    port: int
    path: str
    read_models: ReadModels
    proof_path: str = ""
    is_proof: Callable[[Any], bool] = bool


def _ollama(answer: Any) -> list[str]:
    """``/api/tags``: only Ollama's models have a digest; others that speak its dialect leave it empty."""
    models = answer["models"]
    return _chat_models(item["name"] for item in models if _DIGEST.fullmatch(item["digest"]))


def _lm_studio(answer: Any) -> list[str]:
    """``/api/v0/models``: with type and load state; loaded ones first."""
    items = [item for item in answer["data"] if item.get("type") in {"llm", "vlm"} and "state" in item]
    items.sort(key=lambda item: item["state"] != "loaded")
    return _chat_models(item["id"] for item in items)


def _owned_by(owner: str) -> ReadModels:
    def read(answer: Any) -> list[str]:
        return _chat_models(item["id"] for item in answer["data"] if item.get("owned_by") == owner)

    return read


def _listed(answer: Any) -> list[str]:
    """``/v1/models`` of a server that has proved what it is."""
    return _chat_models(item["id"] for item in answer["data"])


def _is_jan(answer: Any) -> bool:
    """``/openapi.json``, which Jan shows without its key."""
    title: str = answer["info"]["title"]
    return title.lower().startswith("jan api")


def _is_local_ai(answer: Any) -> bool:
    """``/system``: the backends that are installed, and the models that are loaded."""
    return isinstance(answer["backends"], list) and isinstance(answer.get("loaded_models"), list | None)


def _chat_models(names: Any) -> list[str]:
    return [name for name in ProviderWords().names(names) if not _NOT_FOR_CHAT.search(name.lower())]


SIGNATURES: Final = (
    Signature(name="ollama", title="Ollama", port=11434, path="/api/tags", read_models=_ollama),
    Signature(name="lm-studio", title="LM Studio", port=1234, path="/api/v0/models", read_models=_lm_studio),
    Signature(
        name="llama.cpp", title="llama.cpp", port=8080, path="/v1/models", read_models=_owned_by("llamacpp")
    ),
    Signature(name="vllm", title="vLLM", port=8000, path="/v1/models", read_models=_owned_by("vllm")),
    Signature(
        name="jan",
        title="Jan",
        port=1337,
        path="/v1/models",
        read_models=_listed,
        proof_path="/openapi.json",
        is_proof=_is_jan,
    ),
    Signature(
        name="localai",
        title="LocalAI",
        port=8080,
        path="/v1/models",
        read_models=_listed,
        proof_path="/system",
        is_proof=_is_local_ai,
    ),
)


def label(name: str) -> str:
    """Return the line that people see beside a server that was found; empty where ``name`` is none's."""
    titles = (signature.title for signature in SIGNATURES if signature.name == name)
    return next((f"{title}, found on this computer." for title in titles), "")


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
    try:
        if signature.proof_path and not signature.is_proof(
            await _get(client, signature, signature.proof_path)
        ):
            return []
        return signature.read_models(await _get(client, signature, signature.path))
    except (httpx2.HTTPError, OSError):
        return []
    except (ValueError, KeyError, TypeError, AttributeError):
        # Some other service's answer.
        return []


async def _get(client: httpx2.AsyncClient, signature: Signature, path: str) -> Any:
    """Return the decoded answer, None for a refusal."""
    async with client.stream("GET", f"http://127.0.0.1:{signature.port}{path}") as response:
        if response.status_code != 200:
            return None
        return lenient_json.decode(await read_all(response, _MAX_BYTES))


def _config(signature: Signature, models: list[str]) -> ProviderConfig:
    return ProviderConfig(
        name=signature.name, base_url=f"http://127.0.0.1:{signature.port}/v1", model=models[0]
    )
