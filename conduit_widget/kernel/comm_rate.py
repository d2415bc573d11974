"""How many comm messages a second go and come, for all widgets of a kernel.

Every message costs the page of JupyterLab several ms, whoever sends it. So where several answers are written,
text that goes on waits while a second has had :data:`MOST_A_SECOND`: what cannot wait then has room below 35.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

MOST_A_SECOND: Final = 25
MAX_TICKS_HELD: Final = 5
"""For so many ticks in a row: whatever else is said, text goes on."""


class CommRate:
    """Counts messages, both ways.

    Args:
        now: the time in seconds.

    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last: deque[float] = deque(maxlen=MOST_A_SECOND)
        self._held = 0

    def count(self) -> None:
        """Note that a message goes or has come."""
        self._last.append(self._now())

    def is_held(self) -> bool:
        """Return whether what can wait waits for the next tick; asked once a tick."""
        is_full = len(self._last) == MOST_A_SECOND and self._last[0] > self._now() - 1
        self._held = self._held + 1 if is_full and self._held < MAX_TICKS_HELD else 0
        return self._held > 0
