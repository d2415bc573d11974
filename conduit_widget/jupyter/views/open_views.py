"""The views that are open on a Jupyter server, and those that still leave. All on Jupyter's event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from concurrent.futures import Future
from typing import Final, Protocol

_logger = logging.getLogger(__name__)

MAX_VIEWS: Final = 200
MAX_VIEWS_PER_USER: Final = 20
MAX_LEAVING: Final = 200


class OpenSocket(Protocol):
    """The connection of a view."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Begin to close it."""


class OpenViews:
    """Counts the open views, and keeps those that leave until they have left.

    Overflow policy: a view beyond :data:`MAX_VIEWS` or :data:`MAX_VIEWS_PER_USER` is refused. Of more than
    :data:`MAX_LEAVING` that leave, the oldest waits no longer for what it has not sent.
    """

    def __init__(self) -> None:
        self._open: dict[OpenSocket, str] = {}
        self._by_user: Counter[str] = Counter()
        self._leaving: dict[asyncio.Future[None], None] = {}  # ordered: the oldest first

    def __len__(self) -> int:
        return len(self._open)

    def add(self, socket: OpenSocket, user_id: str) -> str | None:
        """Note an open view; return why it is refused, or None."""
        if self._by_user[user_id] >= MAX_VIEWS_PER_USER:
            return f"You have {MAX_VIEWS_PER_USER} chats open, the limit; close one."
        if len(self._open) >= MAX_VIEWS:
            return f"This server has {MAX_VIEWS} chats open, the limit."
        self._open[socket] = user_id
        self._by_user[user_id] += 1
        return None

    def remove(self, socket: OpenSocket) -> None:
        """Note that a view's connection has ended."""
        user_id = self._open.pop(socket, None)
        if user_id is not None:
            self._by_user[user_id] -= 1
            self._by_user += Counter()  # drops those without a view

    def leave(self, left: Future[None]) -> None:
        """Keep what is done when a view's session has left."""
        leaving = asyncio.wrap_future(left)
        while len(self._leaving) >= MAX_LEAVING:
            oldest = next(iter(self._leaving))
            del self._leaving[oldest]
            oldest.cancel()
        self._leaving[leaving] = None
        leaving.add_done_callback(self._has_left)

    def _has_left(self, leaving: asyncio.Future[None]) -> None:
        self._leaving.pop(leaving, None)
        from conduit_widget.errors import trace_of  # noqa: PLC0415 - costs a starting server nothing

        if not leaving.cancelled() and (error := leaving.exception()) is not None:
            _logger.error("A view could not leave its conversation: %s", trace_of(error))

    def close_all(self, code: int, reason: str) -> None:
        """Close every view's connection."""
        for socket in list(self._open):
            socket.close(code, reason)
