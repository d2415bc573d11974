"""Any OpenAI-compatible endpoint: streams ``/chat/completions``, lists ``/models``.

One HTTP request a generation, four clocks, no SDK. An answer counts as complete only with a
``finish_reason`` or ``[DONE]``; closing the generator closes the request, which frees the provider's work.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from conduit_widget.errors import UNREADABLE, ProviderError
from conduit_widget.event_stream import EventDataDecoder, EventTooLargeError
from conduit_widget.providers import failures
from conduit_widget.providers.clocks import GenerationClocks
from conduit_widget.providers.completion_stream import CompletionStream
from conduit_widget.providers.config import Secret, Timeouts
from conduit_widget.providers.provider import Chunk, GenerationRequest

_log = logging.getLogger(__name__)

_ERROR_BODY_BYTES: Final = 64 * 1024
_MODELS_TIMEOUT: Final = 5.0
_OPTIONAL_FIELDS: Final = ("stream_options", "max_tokens")


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    data: list[_Model] = []


_models_decoder: Final = msgspec.json.Decoder(_Models)


class OpenAICompatible:
    """A provider behind ``base_url`` (up to and including ``/v1``).

    ``defaults`` are body fields sent unless the request sets them; ``on_headers`` sees the headers of every
    response (rate limits live there). ``key_variable`` is named in the error when the key is refused.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        api_key: Secret | None = None,
        model: str | None = None,
        context_tokens: int | None = None,
        timeouts: Timeouts | None = None,
        key_variable: str | None = None,
        defaults: Mapping[str, Any] | None = None,
        on_headers: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        self.name = name
        self.context_tokens: int | None = context_tokens
        self.model = model
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._key_hint = f"Set a valid key in {key_variable}" if key_variable else "Set a valid key"
        self._timeouts = timeouts or Timeouts()
        self._defaults = dict(defaults or {})
        self._on_headers = on_headers
        self._client: httpx2.AsyncClient | None = None
        self._closed = False
        # What this endpoint turned out not to take, learnt from its first refusal.
        self._refused_fields: set[str] = set()

    async def start(self) -> None:
        """Nothing to make ready: connections open with the first request."""

    async def aclose(self) -> None:
        """Close every connection; generations still running end with an error."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def models(self) -> list[str]:
        """List the endpoint's models, the configured one first.

        Raises:
            ProviderError: it cannot be reached, refuses, or answers with something else than a list.

        """
        timeouts = msgspec.structs.replace(self._timeouts, first_token=_MODELS_TIMEOUT)
        request = self._http().build_request("GET", f"{self._base_url}/models", headers=self._headers())
        response = await self._send(request, GenerationClocks(self.name, timeouts), stream=False)
        if response.status_code != 200:
            body = failures.read_error_body(response.content[:_ERROR_BODY_BYTES])
            raise self._refusal(response, body, None)
        try:
            listed = [model.id for model in _models_decoder.decode(response.content).data]
        except UNREADABLE as error:
            raise failures.malformed(self.name) from error
        if self.model is None:
            return listed
        return [self.model, *(name for name in listed if name != self.model)]

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer. ``aclose()`` closes the HTTP request at once.

        Raises:
            ProviderError: refused, unreachable, too slow on one of the four clocks, malformed or truncated.

        """
        model = request.model or await self._default_model()
        clocks = GenerationClocks(self.name, self._timeouts)
        response = await self._open(request, model, clocks)
        stream = CompletionStream(self.name, model, key_hint=self._key_hint)
        decoder = EventDataDecoder()
        try:
            async with aclosing(response.aiter_bytes()) as pieces:
                while not stream.ended:
                    piece = await self._next_piece(pieces, stream, clocks)
                    for payload in self._payloads(decoder, piece):
                        text = stream.take(payload)
                        if stream.began:
                            clocks.token_seen()
                        if text:
                            yield Chunk(text, stream.model)
                    if piece is None:
                        break
                yield stream.last_chunk()
        finally:
            await response.aclose()

    async def _next_piece(
        self, pieces: AsyncGenerator[bytes, None], stream: CompletionStream, clocks: GenerationClocks
    ) -> bytes | None:
        """Return the next bytes, None at the end; after a finish reason every kind of end is one."""
        try:
            return await clocks.wait(anext(pieces, None))
        except ProviderError:
            if stream.complete:
                return None
            raise
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            if stream.complete:
                return None
            raise failures.truncated(self.name) from error

    def _payloads(self, decoder: EventDataDecoder, piece: bytes | None) -> list[bytes]:
        try:
            return decoder.flush() if piece is None else decoder.feed(piece)
        except EventTooLargeError as error:
            raise failures.malformed(self.name) from error

    async def _default_model(self) -> str:
        if self.model is None:
            listed = await self.models()
            if not listed:
                raise failures.no_models(self.name)
            self.model = listed[0]
        return self.model

    async def _open(
        self, request: GenerationRequest, model: str, clocks: GenerationClocks
    ) -> httpx2.Response:
        """Send the request; on a refusal that names an optional field, once more without it."""
        while True:
            body = self._body(request, model)
            call = self._http().build_request(
                "POST",
                f"{self._base_url}/chat/completions",
                content=msgspec.json.encode(body),
                headers=self._headers(),
            )
            response = await self._send(call, clocks, stream=True)
            if response.status_code == 200 and not _is_page(response):
                return response
            try:
                problem = failures.read_error_body(await clocks.wait(_read_start(response)))
            except (httpx2.HTTPError, OSError):
                problem = failures.ErrorBody()
            finally:
                await response.aclose()
            if response.status_code == 200:
                raise failures.malformed(self.name)
            if not self._adapt(response.status_code, problem, body):
                raise self._refusal(response, problem, model)

    async def _send(
        self, request: httpx2.Request, clocks: GenerationClocks, *, stream: bool
    ) -> httpx2.Response:
        try:
            response = await clocks.wait(self._http().send(request, stream=stream))
        except httpx2.ConnectTimeout as error:
            raise failures.timed_out(self.name, "connect", self._timeouts.connect) from error
        except (httpx2.HTTPError, OSError) as error:
            _log.info("provider %s: %s", self.name, type(error).__name__)
            raise failures.unreachable(self.name, origin_of(self._base_url)) from error
        if self._on_headers is not None:
            self._on_headers(response.headers)
        return response

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
        if "max_tokens" in self._refused_fields and "max_tokens" in body:
            # The newer name of the same limit.
            body["max_completion_tokens"] = body["max_tokens"]
        return {field: value for field, value in body.items() if field not in self._refused_fields}

    def _adapt(self, status: int, problem: failures.ErrorBody, body: Mapping[str, Any]) -> bool:
        """Learn from a refusal that names an optional field; True when another try makes sense."""
        if status not in {400, 422}:
            return False
        for field in _OPTIONAL_FIELDS:
            if field in body and field in problem.message:
                self._refused_fields.add(field)
                return True
        return False

    def _http(self) -> httpx2.AsyncClient:
        if self._closed:
            raise failures.closed(self.name)
        if self._client is None:
            loopback = is_loopback(self._base_url)
            plain = self._base_url.startswith("http://")
            self._client = httpx2.AsyncClient(
                timeout=httpx2.Timeout(None, connect=self._timeouts.connect),
                limits=httpx2.Limits(keepalive_expiry=2.0 if loopback else 30.0),
                # A proxy must not see loopback traffic, and no .netrc entry may stand in for a key.
                trust_env=not loopback,
                # Without TLS there is no need to load the trust store (an empty one trusts nobody).
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
            )
        return self._client

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key.reveal()}"
        return headers

    def _refusal(
        self, response: httpx2.Response, problem: failures.ErrorBody, model: str | None
    ) -> ProviderError:
        status = response.status_code
        _log.info("provider %s answered HTTP %d (%s)", self.name, status, problem.code or "no code")
        return failures.refused(
            self.name, status, problem, model=model, headers=response.headers, key_hint=self._key_hint
        )


async def _read_start(response: httpx2.Response) -> bytes:
    """Read an error body, as much of it as can matter."""
    body = b""
    async with aclosing(response.aiter_bytes()) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) >= _ERROR_BODY_BYTES:
                break
    return body


def _is_page(response: httpx2.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/json"}


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: what may be shown (user info and query may not)."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"
