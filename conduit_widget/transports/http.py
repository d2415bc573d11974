"""The one small HTTP client of the edges: POST for negotiate, cookies kept, nothing secret told.

It drives httpx2's transport directly: its ``AsyncClient`` logs every URL, and a redirected one may carry
a token in its query. Environment proxies are not used, so a loopback hub is never asked for through one.
"""

from __future__ import annotations

from collections.abc import Mapping
from ssl import SSLContext, create_default_context
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from conduit_widget.errors import ConnectionFailedError


class HttpReply(NamedTuple):
    """Status and body of an answer."""

    status_code: int
    body: bytes


class HttpClient:
    """One request at a time with one cookie jar. ``timeout`` in seconds, for each step of a request."""

    def __init__(self, *, ssl: SSLContext | None = None, timeout: float) -> None:
        self._ssl = ssl
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
                verify=self._verify(request.url.scheme), trust_env=False
            ) as transport:
                response = await transport.handle_async_request(request)
                response.request = request
                body = await response.aread()
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            parts = urlsplit(url)
            raise ConnectionFailedError(
                f"No answer from {parts.scheme}://{parts.netloc.rpartition('@')[2]} "
                f"({str(error) or type(error).__name__}); is the hub running?"
            ) from error
        self._cookies.extract_cookies(response)
        return HttpReply(response.status_code, body)

    def cookie_header(self, url: str) -> str | None:
        """Return the ``Cookie`` header for a request to ``url``, from what earlier answers set."""
        request = httpx2.Request("GET", url)
        self._cookies.set_cookie_header(request)
        header: str | None = request.headers.get("cookie")
        return header

    def _verify(self, scheme: str) -> SSLContext | bool:
        if scheme != "https":
            return (
                False  # reading the trust store takes tens of milliseconds, and plain HTTP has no use for it
            )
        if self._ssl is None:
            self._ssl = create_default_context()
        return self._ssl
