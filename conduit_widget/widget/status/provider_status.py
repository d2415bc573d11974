"""``ProviderStatus``: every provider of a hub with its health, live in a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.chat_client.pool import Lease
from conduit_widget.chat_client.provider_book import ProviderBook
from conduit_widget.chat_client.state.changes import NoticeLine
from conduit_widget.kernel.comm_batcher import Comm
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.widget.status.connection_widget import ConnectionWatch, ConnectionWidget
from conduit_widget.widget.tables.provider_table import ProviderTable


class _Board(ConnectionWatch):
    """The providers of a connection."""

    interval = 5.0  # seconds; for what providers do not tell by themselves: speed, error rate, limits

    def __init__(self, access: HubAccess, thread: LoopThread, comm: Comm) -> None:
        self._book: ProviderBook | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        super().__init__(access, thread, comm)

    def table(self) -> ProviderTable:
        """Return the newest statuses."""
        return ProviderTable(() if self._book is None else self._book.statuses)

    def state(self) -> dict[str, Any]:
        """Return the providers' figures and last failovers."""
        book = self._book
        return {
            "connection": self.link.info.to_wire(),
            "isKnown": book is not None and bool(book.statuses),
            "providers": [] if book is None else msgspec.to_builtins(book.figures()),
            "failovers": [] if book is None else msgspec.to_builtins(list(book.failovers)),
        }

    def begin(self, lease: Lease) -> None:
        """Follow the connection's providers."""
        self._book = lease.providers
        self._unsubscribe = self._book.subscribe(self._told, self._noticed)

    def end(self) -> None:
        """Follow them no more."""
        self._unsubscribe()

    async def work(self, lease: Lease) -> None:
        """Ask how they are."""
        await lease.providers.refresh()

    def _told(self, *, is_line_new: bool) -> None:
        self.changed()

    def _noticed(self, notice: NoticeLine) -> None:
        """A failover is among the providers' figures; the other notices are the chats'."""


class ProviderStatus(ConnectionWidget):
    """State, breaker, latency, errors, limits and models of each provider, and the last failovers.

    It uses the connection that the chats of the same hub and identity use. Once its last view has gone it
    asks nothing and holds no connection, until the next view::

        status = ProviderStatus()
        status  # shows the live view; status.providers is the same as a table of text
    """

    _part = "provider-status"
    _noun = "view of the providers"
    _watch = _Board

    @property
    def providers(self) -> ProviderTable:
        """The newest status of each provider; empty until the hub has told."""
        board: _Board = self._live()
        return self._call(board.table)

    def _as_text(self) -> dict[str, str]:
        return self.providers._repr_mimebundle_()


def _nothing() -> None:
    """Unsubscribe what is not subscribed."""
