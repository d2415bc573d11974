"""Events of one log in order, whatever order they come in: no I/O, no clock.

Several nodes write a log and tell each other; what they tell comes late, twice, out of order or not at all.
The gate lets an event pass when all before it have, drops repeats, and knows when something is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conduit_widget.types import LogEvent

MAX_HELD: Final = 1024


class EventGate:
    """Lets events pass by ``seq``, each once, without a hole; ``position`` is that of the last to pass.

    At most ``max_held`` early ones are held back; overflow policy: the furthest ahead is dropped (it is
    missing then, and read again from the store).
    """

    __slots__ = ("_held", "_max_held", "newest", "position")

    def __init__(self, position: int, *, max_held: int = MAX_HELD) -> None:
        self.position = position
        self.newest = position
        self._max_held = max_held
        self._held: dict[int, LogEvent] = {}

    @property
    def is_behind(self) -> bool:
        """Whether an event is known to exist that cannot pass yet."""
        return self.newest > self.position

    def expect(self, seq: int) -> None:
        """Note that events up to ``seq`` exist."""
        self.newest = max(self.newest, seq)

    def offer(self, events: Iterable[LogEvent]) -> list[LogEvent]:
        """Take events in any order; return those that may pass now, in order."""
        passed: list[LogEvent] = []
        for event in events:
            self.expect(event.seq)
            if event.seq == self.position + 1:
                self._pass(event, passed)
            elif event.seq > self.position:
                self._hold(event)
        return passed

    def _pass(self, event: LogEvent | None, passed: list[LogEvent]) -> None:
        while event is not None:
            passed.append(event)
            self.position = event.seq
            event = self._held.pop(event.seq + 1, None) if self._held else None

    def _hold(self, event: LogEvent) -> None:
        self._held.setdefault(event.seq, event)
        if len(self._held) > self._max_held:
            del self._held[max(self._held)]
