"""Uvicorn's HTTP connection with an end to its patience: slow or endless heads and bodies are cut.

Uvicorn waits for a request's head as long as it takes, and its faster parser takes heads of any size. Here a
head has to be complete in ``head_timeout`` seconds and ``max_head_bytes``. A body may take ``body_timeout``
seconds, and as long again each time ``MIN_BODY_RATE`` was kept meanwhile or it was the application that did
not read; its size is the application's matter. Answers may take their time (long polling, events), but when
what waits to be read of one stays above the low mark for ``UNREAD_TIMEOUT`` seconds after it has passed the
high one, the connection ends, though a little may have been read. Who owes a head or a body is a
stranger, unless the application has known an earlier request of theirs.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from http import HTTPStatus
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from conduit_widget.transports.server.strangers import KNOWN, Strangers

LINGER: Final = 1.0
UNREAD_TIMEOUT: Final = 30.0
MIN_BODY_RATE: Final = 1024
"""Bytes a second, on average over ``body_timeout``."""


class _Phase(Enum):
    """What the client owes."""

    HEAD = "head"
    BODY = "body"
    NOTHING = "nothing"


class RequestPatience(asyncio.Protocol):
    """A mixin before uvicorn's own protocol. Times in seconds, sizes in bytes."""

    max_head_bytes: ClassVar[int]
    head_timeout: ClassVar[float]
    body_timeout: ClassVar[float]
    strangers: ClassVar[Strangers]

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    cycle: Any
    flow: Any
    _head_bytes = 0
    _body_bytes = 0  # since the body's timer began
    _owed: _Phase = _Phase.NOTHING
    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _refused = False
    _known = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Expect a head from now on."""
        super().connection_made(transport)
        self._expect(_Phase.HEAD)

    def data_received(self, data: bytes) -> None:
        """Parse what came, no further than a head may reach."""
        while data and not self._is_over:
            if self._phase is not _Phase.HEAD:
                self._body_bytes += len(data)
                super().data_received(data)
                break
            request, room = self.cycle, self.max_head_bytes - self._head_bytes
            if room <= 0:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                break
            piece, data = data[:room], data[room:]
            super().data_received(piece)
            self._head_bytes = self._head_bytes + len(piece) if self.cycle is request else 0
        if not self._refused:
            self._expect(_Phase.NOTHING if self._is_over else self._phase)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._stop_timer()
        self._stop_unread_timer()
        self.strangers.discard(self)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Let the client keep the connection for another request, as long as there is room."""
        super().on_response_complete()  # type: ignore[misc]
        if not self._is_over:
            self._be_a_stranger()

    def pause_writing(self) -> None:
        """Give the client a while to read on."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(UNREAD_TIMEOUT, self.make_room)

    def resume_writing(self) -> None:
        """It does."""
        self._stop_unread_timer()
        super().resume_writing()

    def make_room(self) -> None:
        """End the connection at once, as a ``Stranger`` and whenever it is of no use any more."""
        self.transport.abort()

    @property
    def _is_over(self) -> bool:
        """Whether this is no HTTP connection any more: refused, closed, or a WebSocket."""
        return self._refused or self.transport.is_closing() or self.transport.get_protocol() is not self

    @property
    def _phase(self) -> _Phase:
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return _Phase.HEAD
        return _Phase.BODY if cycle.more_body else _Phase.NOTHING

    def _expect(self, phase: _Phase) -> None:
        if phase is self._owed:
            if phase is _Phase.BODY and not self._known and self._is_known():
                self.strangers.discard(self)  # whose upload it is was asked meanwhile
            return
        self._owed = phase
        self._stop_timer()
        if phase is _Phase.NOTHING:
            self.strangers.discard(self)
            return
        self._be_a_stranger()
        self._start_timer(phase)

    def _start_timer(self, phase: _Phase) -> None:
        self._body_bytes = 0
        timeout = self.head_timeout if phase is _Phase.HEAD else self.body_timeout
        self._timer = self.loop.call_later(timeout, self._expired, phase)

    def _be_a_stranger(self) -> None:
        """Count as one, unless this one is known."""
        if not self._is_known():
            self.strangers.add(self)

    def _is_known(self) -> bool:
        self._known = self._known or (self.cycle is not None and KNOWN in self.cycle.scope.get("state", ()))
        return self._known

    def _expired(self, phase: _Phase) -> None:
        self._timer = None
        if self._is_over or self._phase is not phase:
            self._owed = _Phase.NOTHING
        elif phase is _Phase.BODY and self._body_is_in_time():
            self._start_timer(phase)
        else:
            self._owed = _Phase.NOTHING
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _body_is_in_time(self) -> bool:
        return self.flow.read_paused or self._body_bytes >= MIN_BODY_RATE * self.body_timeout

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(head.encode())  # not into the middle of another answer
        self._refused = True
        # Closed with data unread, the system would reset the connection and the refusal be lost on its way.
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.transport.resume_reading()
            self._stop_timer()
            self._timer = self.loop.call_later(LINGER, self.transport.close)
        else:
            self.transport.close()


def guarded_http(
    *,
    max_head_bytes: int,
    head_timeout: float,
    body_timeout: float,
    strangers: Strangers,
    parser: type[asyncio.Protocol] = AutoHTTPProtocol,
) -> type[asyncio.Protocol]:
    """Return the connection class for uvicorn's ``http=``: one of uvicorn's own with these limits."""
    limits = {
        "max_head_bytes": max_head_bytes,
        "head_timeout": head_timeout,
        "body_timeout": body_timeout,
        "strangers": strangers,
    }
    return type("GuardedHttpConnection", (RequestPatience, parser), limits)
