"""The one small HTTP client of the edges: POST for negotiate, cookies kept, nothing secret in errors.

Environment proxies are not used, so that a loopback hub is never asked for through one.
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
    """A lazily opened client with one cookie jar. ``timeout`` in seconds, per request."""

    def __init__(self, *, ssl: SSLContext | None = None, timeout: float) -> None:
        self._ssl = ssl
        self._timeout = timeout
        self._cookies = httpx2.Cookies()
        self._clients: dict[bool, httpx2.AsyncClient] = {}

    async def post(self, url: str, headers: Mapping[str, str]) -> HttpReply:
        """POST an empty body.

        Raises:
            ConnectionFailedError: no answer came; the text names host and port only.

        """
        client = self._client(secure=urlsplit(url).scheme == "https")
        try:
            request = client.build_request("POST", url, headers=dict(headers), content=b"")
            self._cookies.set_cookie_header(request)
            response = await client.send(request)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            parts = urlsplit(url)
            raise ConnectionFailedError(
                f"No answer from {parts.scheme}://{parts.hostname}:{parts.port or parts.scheme} "
                f"({str(error) or type(error).__name__}); is the hub running?"
            ) from error
        self._cookies.extract_cookies(response)
        return HttpReply(response.status_code, response.content)

    def cookie_header(self, url: str) -> str | None:
        """Return the ``Cookie`` header for a request to ``url``, from what earlier answers set."""
        request = httpx2.Request("GET", url)
        self._cookies.set_cookie_header(request)
        header: str | None = request.headers.get("cookie")
        return header

    async def aclose(self) -> None:
        """Close the connections; the client opens anew when used again."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    def _client(self, *, secure: bool) -> httpx2.AsyncClient:
        client = self._clients.get(secure)
        if client is None:
            # Reading the trust store takes tens of milliseconds, and plain HTTP has no use for it.
            verify: SSLContext | bool = (self._ssl or create_default_context()) if secure else False
            client = httpx2.AsyncClient(
                verify=verify, timeout=self._timeout, trust_env=False, follow_redirects=False
            )
            self._clients[secure] = client
        return client
