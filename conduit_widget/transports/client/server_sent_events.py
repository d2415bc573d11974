"""Server-sent events transport of the client: it receives by one streamed GET, sends by POST; text only.

Source: TransportProtocols.md, "Server-Sent Events".
"""

from __future__ import annotations

import httpx2

from conduit_widget.errors import ConnectionFailedError
from conduit_widget.event_stream import EventDataDecoder
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.client.http_client import HttpChannel
from conduit_widget.transports.client.http_transport import HttpTransport

MIN_EVENT_LIMIT_BYTES = 16 * 1024 * 1024


class ServerSentEventsTransport(HttpTransport):
    """A :class:`~.transport.Transport` over an event stream."""

    _response: httpx2.Response

    async def _open(self, channel: HttpChannel, transfer_format: TransferFormat) -> None:
        if transfer_format is not TransferFormat.TEXT:
            raise ConnectionFailedError("Server-sent events carry text only: use the JSON hub protocol.")
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
        response = await channel.open("GET", headers=headers)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/event-stream":
            await response.aclose()
            raise ConnectionFailedError(
                "The hub answered the request for an event stream with something else."
            )
        self._response = response

    async def _read(self, channel: HttpChannel) -> None:
        decoder = EventDataDecoder(max(MIN_EVENT_LIMIT_BYTES, 2 * self._max_message_bytes))
        try:
            async for chunk in self._response.aiter_raw():
                for payload in decoder.feed(chunk):
                    if self._ended:
                        return
                    self._on_data(payload)
        finally:
            await self._response.aclose()

    async def _say_goodbye(self, channel: HttpChannel) -> None:
        """Do nothing: closing the stream is the goodbye."""
