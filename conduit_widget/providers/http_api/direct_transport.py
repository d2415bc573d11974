"""Direct connections of the HTTP client, over :mod:`socket_backend`."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Final

import httpcore2
import httpx2

from conduit_widget.providers.http_api.socket_backend import SocketBackend, SocketStream

_FAILURES: Final = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
)


class DirectTransport(httpx2.AsyncBaseTransport):
    """Sends the client's requests without a proxy, over HTTP/1.1."""

    def __init__(self, trust: ssl.SSLContext, limits: httpx2.Limits) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=SocketBackend(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return the response, its body unread.

        Raises:
            httpx2.TransportError: the connection failed.

        """
        url = request.url
        call = httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _errors():
            response = await self._pool.handle_async_request(call)
        assert isinstance(response.stream, AsyncIterable)
        stream = response.extensions["network_stream"]
        is_plain = response.status == 200 and isinstance(stream, SocketStream) and stream.is_at_body
        is_chunked = any(name.lower() == b"transfer-encoding" for name, _ in response.headers)
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.stream, stream.read_chunks if is_plain and is_chunked else None),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    """A body; what ``read_chunks`` leaves the library reads, at least the end, of which it must know."""

    def __init__(
        self, body: AsyncIterable[bytes], read_chunks: Callable[[], Coroutine[Any, Any, bytes]] | None
    ) -> None:
        self._body = body
        self._read_chunks = read_chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors():
            if self._read_chunks is not None:
                while data := await self._read_chunks():
                    yield data
            async for piece in self._body:
                yield piece

    async def aclose(self) -> None:
        if (aclose := getattr(self._body, "aclose", None)) is not None:
            await aclose()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Raise the client's errors in the place of the pool's, which have the same names."""
    try:
        yield
    except _FAILURES as error:
        kind = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise kind(str(error)) from error
