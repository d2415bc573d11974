"""How often, and after how long, a message goes again that the hub could not take."""

from __future__ import annotations

import asyncio
from typing import Final

from conduit_widget.back_off import BackOff
from conduit_widget.chat_client.pacing import LONGEST_REST, is_rate_refusal
from conduit_widget.contract import ErrorText
from conduit_widget.errors import ConduitError

MAX_SEND_RETRIES: Final = 4
MAX_OUTAGE_RETRIES: Final = 14  # a minute, or more: the hub's store is away and will be back
_STORE_AWAY: Final = (ErrorText.TIMED_OUT, ErrorText.DISK_FULL)


class Retries:
    """Waits between attempts, ever longer; ``delay`` are the seconds before the first retry."""

    def __init__(self, delay: float) -> None:
        self._refused = BackOff(delay, LONGEST_REST)
        self._outage = BackOff(delay, longest=delay * 5)

    async def waited(self, error: ConduitError) -> bool:
        """Wait before a refused message goes again, while that may help; it is stored only once."""
        if str(error).startswith(_STORE_AWAY):
            back_off, retries = self._outage, MAX_OUTAGE_RETRIES
        else:
            back_off, retries = self._refused, MAX_SEND_RETRIES if is_rate_refusal(error) else 0
        if back_off.failures < retries:
            await asyncio.sleep(back_off.next_delay())
            return True
        back_off.reset()
        return False

    def went_well(self) -> None:
        """Begin anew: the hub took something."""
        self._refused.reset()
        self._outage.reset()
