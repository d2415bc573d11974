"""The live nodes, from the heartbeats in the engine; doubtful after the engine itself was away."""

from __future__ import annotations

from typing import Final

BEAT_INTERVAL: Final = 2.0
_CLOCK_JUMP: Final = 1.0


class LivingNodes:
    """The other nodes. Nobody is declared dead because the engine, its clock or this node stood still.

    After such a moment (a late look, an own heartbeat that had run out, an engine clock that jumped) whoever
    was known stays for two more intervals: they all come back to the engine within one.
    """

    def __init__(self, node_id: str) -> None:
        self.others: frozenset[str] = frozenset()
        self._node_id = node_id
        self._looked_at: float | None = None
        self._engine_time = 0.0
        self._doubtful_until = 0.0

    def look(self, seen: frozenset[str], *, engine_time: float, now: float, expired: bool) -> frozenset[str]:
        """Take what the engine says at ``now`` (monotonic seconds) and return the other living nodes."""
        if self._looked_at is not None:
            elapsed = now - self._looked_at
            jump = abs(engine_time - self._engine_time - elapsed)
            if expired or elapsed > 2 * BEAT_INTERVAL or jump > _CLOCK_JUMP:
                self._doubtful_until = now + 2 * BEAT_INTERVAL
        self._looked_at, self._engine_time = now, engine_time
        seen -= {self._node_id}
        self.others = self.others | seen if now < self._doubtful_until else seen
        return self.others
