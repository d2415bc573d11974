"""Long polling transport of the client: receives by one GET after the other, sends by POST.

Source: TransportProtocols.md, "Long Polling": the first poll returns at once and empty; 200 carries data, or
nothing (poll again); 204 ends the connection.
"""

from __future__ import annotations

from typing import Final

import httpx2

from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.client.http_client import CONNECT_TIMEOUT, HttpChannel
from conduit_widget.transports.client.http_transport import HttpTransport

POLL_TIMEOUT: Final = 100.0
"""Seconds a poll may hang before the next is made; hubs answer after 90."""


class LongPollingTransport(HttpTransport):
    """A :class:`~.transport.Transport` over polls, whose answers are the signs of life."""

    async def _open(self, channel: HttpChannel, transfer_format: TransferFormat) -> None:
        response = await channel.open("GET", read_timeout=CONNECT_TIMEOUT)
        try:
            async for _ in response.aiter_raw():
                pass  # nothing can have been said before the handshake
        finally:
            await response.aclose()

    async def _read(self, channel: HttpChannel) -> None:
        while True:
            try:
                response = await channel.open("GET", read_timeout=POLL_TIMEOUT)
            except httpx2.ReadTimeout:
                continue
            try:
                if response.status_code == httpx2.codes.NO_CONTENT:
                    return
                async for chunk in response.aiter_raw():
                    if self._ended:
                        return
                    if chunk:
                        self._on_data(chunk)
            finally:
                await response.aclose()

    async def _say_goodbye(self, channel: HttpChannel) -> None:
        await channel.request("DELETE")
