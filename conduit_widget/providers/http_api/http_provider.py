"""A provider behind an HTTP API: one request a generation, four clocks, no SDK.

An answer counts as complete only when the API says how it ended; closing the generator closes the request,
which frees the provider's work.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, closing
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.addresses import origin_of
from conduit_widget.providers.http_api import http_client
from conduit_widget.providers.http_api.answer_decoder import AnswerDecoder
from conduit_widget.providers.http_api.answer_reader import AnswerReader
from conduit_widget.providers.http_api.refusals import Refusals, refuses_images
from conduit_widget.providers.http_api.response_bytes import (
    ResponseBytesError,
    TooLargeError,
    pieces_of,
    read_all,
    read_start,
)
from conduit_widget.providers.images import has_images, without_images
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.kinds import ProviderContext
from conduit_widget.providers.provider import Chunk, GenerationRequest, UnseenImages
from conduit_widget.providers.provider_config import ProviderConfig, Timeouts, timeouts_for
from conduit_widget.providers.reading import lenient_json
from conduit_widget.providers.reading.error_bodies import ErrorBody, read_error_body
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.providers.timing.clocks import GenerationClocks

_logger = logging.getLogger(__name__)

_ERROR_BODY_BYTES: Final = 64 * 1024
_MODELS_TIMEOUT: Final = 5.0
_MODELS_BYTES: Final = 1024 * 1024
_LOADING_PAUSE: Final = 1.0
_BROKEN: Final = (httpx2.HTTPError, httpx2.StreamError, OSError, ResponseBytesError)


class HttpProvider(ABC):
    """A provider behind ``base_url``; a subclass knows what its API is asked and how it answers.

    ``defaults`` are body fields sent unless the request sets them; ``on_headers`` sees the headers of every
    response (rate limits live there), and again with the limits that an error's body states.
    ``key_variable`` is named in the error when the key is refused;
    ``headers`` go with every request.
    ``words`` lets no other key pass either, where several are known.
    """

    _answer_path: str
    _models_path: str

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        refusals: Refusals,
        api_key: Secret | None = None,
        model: str | None = None,
        context_tokens: int | None = None,
        timeouts: Timeouts | None = None,
        key_variable: str | None = None,
        defaults: Mapping[str, Any] | None = None,
        headers: Sequence[tuple[str, Secret]] = (),
        on_headers: Callable[[Mapping[str, str]], None] | None = None,
        words: ProviderWords | None = None,
    ) -> None:
        self.name = name
        self.context_tokens: int | None = context_tokens
        self.model = model
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._key_variable = key_variable
        self._further_headers = tuple(headers)
        self._words = words or ProviderWords(
            [*([] if api_key is None else [api_key]), *(value for _, value in headers)]
        )
        self._key_hint = f"Set a valid key in {key_variable}" if key_variable else "Set a valid key"
        self._timeouts = timeouts or timeouts_for(base_url)
        self._defaults = dict(defaults or {})
        self._on_headers = on_headers
        self._client: httpx2.AsyncClient | None = None
        self._closed = False
        self._refusals = refusals

    async def start(self) -> None:  # noqa: B027 - there is nothing that must be done
        """Do nothing: connections open with the first request."""

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
        timeouts = msgspec.structs.replace(
            self._timeouts, first_token=_MODELS_TIMEOUT, answer=_MODELS_TIMEOUT
        )
        clocks = GenerationClocks(self.name, timeouts)
        url = f"{self._base_url}{self._models_path}"
        with closing(clocks):
            body = await self._get(url, clocks)
        listed = self._words.names(_model_ids(self.name, body))
        if self.model is None:
            return listed
        return [self.model, *(name for name in listed if name != self.model)]

    async def generate(
        self, request: GenerationRequest, *, extra: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Chunk, None]:
        """Stream one answer. ``aclose()`` closes the HTTP request at once.

        ``extra`` holds further body fields, which only this server knows.

        Raises:
            ProviderError: refused, unreachable, too slow on one of the four clocks, malformed or truncated.

        """
        model = request.model or await self._default_model()
        with closing(GenerationClocks(self.name, self._timeouts)) as clocks:
            response, unseen = await self._open(
                {**self._body(request, model), **(extra or {})}, model, clocks
            )
            answer = self._decoder(request, model)
            began = False
            try:
                if unseen:
                    yield Chunk("", model, unseen=unseen)
                reader = AnswerReader(self.name, answer)
                async with aclosing(pieces_of(response)) as pieces:
                    while not answer.ended:
                        try:
                            piece = await clocks.wait(anext(pieces, None))
                        except (ProviderError, *_BROKEN) as error:
                            if answer.complete:
                                break  # after a finish reason every kind of end is one
                            if isinstance(error, ProviderError):
                                raise
                            raise failures.truncated(self.name) from error
                        if piece is None:
                            break
                        for chunk in reader.feed(piece):
                            yield chunk
                        if answer.began and not began:
                            began = True
                            clocks.token_seen()
                        if answer.complete:
                            clocks.finish_seen()
                    for chunk in reader.end():
                        yield chunk
            finally:
                self._tell_limits(response, answer.stated_limits)
                await response.aclose()

    @abstractmethod
    def _body(self, request: GenerationRequest, model: str) -> dict[str, Any]:
        """Return the body of a request, its ``messages`` those of the prompt: refusals are fitted to it."""

    def _encode(self, body: dict[str, Any]) -> bytes:
        """Return the bytes of a body as the API wants it."""
        return msgspec.json.encode(body)

    @abstractmethod
    def _decoder(self, request: GenerationRequest, model: str) -> AnswerDecoder:
        """Return what reads one answer."""

    @abstractmethod
    def _key_header(self, key: str) -> tuple[str, str]:
        """Return the header that carries the key."""

    def _preferred(self, listed: list[str]) -> str:
        """Return the model to ask when nobody named one."""
        return next((name for name in listed if "embed" not in name.lower()), listed[0])

    async def _default_model(self) -> str:
        if self.model is None:
            listed = await self.models()
            if not listed:
                raise failures.no_models(self.name)
            self.model = self._preferred(listed)
        return self.model

    async def _get(self, url: str, clocks: GenerationClocks) -> bytes:
        response = await self._send(self._http().build_request("GET", url, headers=self._headers()), clocks)
        try:
            if response.status_code != 200:
                raise self._refusal(response, await self._problem(response, clocks), None)
            return await read_all(response, _MODELS_BYTES, clocks)
        except TooLargeError as error:
            raise failures.list_too_long(self.name) from error
        except _BROKEN as error:
            raise failures.malformed(self.name) from error
        finally:
            await response.aclose()

    async def _open(
        self, wanted: dict[str, Any], model: str, clocks: GenerationClocks
    ) -> tuple[httpx2.Response, UnseenImages]:
        """Send the request; again without what a refusal names, and once the model is loaded.

        Also return which of its images were left out.
        """
        blind = False
        asked_with_images = has_images(wanted["messages"])
        unseen: UnseenImages = "all"
        give_up_at = time.monotonic() + self._timeouts.first_token
        while True:
            body = self._refusals.fit(wanted, model)
            call = self._http().build_request(
                "POST",
                f"{self._base_url}{self._answer_path}",
                content=self._encode(body),
                headers=self._headers(),
            )
            response = await self._send(call, clocks)
            if response.status_code == 200:
                return response, unseen if asked_with_images and not has_images(body["messages"]) else ""
            try:
                problem = await self._problem(response, clocks)
            finally:
                await response.aclose()
            self._tell_limits(response, problem.headers)
            if _is_loading(response.status_code, problem) and time.monotonic() < give_up_at:
                await asyncio.sleep(_LOADING_PAUSE)
                clocks.life_seen()
                continue
            if blind:
                # Leaving out what it did not name was a guess, and a wrong one.
                self._refusals.forget(model)
            elif self._refusals.learn(response.status_code, problem, body, model):
                blind = problem.is_empty
                continue
            elif refuses_images(response.status_code, problem, body):
                # One that it cannot read must not keep it from answering whatever is asked after it.
                wanted, unseen = {**wanted, "messages": without_images(wanted["messages"])}, "some"
                continue
            raise self._refusal(response, problem, model)

    async def _problem(self, response: httpx2.Response, clocks: GenerationClocks) -> ErrorBody:
        try:
            return read_error_body(await read_start(response, _ERROR_BODY_BYTES, clocks), self._words)
        except _BROKEN:
            return ErrorBody()

    async def _send(self, request: httpx2.Request, clocks: GenerationClocks) -> httpx2.Response:
        try:
            response = await clocks.wait(self._http().send(request, stream=True))
        except httpx2.ConnectTimeout as error:
            raise failures.timed_out(self.name, "connect", self._timeouts.connect) from error
        except (httpx2.HTTPError, OSError) as error:
            _logger.info("provider %s: %s", self.name, type(error).__name__)
            raise self._unreachable(error) from error
        if self._on_headers is not None:
            self._on_headers(response.headers)
        return response

    def _tell_limits(self, response: httpx2.Response, stated: Mapping[str, str]) -> None:
        """Pass on the limits that an error's body states, beside the time that the response gives."""
        if stated and self._on_headers is not None:
            self._on_headers({**response.headers, **stated})

    def _unreachable(self, error: Exception) -> ProviderError:
        origin = origin_of(self._base_url)
        if http_client.has_bad_certificate(error):
            return failures.untrusted(self.name, origin)
        proxy = http_client.proxy_for(self._base_url)
        if proxy is not None and isinstance(error, httpx2.ProxyError | httpx2.ConnectError):
            return failures.proxy_failed(self.name, proxy.variable)
        return failures.unreachable(self.name, origin)

    def _http(self) -> httpx2.AsyncClient:
        if self._closed:
            raise failures.closed(self.name)
        if self._client is None:
            self._client = http_client.open_client(
                self.name, self._base_url, connect_timeout=self._timeouts.connect
            )
        return self._client

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._api_key is not None:
            if not self._api_key.is_sendable:
                raise failures.unusable_key(self.name, self._key_variable)
            header, value = self._key_header(self._api_key.reveal())
            headers[header] = value
        headers |= {header: value.reveal() for header, value in self._further_headers}
        return headers

    def _refusal(self, response: httpx2.Response, problem: ErrorBody, model: str | None) -> ProviderError:
        status = response.status_code
        _logger.info("provider %s answered HTTP %d (%s)", self.name, status, problem.code or "no code")
        if status == 404 and not urlsplit(self._base_url).path and "model" not in problem.message:
            return failures.no_api(self.name, origin_of(self._base_url))
        return failures.refused(
            self.name, status, problem, model=model, headers=response.headers, key_hint=self._key_hint
        )


def options_of(config: ProviderConfig, context: ProviderContext) -> dict[str, Any]:
    """Return the keyword arguments of an adapter that a configuration and a hub's context stand for."""
    return {
        "api_key": config.api_key,
        "model": config.model,
        "context_tokens": config.context_tokens,
        "timeouts": config.timeouts,
        "key_variable": config.key_variable,
        "headers": config.headers,
        "on_headers": context.on_headers,
        "words": context.words,
    }


def _is_loading(status: int, problem: ErrorBody) -> bool:
    """Whether a server refuses only until its model is loaded."""
    return status == 503 and "loading" in problem.message


def _model_ids(provider: str, body: bytes) -> list[Any]:
    """Return the names in a list of models of any of the usual shapes.

    Raises:
        ProviderError: it is no list of models.

    """
    try:
        listed = lenient_json.decode(body)
    except ValueError as error:
        raise failures.malformed(provider) from error
    if isinstance(listed, Mapping):
        listed = listed.get("data", listed.get("models"))
        listed = [] if listed is None else listed
    if not isinstance(listed, list):
        raise failures.malformed(provider)
    items = [item for item in listed if isinstance(item, Mapping)]
    return [item.get("id") or item.get("name") for item in items]
