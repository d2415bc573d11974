"""An in-memory transport: two linked ends on one event loop, for tests and for a hub in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from ssl import SSLContext

from conduit_widget.errors import ConnectionFailedError
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.transport import OnClose, OnData


class MemoryTransport:
    """One end of a pair. Data is delivered in order on the next turn of the loop, never re-entrantly."""

    def __init__(
        self, *, on_data: OnData, on_close: OnClose, accept: Callable[[MemoryTransport], None] | None = None
    ) -> None:
        self._on_data = on_data
        self._on_close = on_close
        self._accept = accept
        self._peer: MemoryTransport | None = None
        self._closed = False

    async def connect(
        self,
        url: str,
        *,
        transfer_format: TransferFormat,
        headers: Mapping[str, str],
        ssl: SSLContext | None,
    ) -> None:
        """Give this end to the accepting side, which links its own end with :meth:`link`."""
        if self._accept is None:
            raise ConnectionFailedError("Nobody accepts connections on this memory transport.")
        self._accept(self)
        if self._peer is None:
            raise ConnectionFailedError("The memory transport's connection was refused.")

    def link(self, peer: MemoryTransport) -> None:
        """Join two fresh ends."""
        self._peer, peer._peer = peer, self

    def send(self, data: bytes) -> None:
        """Deliver ``data`` to the other end on the loop's next turn."""
        if self._peer is not None and not self._closed:
            asyncio.get_running_loop().call_soon(self._peer._deliver, data)

    async def drain(self) -> None:
        """Return at once: nothing is buffered beyond the loop's own queue."""

    async def close(self) -> None:
        """End both ends without an error, after what was sent was delivered."""
        self._shut(None)

    def abort(self) -> None:
        """End both ends."""
        self._shut(None)

    def fail(self, error: Exception) -> None:
        """End both ends with ``error``, as a broken network would."""
        self._shut(error)

    def _shut(self, error: Exception | None) -> None:
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        if self._peer is not None:
            loop.call_soon(self._peer._end, error)
        self._end(error)

    def _deliver(self, data: bytes) -> None:
        if not self._closed:
            self._on_data(data)

    def _end(self, error: Exception | None) -> None:
        if not self._closed:
            self._closed = True
            self._on_close(error)
