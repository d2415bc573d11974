"""Values that are kept for a while in this process: what an engine with expiring keys is to several."""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Final

MOST_VALUES: Final = 1000
"""In each table."""


class KeptValues:
    """Overflow policy: of as many as a table may have, the one kept first goes. ``clock`` is in seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tables: defaultdict[str, OrderedDict[str, tuple[float, bytes]]] = defaultdict(OrderedDict)

    def keep(self, table: str, key: str, value: bytes, seconds: float) -> None:
        """Keep a value, in the place of the one before."""
        values = self._tables[table]
        values.pop(key, None)
        while len(values) >= MOST_VALUES:
            values.popitem(last=False)
        values[key] = (self._clock() + seconds, value)

    def kept(self, table: str, key: str, *, take: bool = False) -> bytes | None:
        """Return a value that has not ended; with ``take`` it is gone."""
        values = self._tables[table]
        ends_at, value = values.get(key, (0.0, b""))
        if take or ends_at <= self._clock():
            values.pop(key, None)
        return value if ends_at > self._clock() else None
