"""Any OpenAI-compatible endpoint: streams ``/chat/completions``, lists ``/models``.

``base_url`` goes up to and including ``/v1``. An answer is complete only with a ``finish_reason`` or
``[DONE]``.
"""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.providers.addresses import is_self_hosted
from conduit_widget.providers.http_api.http_provider import HttpProvider, options_of
from conduit_widget.providers.http_api.refusals import Refusals
from conduit_widget.providers.kinds import ProviderContext, ProviderKind
from conduit_widget.providers.openai.chunk_stream import ChunkStream
from conduit_widget.providers.provider import GenerationRequest
from conduit_widget.providers.provider_config import ProviderConfig

OPTIONAL_FIELDS: Final = (
    "stream_options",
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "seed",
    "stop",
)
"""Fields that are left out where a server refuses them."""
UNSOLICITED_FIELD: Final = "stream_options"


class OpenAICompatible(HttpProvider):
    """A provider that speaks the chat completions API."""

    _answer_path = "/chat/completions"
    _models_path = "/models"

    def __init__(self, name: str, base_url: str, **options: Any) -> None:
        refusals = Refusals(OPTIONAL_FIELDS, unsolicited=UNSOLICITED_FIELD)
        super().__init__(name, base_url, refusals=refusals, **options)

    def _body(self, request: GenerationRequest, model: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            **self._defaults,
            "model": model,
            "messages": request.messages,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        for field in request.parameters.__struct_fields__:
            value = getattr(request.parameters, field)
            if value is not None:
                body[field] = value
        return body

    def _decoder(self, request: GenerationRequest, model: str) -> ChunkStream:
        return ChunkStream(self.name, model, key_hint=self._key_hint, words=self._words)

    def _key_header(self, key: str) -> tuple[str, str]:
        return "Authorization", f"Bearer {key}"


def _build(config: ProviderConfig, context: ProviderContext) -> OpenAICompatible:
    return OpenAICompatible(config.name, config.base_url, **options_of(config, context))


def _prefills(config: ProviderConfig) -> bool:
    """Whether the server goes on with a last message of the assistant: llama.cpp, Ollama and their kin do."""
    return is_self_hosted(config.base_url)


KIND: Final = ProviderKind(build=_build, prefills=_prefills)
