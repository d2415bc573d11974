"""The answers that nobody waits for any more: each is stopped, once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

MOST_REMEMBERED: Final = 64


class UnwantedAnswers:
    """Whoever gave a question up learns its answer's id twice: from the hub's receipt, and from its events.

    Overflow policy of what is remembered: the oldest goes; its answer would be stopped a second time.
    """

    def __init__(self, stop: Callable[[str], Awaitable[object]]) -> None:
        self._stop = stop
        self._stopped: OrderedDict[str, None] = OrderedDict()

    async def stop(self, answer_id: str) -> None:
        """End an answer, unless that was asked of the hub before; one that was not heard is asked again."""
        if answer_id in self._stopped:
            return
        self._stopped[answer_id] = None
        while len(self._stopped) > MOST_REMEMBERED:
            self._stopped.popitem(last=False)
        try:
            await self._stop(answer_id)
        except BaseException:
            self._stopped.pop(answer_id, None)
            raise
