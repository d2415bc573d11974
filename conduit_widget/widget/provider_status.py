"""``ProviderStatus``: every provider of a hub with its health, live in a cell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec

from conduit_widget.access.hub_access import HubAccess, resolve_access
from conduit_widget.chat_client.changes import NoticeLine
from conduit_widget.chat_client.pool import Lease
from conduit_widget.chat_client.provider_book import ProviderBook
from conduit_widget.kernel.comm_batcher import Comm, CommBatcher, comm_batcher
from conduit_widget.widget.connections import Connections, connections_of
from conduit_widget.widget.encodable import encodable
from conduit_widget.widget.link_watch import LinkWatch
from conduit_widget.widget.live_widget import LiveWidget
from conduit_widget.widget.provider_table import ProviderTable
from conduit_widget.widget.views import Views

INTERVAL: Final = 5.0
"""Seconds between two readings of what providers do not tell by themselves: speed, error rate, limits."""


class ProviderStatus(LiveWidget):
    """State, breaker, latency, errors, limits and models of each provider, and the last failovers.

    Args:
        user: who you are on the local hub (default: ``CONDUIT_USER``, else the OS user).
        hub_url: another hub (default: ``CONDUIT_HUB_URL``, else the local hub, started if need be).
        token: access token for that hub, or a function returning one (default: ``CONDUIT_HUB_TOKEN``).
        layout: an ipywidgets ``Layout`` or a mapping of its traits, as for every widget.

    It uses the connection that the chats of the same hub and identity use. Once its last view has gone it
    asks nothing and holds no connection, until the next view::

        status = ProviderStatus()
        status  # shows the live view; status.providers is the same as a table of text

    Raises:
        FrontEndMissingError: the browser part was not built.
        ConnectionFailedError: ``hub_url`` is not an address.

    """

    _part = "provider-status"
    _noun = "view of the providers"
    _behind: _Board | None = None

    def __init__(
        self,
        *,
        user: str | None = None,
        hub_url: str | None = None,
        token: str | Callable[[], str | None] | None = None,
        layout: Any = None,
    ) -> None:
        access = resolve_access(hub_url=hub_url, token=token, user=user)
        super().__init__(layout=layout)
        self._open(_Board(access, connections_of(self._thread), comm_batcher(self._thread), self.comm))

    @property
    def providers(self) -> ProviderTable:
        """The newest status of each provider; empty until the hub has told."""
        board: _Board = self._live()
        return self._call(board.table)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live view, and the table for where it cannot live."""
        if self._behind is None:
            return None  # closed: the repr is all there is
        self._call(self._behind.views.watched)
        return {**self._view_bundle(), **self.providers._repr_mimebundle_()}, {}

    def __repr__(self) -> str:
        return super().__repr__() if self._behind is None else repr(self.providers)


class _Board:
    """What stands behind the widget: the providers of a connection that is held while somebody looks."""

    def __init__(self, access: HubAccess, connections: Connections, batcher: CommBatcher, comm: Comm) -> None:
        self._channel = batcher.open(comm, self._state, encodable)
        self._link = LinkWatch(access, connections, self._changed, _refresh, INTERVAL)
        self.views = Views(self._channel, self._attended)
        self._book: ProviderBook | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        self._leaving: asyncio.Task[None] | None = None
        self._shown: dict[str, Any] = {}

    def table(self) -> ProviderTable:
        """Return the newest statuses."""
        return ProviderTable(() if self._book is None else self._book.statuses)

    def _state(self) -> dict[str, Any]:
        book = self._book
        return {
            "connection": self._link.info.to_wire(),
            "isKnown": book is not None and bool(book.statuses),
            "providers": [] if book is None else msgspec.to_builtins(book.figures()),
            "failovers": [] if book is None else msgspec.to_builtins(list(book.failovers)),
        }

    def open(self) -> None:
        """Begin to connect."""
        lease = self._link.start()
        if lease is not None:
            self._unsubscribe()
            self._book = lease.providers
            self._unsubscribe = self._book.subscribe(self._told, self._noticed)

    def handle(self, content: object) -> None:
        """Act on a message of a view."""
        match content:
            case {"kind": "retry"}:
                self._link.retry_now()
            case _:
                self.views.handle(content)

    def _told(self, *, is_line_new: bool) -> None:
        self._changed()

    def _noticed(self, notice: NoticeLine) -> None:
        """A failover is among the providers' figures; the other notices are the chats'."""

    def _changed(self) -> None:
        state = self._state()
        if state != self._shown:
            self._shown = state
            if self.views.is_watched:
                self._channel.request_snapshot()

    def _attended(self, is_attended: bool) -> None:
        if is_attended:
            self.open()
        else:
            self._unsubscribe()
            self._unsubscribe = _nothing
            self._leaving = asyncio.get_running_loop().create_task(self._link.close())

    async def close(self) -> None:
        """Send nothing any more, and give the connection back."""
        self.views.close()
        self._unsubscribe()
        await self._link.close()


async def _refresh(lease: Lease) -> None:
    await lease.providers.refresh()


def _nothing() -> None:
    """Unsubscribe what is not subscribed."""
