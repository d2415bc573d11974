"""Long polling as a server connection: each GET takes what waits, posts come in, DELETE ends it.

The first poll returns at once and empty. 200: poll again; 204: the connection is over, or a newer poll has
taken this one's place (TransportProtocols.md, "Long Polling"; behaviour of the official server).
"""

from __future__ import annotations

import asyncio
from typing import Final

from conduit_widget.hub.http import HttpResponse, Receive, client_gone
from conduit_widget.hub.transports.http_connection import ACCEPTED, HttpServerConnection
from conduit_widget.transports.server.server_connection import Framer

CLOSE_TIMEOUT: Final = 2.0
_NO_STORE: Final = {"cache-control": "no-store"}
_EMPTY: Final = HttpResponse(200, b"", "application/octet-stream", _NO_STORE)
_OVER: Final = HttpResponse(204, b"", "text/plain", _NO_STORE)


def _as_it_is(payload: bytes) -> bytes:
    return payload


class LongPollingConnection(HttpServerConnection):
    """Implements ``ServerConnection``. ``poll_timeout`` and ``disconnect_timeout`` in seconds."""

    def __init__(self, *, poll_timeout: float, disconnect_timeout: float) -> None:
        super().__init__()
        self._poll_timeout = poll_timeout
        self._disconnect_timeout = disconnect_timeout
        self._poll: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._polled = False

    def framer(self, binary: bool) -> Framer:
        """Return the identity: records are the body."""
        return _as_it_is

    async def poll(self, receive: Receive) -> HttpResponse | None:
        """Answer one GET; ``None`` when the client has left it."""
        self._changed()  # an older poll gives way
        if not self._polled:
            self._polled = True
            self._expect_poll()
            return _EMPTY
        self._stop_timer()
        poll = self._poll = asyncio.get_running_loop().create_future()
        if not self._frames and not self._closing:
            leaving = asyncio.ensure_future(client_gone(receive))
            try:
                await asyncio.wait(
                    (poll, leaving), timeout=self._poll_timeout, return_when=asyncio.FIRST_COMPLETED
                )
            except asyncio.CancelledError:
                self._expect_poll()
                raise
            finally:
                leaving.cancel()
            if self._poll is not poll:
                return _OVER
            if leaving.done() and not leaving.cancelled() and not poll.done():
                self._poll = None
                self._expect_poll()
                return None
        self._poll = None
        return self._answer()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close after what was written; a client that does not come for it is given up sooner."""
        if not self._closing:
            super().close(code, reason)
            if self._poll is None:
                self._expect_poll()

    def delete(self) -> HttpResponse:
        """End the connection as its client asks."""
        self._stop_timer()
        self._end(None)
        return ACCEPTED

    def _answer(self) -> HttpResponse:
        if self._frames:
            data = self._take_frames()
            self._drained()
            self._expect_poll()
            return HttpResponse(200, data, "application/octet-stream", _NO_STORE)
        if self._closing:
            self._end(None)
            return _OVER
        self._expect_poll()
        return _EMPTY

    def _changed(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def _expect_poll(self) -> None:
        """Give the client up unless it polls again in time."""
        self._stop_timer()
        if not self._lost:
            loop, timeout = asyncio.get_running_loop(), self._disconnect_timeout
            if self._closing:
                self._timer = loop.call_later(min(CLOSE_TIMEOUT, timeout), self._end, None)
            else:
                error = ConnectionResetError("The client stopped polling.")
                self._timer = loop.call_later(timeout, self._end, error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
