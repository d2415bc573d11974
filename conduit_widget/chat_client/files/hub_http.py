"""Requests to a hub's HTTP routes, with a token that is fresh, to wherever the hub is now.

httpx2's transport is driven directly: its ``AsyncClient`` logs every URL, and these name files.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx2
import msgspec

from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.errors import (
    UNREADABLE,
    AuthenticationError,
    ConnectionFailedError,
    HubException,
    StoreFullError,
    StoreUnavailableError,
)

CONNECT_TIMEOUT: Final = 15.0
STEP_TIMEOUT: Final = 60.0
"""Seconds between two bytes; the answer to a file's last piece waits for the hub's store."""
MAX_ANSWER_BYTES: Final = 64 * 1024
_FAILURES: Final = (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError)
_BUSY: Final = frozenset({423, 429, 502, 503, 504})


class Answer(NamedTuple):
    """What the hub answered; ``told`` is its JSON, where it has some."""

    status: int
    headers: Mapping[str, str]
    told: dict[str, Any]


class HubHttp:
    """One hub, one identity. ``url`` returns the chat hub's address now, ``token`` a valid token."""

    def __init__(self, url: Callable[[], Awaitable[str]], token: Callable[[], Awaitable[str | None]]) -> None:
        self._url = url
        self._token = token
        self._known: tuple[str, str | None] | None = None
        self._ssl: ssl.SSLContext | None = None

    def forget(self) -> None:
        """Ask where the hub is, and for a token, with the next request: the hub did not answer."""
        self._known = None

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> Answer:
        """Send a request and return the answer to it, of whatever status.

        Raises:
            AuthenticationError: the hub takes no token of ours.
            ConnectionFailedError: no answer came.

        """
        async with self.open(method, path, query=query, headers=headers, content=content) as response:
            body = bytearray()
            try:
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        break
            except _FAILURES as error:
                raise self._no_answer(error) from None
            return Answer(response.status_code, response.headers, _json(bytes(body)))

    @contextlib.asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request and yield the response with its body unread."""
        address, token = await self._place()
        url = _joined(address, path, query or {})
        async with httpx2.AsyncHTTPTransport(verify=self._verify(url), trust_env=False) as transport:
            sent = {**(headers or {}), **_signed(token)}
            response = await self._send(transport, method, url, sent, content)
            if response.status_code == httpx2.codes.UNAUTHORIZED:
                await response.aclose()
                self.forget()
                address, token = await self._place()
                url = _joined(address, path, query or {})
                response = await self._send(transport, method, url, {**sent, **_signed(token)}, content)
            try:
                if response.status_code == httpx2.codes.UNAUTHORIZED:
                    raise AuthenticationError("The hub refused the access token (HTTP 401).")
                yield response
            finally:
                await response.aclose()

    async def _send(
        self,
        transport: httpx2.AsyncHTTPTransport,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
    ) -> httpx2.Response:
        timeout = httpx2.Timeout(STEP_TIMEOUT, connect=CONNECT_TIMEOUT).as_dict()
        try:
            request = httpx2.Request(
                method,
                url,
                headers=dict(headers),
                content=content,
                extensions={"timeout": timeout},
            )
            return await transport.handle_async_request(request)
        except _FAILURES as error:
            self.forget()
            raise self._no_answer(error) from None

    async def _place(self) -> tuple[str, str | None]:
        if self._known is None:
            self._known = (await self._url(), await self._token())
        return self._known

    def _verify(self, url: str) -> ssl.SSLContext | bool:
        if not url.startswith("https:"):
            return False
        if self._ssl is None:
            self._ssl = ssl.create_default_context()
        return self._ssl

    def _no_answer(self, error: Exception) -> ConnectionFailedError:
        return ConnectionFailedError(f"The hub does not answer ({type(error).__name__}).")


def refusal(answer: Answer) -> HubException:
    """Return the error that an answer is which is no success; its text is the hub's, for people."""
    text = answer.told.get("error")
    if answer.status == httpx2.codes.INSUFFICIENT_STORAGE:
        return StoreFullError()
    if answer.status in _BUSY and not (answer.status == 429 and isinstance(text, str)):
        return StoreUnavailableError()
    if answer.status == httpx2.codes.NOT_FOUND and not isinstance(text, str):
        return HubException("This hub takes no files.")
    return HubException(text if isinstance(text, str) else f"The hub answered with HTTP {answer.status}.")


def _joined(address: str, path: str, query: Mapping[str, str]) -> str:
    """Return the address of a route of the hub whose chat hub is at ``address``."""
    parts = urlsplit(address)
    before = parts.path.rstrip("/").removesuffix(CHAT_HUB_PATH)
    return urlunsplit((parts.scheme, parts.netloc, before + path, urlencode(query), ""))


def _signed(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _json(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body)
    except UNREADABLE:
        return {}
    return told if isinstance(told, dict) else {}
