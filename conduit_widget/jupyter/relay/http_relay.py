"""One request of a page, relayed to the hub: bodies go in pieces, each when the other side has room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

import httpx2

CONNECT_TIMEOUT: Final = 5.0
# An answer may take as long as it likes: a stream of events is silent for a while. A page that goes ends it.
_TIMEOUT: Final = httpx2.Timeout(None, connect=CONNECT_TIMEOUT).as_dict()


class Answering(Protocol):
    """The page's side: how the answer gets there."""

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of the hub's answer."""

    async def more(self, piece: bytes) -> None:
        """Send a piece of the body; return when there is room for the next."""


class BodyPipe:
    """A request's body on its way: one piece waits at most."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._is_closed = asyncio.Event()

    async def put(self, piece: bytes | None) -> None:
        """Hand a piece over, or the end (None); return when the one before was taken. Dropped once closed."""
        if self._is_closed.is_set():
            return
        putting = asyncio.ensure_future(self._pieces.put(piece))
        closing = asyncio.ensure_future(self._is_closed.wait())
        try:
            await asyncio.wait({putting, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
            closing.cancel()

    def close(self) -> None:
        """Take no more: the hub has answered already."""
        self._is_closed.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece


class HubHttp:
    """Asks the hub, for all pages; each request over a connection of its own.

    One that is kept may break under the next request, which then cannot be sent again: the hub may have seen
    it. A new one costs a fraction of a millisecond on the same machine.
    """

    def __init__(self) -> None:
        # Not a client of httpx2: that one logs every address. No proxy of the environment stands between.
        self._transport = httpx2.AsyncHTTPTransport(
            trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0)
        )

    async def relay(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: BodyPipe | None,
        page: Answering,
    ) -> None:
        """Ask the hub and pass its answer on.

        Raises:
            httpx2.ConnectError, httpx2.ConnectTimeout: the hub is not there; nothing of the body was taken.
            httpx2.HTTPError: the connection broke.

        """
        request = httpx2.Request(
            method,
            url,
            headers=dict(headers),
            content=None if body is None else aiter(body),
            extensions={"timeout": _TIMEOUT},
        )
        response = await self._transport.handle_async_request(request)
        try:
            await page.begin(response.status_code, response.headers)
            async for piece in response.aiter_raw():
                await page.more(piece)
        finally:
            await response.aclose()
