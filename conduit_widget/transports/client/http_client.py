"""The HTTP client of negotiation and of the HTTP transports: it keeps cookies and shows no secret.

:class:`HttpClient` asks single questions, :class:`HttpChannel` carries one connection's requests. Both drive
httpx2's transport directly: its ``AsyncClient`` logs every URL, and a redirected one may carry a token in its
query. Environment proxies are not used, so a loopback hub is never asked for through one; a proxy is used
where it is given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from ssl import SSLContext, create_default_context
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx2

from conduit_widget.errors import AuthenticationError, ConnectionFailedError, TransportRefusedError
from conduit_widget.transports.client.proxy import http_proxy, name_of
from conduit_widget.transports.reasons import no_connection

CONNECT_TIMEOUT: Final = 15.0
KEEP_ALIVE_EXPIRY: Final = 2.0
"""Seconds a socket is kept for the next request: shorter than servers do, so that none is closed under it."""

_FAILURES: Final = (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError)


class HttpReply(NamedTuple):
    """Status and body of an answer."""

    status_code: int
    body: bytes


class HttpClient:
    """One request at a time with one cookie jar. ``timeout`` in seconds, for each step of a request."""

    def __init__(self, *, ssl: SSLContext | None = None, timeout: float, proxy: str | None = None) -> None:
        self._ssl = ssl
        self._proxy = proxy
        self._timeout = httpx2.Timeout(timeout).as_dict()
        self._cookies = httpx2.Cookies()

    async def post(self, url: str, headers: Mapping[str, str]) -> HttpReply:
        """POST an empty body over a connection of its own; redirects are not followed.

        Raises:
            ConnectionFailedError: no answer came; the text names host and port only.

        """
        try:
            request = httpx2.Request(
                "POST", url, headers=dict(headers), content=b"", extensions={"timeout": self._timeout}
            )
            self._cookies.set_cookie_header(request)
            async with httpx2.AsyncHTTPTransport(
                verify=self._verify(request.url.scheme),
                trust_env=False,
                proxy=http_proxy(self._proxy, self._ssl),
            ) as transport:
                response = await transport.handle_async_request(request)
                response.request = request
                body = await response.aread()
        except _FAILURES as error:
            raise _no_answer(url, self._proxy, error) from None
        self._cookies.extract_cookies(response)
        return HttpReply(response.status_code, body)

    def cookie_header(self, url: str) -> str | None:
        """Return the ``Cookie`` header for a request to ``url``, from what earlier answers set."""
        request = httpx2.Request("GET", url)
        self._cookies.set_cookie_header(request)
        header: str | None = request.headers.get("cookie")
        return header

    def _verify(self, scheme: str) -> SSLContext | bool:
        if scheme == "https" and self._ssl is None:
            self._ssl = create_default_context()
        return _verification(scheme, self._ssl)


FreshHeaders = Callable[[], Awaitable[Mapping[str, str]]]


class HttpChannel:
    """The requests of one connection: the same URL and headers, kept-alive sockets, no redirects.

    On a 401 ``fresh_headers`` is asked once a request for headers with a newer token.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        ssl: SSLContext | None,
        proxy: str | None,
        fresh_headers: FreshHeaders | None = None,
    ) -> None:
        self._fresh_headers = fresh_headers
        self._url = url
        self._headers = dict(headers)
        self._proxy = proxy
        scheme = urlsplit(url).scheme
        if scheme == "https" and ssl is None:
            ssl = create_default_context()
        self._transport = httpx2.AsyncHTTPTransport(
            verify=_verification(scheme, ssl),
            trust_env=False,
            proxy=http_proxy(proxy, ssl),
            limits=httpx2.Limits(keepalive_expiry=KEEP_ALIVE_EXPIRY),
        )

    async def open(
        self,
        method: str,
        content: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        read_timeout: float | None = None,
    ) -> httpx2.Response:
        """Send a request and return the response with its body unread: iterate over it, then ``aclose()`` it.

        ``read_timeout`` in seconds, between two reads.

        Raises:
            AuthenticationError: HTTP 401 or 403.
            ConnectionFailedError: no answer, or one that is no success.

        """
        response = await self._send(method, content, headers, read_timeout)
        if response.status_code == httpx2.codes.UNAUTHORIZED and self._fresh_headers is not None:
            await response.aclose()
            self._headers.update(await self._fresh_headers())
            response = await self._send(method, content, headers, read_timeout)
        status = response.status_code
        if not httpx2.codes.is_success(status):
            await response.aclose()
            if status in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
                raise AuthenticationError(f"The hub refused the access token (HTTP {status}).", status)
            raise TransportRefusedError("request", status)
        return response

    async def _send(
        self, method: str, content: bytes, headers: Mapping[str, str] | None, read_timeout: float | None
    ) -> httpx2.Response:
        timeout = httpx2.Timeout(CONNECT_TIMEOUT, read=read_timeout).as_dict()
        try:
            request = httpx2.Request(
                method,
                self._url,
                headers={**self._headers, **(headers or {})},
                content=content,
                extensions={"timeout": timeout},
            )
            response = await self._transport.handle_async_request(request)
        except httpx2.ReadTimeout:
            raise
        except _FAILURES as error:
            raise _no_answer(self._url, self._proxy, error) from None
        response.request = request
        return response

    async def request(self, method: str, content: bytes = b"") -> None:
        """Send a request and drop the body of its answer; raises as :meth:`open` does."""
        try:
            response = await self.open(method, content, read_timeout=CONNECT_TIMEOUT)
            try:
                async for _ in response.aiter_raw():
                    pass
            finally:
                await response.aclose()
        except _FAILURES as error:
            raise _no_answer(self._url, self._proxy, error) from None

    async def aclose(self) -> None:
        """Close the sockets."""
        await self._transport.aclose()


def _verification(scheme: str, ssl: SSLContext | None) -> SSLContext | bool:
    if scheme != "https" or ssl is None:
        return False  # reading the trust store takes tens of milliseconds, and plain HTTP has no use for it
    return ssl


def _no_answer(url: str, proxy: str | None, error: Exception) -> ConnectionFailedError:
    """Return an error that names scheme, host and port only, of the hub and of the proxy."""
    parts = urlsplit(url)
    through = f" through {name_of(proxy)}" if proxy is not None else ""
    return no_connection(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{through}", error)
