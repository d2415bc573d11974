"""What the hub tells of its providers on one connection: their states, their speed, its notices."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.state.changes import NoticeLine, ProviderFigures, ProviderInfo
from conduit_widget.chat_client.state.notice_lines import NOTICE_READERS
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import ChatEvent
from conduit_widget.errors import HubException
from conduit_widget.listeners import add_listener
from conduit_widget.types import ProviderState, ProviderStatus

MAX_LATENCIES: Final = 60
"""The newest times to the first token kept of each provider: five minutes at a reading each 5 s."""

MAX_FAILOVERS: Final = 8
MAX_PROVIDERS: Final = 100
_SAME_READING: Final = 1.0
"""Seconds in which the same figure again is the same reading: a hub answers with a list and with events."""

_RANK: Final[dict[ProviderState, int]] = {
    "healthy": 0,
    "degraded": 1,
    "unknown": 2,
    "rate_limited": 3,
    "down": 4,
    "disabled": 5,
}

_logger = logging.getLogger(__name__)


class StatusHandler(Protocol):
    """Called when something about the providers changed."""

    def __call__(self, *, is_line_new: bool) -> None:
        """``is_line_new``: another provider would answer, or it is in another state."""


NoticeHandler = Callable[[NoticeLine], None]


class ProviderBook:
    """The providers as all conversations and widgets on one connection see them.

    ::

        book = ProviderBook(connection)
        await book.refresh()
        print([figures.status.state for figures in book.figures()])

    ``current`` is the provider that would answer; ties go to the one the hub named first. ``failovers`` are
    the newest ones, newest first. Bounded: :data:`MAX_LATENCIES`, :data:`MAX_FAILOVERS`,
    :data:`MAX_PROVIDERS`; the provider told of last is left out.
    """

    def __init__(self, connection: HubConnection) -> None:
        self.current: ProviderInfo | None = None
        self.failovers: deque[NoticeLine] = deque(maxlen=MAX_FAILOVERS)
        self.is_known = False
        self._hub = ChatHubClient(connection)
        self._statuses: dict[str, ProviderStatus] = {}
        self._latencies: dict[str, deque[float]] = {}
        self._read_at: dict[str, float] = {}
        self._on_status: list[StatusHandler] = []
        self._on_notice: list[NoticeHandler] = []
        self._told: tuple[list[ProviderFigures], list[NoticeLine]] = ([], [])
        self._removers = [
            connection.on(ChatEvent.PROVIDER_STATUS_UPDATE, self._status_told),
            connection.on_reconnected(self._reconnected),
            *(connection.on(event, partial(self._notice_told, event)) for event in NOTICE_READERS),
        ]

    @property
    def statuses(self) -> list[ProviderStatus]:
        """The newest status of each provider, in the hub's order."""
        return list(self._statuses.values())

    def figures(self) -> list[ProviderFigures]:
        """Return what a view shows of each provider."""
        return [
            ProviderFigures(status=status, latencies=list(self._latencies.get(name, ())))
            for name, status in self._statuses.items()
        ]

    def subscribe(self, on_status: StatusHandler, on_notice: NoticeHandler) -> Callable[[], None]:
        """Call the handlers for changes and for notices from now on; returns the unsubscriber."""
        removers = (add_listener(self._on_status, on_status), add_listener(self._on_notice, on_notice))

        def unsubscribe() -> None:
            for remove in removers:
                remove()

        return unsubscribe

    async def refresh(self) -> None:
        """Ask the hub how its providers are.

        Raises:
            ConduitError: the hub refused, is out of reach, or its answer is not what the contract says.

        """
        try:
            statuses = await self._hub.request_provider_status()
        except msgspec.ValidationError:
            raise HubException("The hub's answer about its providers was not understood.") from None
        self.is_known = True
        before = self._statuses
        self._statuses = {}
        for status in statuses:
            self._take_in(status)
        for gone in before.keys() - self._statuses.keys():
            self._latencies.pop(gone, None)
            self._read_at.pop(gone, None)
        self._tell()

    def close(self) -> None:
        """Stop listening to the connection."""
        for remove in self._removers:
            remove()

    def _status_told(self, *arguments: Any) -> None:
        try:
            status = msgspec.convert(arguments[-1], ProviderStatus)
        except Exception as error:  # noqa: BLE001 - whatever an event holds, it is one of many
            _logger.warning("A provider's status was not understood: %s", type(error).__name__)
            return
        self._take_in(status)
        self._tell()

    def _take_in(self, status: ProviderStatus) -> None:
        name = status.provider
        if name not in self._statuses and len(self._statuses) >= MAX_PROVIDERS:
            return
        self._statuses[name] = status
        latency = status.latency.ttft_p50
        if latency is None:
            return
        series = self._latencies.setdefault(name, deque(maxlen=MAX_LATENCIES))
        now = time.monotonic()
        if series and series[-1] == latency and now - self._read_at.get(name, 0.0) < _SAME_READING:
            return
        self._read_at[name] = now
        series.append(latency)

    def _tell(self) -> None:
        """Tell the handlers, unless there is nothing new."""
        shown = (self.figures(), list(self.failovers))
        if shown == self._told:
            return
        self._told = shown
        before, self.current = self.current, self._line()
        for handler in list(self._on_status):
            handler(is_line_new=self.current != before)

    def _line(self) -> ProviderInfo | None:
        if not self._statuses:
            return None
        best = min(self._statuses.values(), key=lambda status: _RANK[status.state])
        model = best.models[0] if best.models else ""
        return ProviderInfo(provider=best.provider, model=model, state=best.state, reason=best.reason)

    def _notice_told(self, event: str, *arguments: Any) -> None:
        notice = _read_notice(event, arguments)
        if notice is None:
            return
        if notice.kind == "failover":
            self.failovers.appendleft(notice)
            self._tell()
        for handler in list(self._on_notice):
            handler(notice)

    def _reconnected(self, _connection_id: str | None) -> None:
        """The hub may be another now: what it said of its providers is asked for again."""
        self.is_known = False


def _read_notice(event: str, arguments: Sequence[Any]) -> NoticeLine | None:
    try:
        return NOTICE_READERS[event](arguments[0])
    except Exception as error:  # noqa: BLE001 - whatever an event holds, it is one of many
        _logger.warning("A notice %s was not understood: %s", event, type(error).__name__)
        return None
