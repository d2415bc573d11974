"""The last clock of an answer: from the arrival of its first text in the kernel until a view has drawn it."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from typing import Final, NamedTuple

from conduit_widget.chat_client.state.changes import TokenChange

MAX_OPEN: Final = 200
"""Answers whose first picture is waited for; nobody may look at the oldest of them."""

SAMPLES: Final = 150


class _Arrival(NamedTuple):
    monotonic: float
    epoch_ms: float


class FirstPaints:
    """Times the first picture of each answer on one connection, in ms.

    A view says at which moment it drew, by its own clock, and how long the text had been with it by then. The
    kernel knows when the text arrived and when the report came. Where the two clocks differ, the figure
    is held between what certainly passed in the view and what certainly passed in the kernel::

        paints.arrived(change)
        paints.painted("the answer's id", at=1760000000123, held=16)
        print(paints.newest)

    Bounded: :data:`MAX_OPEN` answers, :data:`SAMPLES` figures.
    """

    def __init__(self) -> None:
        self.samples: deque[float] = deque(maxlen=SAMPLES)
        self._arrivals: OrderedDict[str, _Arrival] = OrderedDict()
        self._by_answer: OrderedDict[str, float] = OrderedDict()

    @property
    def newest(self) -> float | None:
        """The newest figure; None before the first."""
        return self.samples[-1] if self.samples else None

    def of(self, message_id: str) -> float | None:
        """Return the figure of an answer; None where no view has told one."""
        return self._by_answer.get(message_id)

    def arrived(self, change: TokenChange) -> None:
        """Note the first text of an answer; reasoning is none."""
        if change.kind is None and not change.offset and change.text:
            self._arrivals[change.id] = _Arrival(time.monotonic(), time.time() * 1000)
            if len(self._arrivals) > MAX_OPEN:
                self._arrivals.popitem(last=False)

    def painted(self, message_id: str, at: float, held: float) -> None:
        """Take in a view's report, the first of each answer: ``at`` is epoch ms, ``held`` ms."""
        arrival = self._arrivals.pop(message_id, None)
        if arrival is None:
            return
        passed = (time.monotonic() - arrival.monotonic) * 1000
        figure = round(min(max(at - arrival.epoch_ms, held, 0.0), passed), 1)
        self.samples.append(figure)
        self._by_answer[message_id] = figure
        if len(self._by_answer) > SAMPLES:
            self._by_answer.popitem(last=False)
