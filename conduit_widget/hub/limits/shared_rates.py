"""Rates of users over all nodes: each node tells the others what was spent at it.

Nobody is asked before a call: a node decides by what it knows, which is late by :data:`TELL_INTERVAL` and the
bus's way. What a user spends too much in that time, at several nodes at once, is a debt at each of them, so
that over a minute the nodes together allow what one alone would.

A message that is lost, and a node that has just started, make a limit laxer, never stricter. While the
backplane is away every node counts for itself; what was spent meanwhile is not told later.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import UNREADABLE
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.limits.user_rates import UserKey, UserRates
from conduit_widget.log_rate import OnceAMinute
from conduit_widget.text.plain_text import is_plain

TELL_INTERVAL: Final = 0.25
MAX_TOLD: Final = 1_000
"""Users in one message: with the longest ids half of what the backplane takes."""

_logger = logging.getLogger(__name__)

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_CHARS)]
_Cost = Annotated[float, msgspec.Meta(gt=0.0, le=1e6)]
_Told = Annotated[list[tuple[_Name, _Name, _Cost]], msgspec.Meta(max_length=MAX_TOLD)]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Told).decode


class SharedRates:
    """Joins the ``rates`` of the hub at ``path`` with those of the same hub at the other nodes.

    The first call is told at once, what follows within ``interval`` seconds together; while nothing is spent
    there is no timer. Overflow policy: a message that is full (``MAX_TOLD`` users) goes at once. The bus
    brings a message once or not at all, and what is heard is not told again: each call counts once.
    """

    def __init__(
        self,
        backplane: Backplane,
        path: str,
        rates: UserRates,
        *,
        interval: float = TELL_INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backplane = backplane
        self._channel = f"user rates {path}"
        self._rates = rates
        self._interval = interval
        self._clock = clock
        self._spent: dict[UserKey, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = -math.inf
        self._once = OnceAMinute(clock)
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        """Listen to the other nodes and tell them; the backplane is started already. Idempotent."""
        if self._unsubscribe is not None:
            return
        self._unsubscribe = self._backplane.subscribe(self._channel, self._heard)
        self._rates.on_spent = self._note
        await self._backplane.subscribed(self._channel)

    async def aclose(self) -> None:
        """Tell what is left, then neither tell nor listen any more. Idempotent."""
        if self._unsubscribe is None:
            return
        self._unsubscribe()
        self._unsubscribe = None
        self._rates.on_spent = None
        if self._spent:
            self._tell()

    def _note(self, key: UserKey, cost: float) -> None:
        """Remember what was spent here until it is told."""
        spent = self._spent
        if key in spent:
            spent[key] += cost
        elif _may_travel(key[1]):
            spent[key] = cost
            if len(spent) >= MAX_TOLD:
                self._tell()
            elif self._timer is None:
                wait = max(0.0, self._told_at + self._interval - self._clock())
                self._timer = asyncio.get_running_loop().call_later(wait, self._tell)

    def _tell(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._told_at = self._clock()
        told, self._spent = [(name, user_id, cost) for (name, user_id), cost in self._spent.items()], {}
        if self._backplane.connected:  # else everybody would be told to read all again once it is back
            self._backplane.publish(self._channel, _encode(told))

    def _heard(self, _sender: str, payload: bytes) -> None:
        now = self._clock()
        try:
            told = _decode(payload)
        except UNREADABLE:
            if self._once.may_tell("unreadable"):
                _logger.warning("What users spent at another node could not be read; is it of this version?")
            return
        for name, user_id, cost in told:
            self._rates.spend((name, user_id), cost, now)


def _may_travel(user_id: str) -> bool:
    """Whether the others could read a message with this id; every token of ours has such a one."""
    return len(user_id) <= MAX_ID_CHARS and is_plain(user_id)
