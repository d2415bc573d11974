"""The Anthropic Messages API: streams ``/v1/messages``, lists ``/v1/models``.

Other servers speak it, too (model servers and gateways); ``base_url`` may end before or after ``/v1``.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.providers.anthropic.message_stream import MessageStream
from conduit_widget.providers.anthropic.prompt import blanks_cut_off, to_prompt
from conduit_widget.providers.anthropic.refusals import MessagesRefusals
from conduit_widget.providers.http_api.http_provider import HttpProvider, options_of
from conduit_widget.providers.kinds import ProviderContext, ProviderKind
from conduit_widget.providers.provider import GenerationRequest
from conduit_widget.providers.provider_config import ANTHROPIC_URL, ProviderConfig

API_VERSION: Final = "2023-06-01"
MAX_TOKENS: Final = 8192
"""What an answer may have where nobody says: the API wants to be told."""
MAX_TEMPERATURE: Final = 1.0
_VERSION_PATH: Final = "/v1"


class AnthropicMessages(HttpProvider):
    """A provider that speaks the Messages API. ``seed`` is not sent: the API has none."""

    _answer_path = "/messages"
    _models_path = "/models?limit=1000"

    def __init__(self, name: str, base_url: str = ANTHROPIC_URL, **options: Any) -> None:
        base_url = base_url.rstrip("/")
        if not base_url.endswith(_VERSION_PATH):
            base_url += _VERSION_PATH
        super().__init__(name, base_url, refusals=MessagesRefusals(MAX_TOKENS), **options)

    def _headers(self) -> dict[str, str]:
        return {**super()._headers(), "anthropic-version": API_VERSION}

    def _key_header(self, key: str) -> tuple[str, str]:
        return "x-api-key", key

    def _body(self, request: GenerationRequest, model: str) -> dict[str, Any]:
        asked = request.parameters
        body: dict[str, Any] = {
            "max_tokens": MAX_TOKENS,
            **self._defaults,
            "model": model,
            "messages": request.messages,
            "stream": True,
        }
        if asked.max_tokens is not None:
            body["max_tokens"] = asked.max_tokens
        if asked.temperature is not None:
            # Other APIs go up to 2: the hottest there is the hottest here.
            body["temperature"] = min(asked.temperature, MAX_TEMPERATURE)
        if asked.top_p is not None:
            body["top_p"] = asked.top_p
        if stops := [stop for stop in asked.stop or () if stop.strip()]:
            body["stop_sequences"] = stops
        return body

    def _encode(self, body: dict[str, Any]) -> bytes:
        prompt = to_prompt(body["messages"])
        system = {"system": prompt.system} if prompt.system else {}
        return msgspec.json.encode({**body, **system, "messages": prompt.messages})

    def _decoder(self, request: GenerationRequest, model: str) -> MessageStream:
        return MessageStream(
            self.name,
            model,
            key_hint=self._key_hint,
            words=self._words,
            cut_off=blanks_cut_off(request.messages),
        )

    def _preferred(self, listed: list[str]) -> str:
        # The newest comes first, and may be the dearest.
        return next((name for name in listed if "sonnet" in name), listed[0])


def _build(config: ProviderConfig, context: ProviderContext) -> AnthropicMessages:
    return AnthropicMessages(
        config.name,
        config.base_url or ANTHROPIC_URL,
        defaults=config.options,
        **options_of(config, context),
    )


KIND: Final = ProviderKind(build=_build, prefills=lambda _config: True, reads_images=True)
