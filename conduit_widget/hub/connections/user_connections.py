"""How many connections each user has open: on this node, and on the others as far as the backplane tells."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from conduit_widget.errors import BackplaneUnavailableError
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.backplane.memory import MemoryBackplane

TABLE: Final = "connections"
READ_TIMEOUT: Final = 1.0


class UserConnections:
    """Counts a user's connections over all living nodes. Two nodes that admit at once may go over by one."""

    def __init__(self, backplane: Backplane | None = None) -> None:
        self._backplane = backplane or MemoryBackplane()
        self._here: Counter[str] = Counter()

    def opened(self, user_id: str) -> None:
        """Count a connection in."""
        self._here[user_id] += 1
        self._tell(user_id)

    def closed(self, user_id: str) -> None:
        """Count a connection out."""
        self._here[user_id] -= 1
        if self._here[user_id] <= 0:
            del self._here[user_id]
        self._tell(user_id)

    def here(self, user_id: str) -> int:
        """Return a user's connections on this node."""
        return self._here[user_id]

    async def elsewhere(self, user_id: str) -> int:
        """Return a user's connections on the other nodes; 0 while the backplane is away."""
        if not self._backplane.connected:
            return 0
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                entries = await self._backplane.entries(TABLE, user_id)
        except (BackplaneUnavailableError, TimeoutError):
            return 0
        return sum(int(count) for count in entries.values() if count.isdigit())

    def _tell(self, user_id: str) -> None:
        count = self._here[user_id]
        self._backplane.put(TABLE, user_id, b"%d" % count if count else None)
