"""What waits in a conversation, here and in the durable queue, and who waits for what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from conduit_widget.chat_client.offline.outbox import Outbox
from conduit_widget.chat_client.sending.outgoing import Outgoing
from conduit_widget.errors import ConduitError
from conduit_widget.types import SendReceipt

Waiter = asyncio.Future[SendReceipt | None]


class Waiting:
    """What the parts of a :class:`.sender.Sender` share.

    ``queue`` is what this process has, ``outbox`` keeps on disk what cannot be sent (None: nothing does), and
    ``own`` are the ids there that came from this process. ``stirred`` is set when something may have changed.
    """

    def __init__(self, outbox: Outbox | None) -> None:
        self.outbox = outbox
        self.queue = Outgoing()
        self.own: set[str] = set()
        self.stirred = asyncio.Event()
        self._emptied = asyncio.Event()
        self._acts: dict[str, list[Waiter]] = {}

    @property
    def unsent(self) -> int:
        """How many messages and changes wait for the hub; what it refused does not."""
        return self.queue.unsent + (0 if self.outbox is None else self.outbox.waiting)

    @property
    def own_kept(self) -> set[str]:
        """What came from this process and waits in the durable queue."""
        if self.outbox is None:
            return set()
        return self.own & {each.id for each in self.outbox.shown if each.state == "waiting"}

    @property
    def owed(self) -> int:
        """How many things that came from this process wait; what others left can wait for others."""
        return self.queue.unsent + len(self.own_kept)

    @property
    def ids(self) -> set[str]:
        """The ids in the durable queue whose end somebody here waits for."""
        return {*(entry.message.id for entry in self.queue.durable), *self._acts}

    def stir(self) -> None:
        """Have everybody look again: something may have changed."""
        self.stirred.set()
        if not self.owed:
            self._emptied.set()

    async def flush(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until nothing waits for the hub; return whether that was reached."""
        deadline = asyncio.get_running_loop().time() + timeout
        while self.owed and (left := deadline - asyncio.get_running_loop().time()) > 0:
            self._emptied.clear()
            try:
                await asyncio.wait_for(self._emptied.wait(), left)
            except TimeoutError:
                break
        return not self.owed

    def end_of(self, entry_id: str) -> Waiter:
        """Return a future that ends with what becomes of a change in the durable queue."""
        done: Waiter = asyncio.get_running_loop().create_future()
        self._acts.setdefault(entry_id, []).append(done)
        return done

    def tell(self, entry_id: str, outcome: SendReceipt | ConduitError | None) -> None:
        """Tell those who wait for an entry of the durable queue what became of it."""
        entry = self.queue.find(entry_id)
        if entry is not None and entry.is_durable:
            self.queue.settle(entry, outcome or SendReceipt(id=entry_id, seq=0, timestamp=""))
        self._settle_acts([entry_id], outcome)

    def fail_all(self, error: ConduitError) -> None:
        """Fail all who wait; what is kept stays queued."""
        for entry in self.queue.durable:
            self.queue.settle(entry, error)
        self.queue.fail_all(error)
        self._settle_acts(list(self._acts), error)
        self.stir()

    def _settle_acts(self, ids: Iterable[str], outcome: SendReceipt | ConduitError | None) -> None:
        for entry_id in ids:
            for waiter in self._acts.pop(entry_id, ()):
                if waiter.done():
                    continue
                if isinstance(outcome, ConduitError):
                    waiter.set_exception(outcome)
                else:
                    waiter.set_result(outcome)
