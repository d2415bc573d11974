"""The client's seam to the network: one connection that carries frames both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import Protocol

from conduit_widget.protocol.hub_protocol import TransferFormat

OnData = Callable[[bytes | str], None]
OnClose = Callable[[Exception | None], None]


class Transport(Protocol):
    """One connection, used once.

    ``on_data`` gets what arrives, in order; ``on_close`` is called exactly once after a successful
    :meth:`connect`, however the connection ends (the error, or None for an orderly end). Both run on the
    event loop and must not block.
    """

    async def connect(
        self, url: str, *, transfer_format: TransferFormat, headers: Mapping[str, str], ssl: SSLContext | None
    ) -> None:
        """Open the connection; the caller puts a time limit around it.

        Raises:
            AuthenticationError: refused with HTTP 401 or 403.
            TransportRefusedError: refused with another HTTP status.
            ConnectionFailedError: no connection could be made.

        """
        ...

    def send(self, data: bytes) -> None:
        """Queue whole records in one frame without waiting; does nothing once the connection has ended."""
        ...

    async def drain(self) -> None:
        """Wait until the outgoing buffer is below its high-water mark, or the connection ended."""
        ...

    async def close(self) -> None:
        """End the connection in good order within a short time; idempotent."""
        ...

    def abort(self) -> None:
        """End the connection at once, without waiting for the peer; idempotent."""
        ...


class TransportFactory(Protocol):
    """Makes a fresh transport for each connection attempt. Record limits are in bytes."""

    def __call__(self, *, on_data: OnData, on_close: OnClose, max_message_bytes: int) -> Transport:
        """Return an unconnected transport."""
        ...
