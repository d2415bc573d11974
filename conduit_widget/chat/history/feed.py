"""A live conversation's committed events, sent in order; what is missing is fetched."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

from conduit_widget.chat.history.gate import EventGate
from conduit_widget.errors import StoreUnavailableError, trace_of
from conduit_widget.types import LogEvent

Refill = Callable[[int], Awaitable[list[LogEvent] | None]]
"""``refill(position)`` returns events after a position; None when the log cannot be continued from there."""

_logger = logging.getLogger(__name__)

LONGEST_WAIT: Final = 1.0


class EventFeed:
    """Every event of the log from ``position`` on goes to ``deliver``, in order, each once.

    A hole (another node's event, or one of whose commit this node was not told) is filled by ``refill`` after
    ``gap_delay`` seconds, in which the missing event usually comes by itself. ``on_lost`` is called once when
    the log cannot be continued; nothing is delivered after that. A delivery that fails is logged, and counts.
    """

    def __init__(
        self,
        position: int,
        deliver: Callable[[LogEvent], None],
        *,
        refill: Refill | None = None,
        gap_delay: float = 0.05,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._gate = EventGate(position)
        self._deliver = deliver
        self._refill = refill
        self._gap_delay = gap_delay
        self._on_lost = on_lost
        self._buffers: dict[int, list[LogEvent]] = {}
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._filling: asyncio.Task[None] | None = None
        self._lost = False

    @property
    def position(self) -> int:
        """The ``seq`` of the last event delivered."""
        return self._gate.position

    def accept(self, events: Iterable[LogEvent]) -> None:
        """Accept events in whatever order they come, and deliver those whose turn has come."""
        if self._lost:
            return
        passed = self._gate.offer(events)
        for event in passed:
            for buffer in self._buffers.values():
                buffer.append(event)
            try:
                self._deliver(event)
            except Exception as error:  # noqa: BLE001 - its turn is over; those after it, and who waits, go on
                _logger.error("An event could not be sent: %s", trace_of(error))  # noqa: TRY400  # noqa: TRY400
        if passed:
            self._wake()
        self._fill()

    def expect(self, seq: int) -> None:
        """Note that events up to ``seq`` are committed; what does not come is fetched."""
        self._gate.expect(seq)
        self._fill()

    async def passed(self, seq: int) -> None:
        """Wait until the events up to ``seq``, committed already, have been delivered.

        Raises:
            StoreUnavailableError: they cannot be had.

        """
        if self._lost:
            raise StoreUnavailableError
        self.expect(seq)
        if self.position < seq:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append((seq, waiter))
            await waiter

    async def next(self) -> None:
        """Wait for the next event; raises like :meth:`passed`."""
        if self._lost:
            raise StoreUnavailableError
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append((self.position + 1, waiter))
        await waiter

    @contextlib.contextmanager
    def buffered(self) -> Iterator[list[LogEvent]]:
        """Keep what is delivered meanwhile, in a list."""
        buffer: list[LogEvent] = []
        self._buffers[id(buffer)] = buffer
        try:
            yield buffer
        finally:
            del self._buffers[id(buffer)]

    def close(self) -> None:
        """Fetch and deliver nothing more; who waits is told to try again."""
        self._lost = True
        if self._filling is not None:
            self._filling.cancel()
        self._fail_waiting()

    def lose(self) -> None:
        """The log cannot be continued: :meth:`close`, and tell the owner. Once."""
        if not self._lost:
            self.close()
            self._on_lost()

    def _fail_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for _, waiter in waiting:
            if not waiter.done():
                waiter.set_exception(StoreUnavailableError())

    def _wake(self) -> None:
        if not self._waiting:
            return
        still_waiting = []
        for seq, waiter in self._waiting:
            if seq > self.position and not waiter.done():
                still_waiting.append((seq, waiter))
            elif not waiter.done():
                waiter.set_result(None)
        self._waiting = still_waiting

    def _fill(self) -> None:
        if self._refill is None or self._lost or not self._gate.is_behind:
            return
        if self._filling is None or self._filling.done():
            self._filling = asyncio.create_task(self._fill_holes(self._refill), name="event-refill")

    async def _fill_holes(self, refill: Refill) -> None:
        wait = self._gap_delay
        while True:
            await asyncio.sleep(wait)
            if not self._gate.is_behind:
                return
            before = self.position
            try:
                events = await refill(before)
            except StoreUnavailableError:
                events = []
            if events is None and self.position == before:
                self._filling = None
                self.lose()
                return
            self.accept(events or ())
            wait = self._gap_delay if self.position > before else min(wait * 2, LONGEST_WAIT)
