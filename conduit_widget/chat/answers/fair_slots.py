"""A bounded number of slots, shared fairly: a user who asks for many delays only their own requests."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable

SetAside = Callable[[], contextlib.AbstractAsyncContextManager[None]]
"""``async with set_aside():`` leaves a slot to others meanwhile, and waits for one again at its end.

Not when the one who holds it is cancelled: then nothing needs it any more.
"""


class FairSlots:
    """At most ``total`` slots are held at a time, ``per_user`` of them by one user.

    A slot that comes free goes to the user who has the fewest, of several to the one served longest ago; a
    user's own requests take their turns in order.
    """

    def __init__(self, total: int, per_user: int) -> None:
        self._free = total
        self._per_user = per_user
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._served: dict[str, int] = {}  # of those who wait or have a slot
        self._turns = itertools.count(1)

    def is_free(self, user_id: str) -> bool:
        """Whether the user would get a slot at once."""
        return self._free > 0 and self._held[user_id] < self._per_user

    @contextlib.asynccontextmanager
    async def slot(self, user_id: str) -> AsyncIterator[SetAside]:
        """Wait for a slot and hold it, but while it is set aside: ``async with set_aside(): …``."""
        slot = _Slot(self, user_id)
        await slot.take()
        try:
            yield slot.set_aside
        finally:
            slot.end()

    async def _acquire(self, user_id: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append(turn)
        self._share_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(user_id, turn)
            else:  # it was given in the very moment in which nobody wanted it any more
                self._release(user_id)
            raise

    def _release(self, user_id: str) -> None:
        self._free += 1
        self._held[user_id] -= 1
        self._tidy(user_id)
        self._share_out()

    def _share_out(self) -> None:
        while self._free > 0:
            able = [user_id for user_id in self._waiting if self._held[user_id] < self._per_user]
            if not able:
                return
            user_id = min(able, key=lambda id_: (self._held[id_], self._served.get(id_, 0)))
            turn = self._waiting[user_id][0]
            self._forget(user_id, turn)
            if not turn.done():
                self._free -= 1
                self._held[user_id] += 1
                self._served[user_id] = next(self._turns)
                turn.set_result(None)

    def _forget(self, user_id: str, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(user_id)
        if waiting is not None and turn in waiting:
            waiting.remove(turn)
        self._tidy(user_id)

    def _tidy(self, user_id: str) -> None:
        """Forget a user who neither waits nor holds a slot."""
        if not self._waiting.get(user_id):
            self._waiting.pop(user_id, None)
            if not self._held[user_id]:
                del self._held[user_id]
                self._served.pop(user_id, None)


class _Slot:
    """One user's hold of a slot."""

    def __init__(self, slots: FairSlots, user_id: str) -> None:
        self._slots = slots
        self._user_id = user_id
        self._is_held = False
        self._is_over = False

    async def take(self) -> None:
        await self._slots._acquire(self._user_id)
        self._is_held = True
        if self._is_over:  # nobody waits for the end of who set it aside
            self.leave()

    def leave(self) -> None:
        if self._is_held:
            self._is_held = False
            self._slots._release(self._user_id)

    def end(self) -> None:
        self._is_over = True
        self.leave()

    @contextlib.asynccontextmanager
    async def set_aside(self) -> AsyncIterator[None]:
        self.leave()
        try:
            yield
        except Exception:
            await self.take()  # whoever handles it goes on
            raise
        await self.take()
