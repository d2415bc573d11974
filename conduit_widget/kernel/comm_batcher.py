"""At most one comm message per widget and tick, numbered, so that no layer below drops one.

Jupyter Server drops comm messages beyond 1,000 a second without telling anybody, and a comm send costs up to
370 µs. One :class:`CommBatcher` serves all widgets of a kernel: the first op leaves at once, later ones wait
for the next tick (:data:`~conduit_widget.contract.COMM_INTERVAL` s); a tick serves at most
:data:`CHANNELS_PER_TICK` widgets, the others keep their turn. Everything here runs on the loop thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from conduit_widget.contract import COMM_INTERVAL
from conduit_widget.errors import trace_of

_log = logging.getLogger(__name__)

Op = dict[str, Any]
Message = dict[str, Any]
Send = Callable[[Message], None]
Reduce = Callable[[Message], Message]
CallLater = Callable[[float, Callable[[], None]], asyncio.TimerHandle]

UNENCODABLE: Final = (TypeError, ValueError, RecursionError, OverflowError)
"""What writing a value as JSON may raise: of no known kind, no finite number, no Unicode text, too deep."""

CHANNELS_PER_TICK: Final = 16
MAX_PENDING_OPS: Final = 256
MAX_PENDING_CHARS: Final = 256 * 1024


class CommChannel:
    """One widget's way to its views. ``n`` numbers the ops messages without a gap.

    Overflow policy: more than :data:`MAX_PENDING_OPS` ops or :data:`MAX_PENDING_CHARS` characters waiting are
    replaced by one snapshot. A message that cannot be encoded is sent again as ``reduce`` returns it, so that
    one value nobody can write does not take the rest from the view.
    """

    def __init__(
        self, batcher: CommBatcher, send: Send, snapshot: Callable[[], dict[str, Any]], reduce: Reduce
    ) -> None:
        self.n = 0
        self.closed = False
        self._batcher = batcher
        self._send = send
        self._snapshot = snapshot
        self._reduce = reduce
        self._has_failed = False
        self._ops: list[Op] = []
        self._chars = 0
        self._wants_snapshot = False

    @property
    def is_dirty(self) -> bool:
        """Whether something waits for the next tick."""
        return self._wants_snapshot or bool(self._ops)

    def push(self, op: Op) -> None:
        """Queue one op; consecutive token ops of a message become one."""
        if self.closed or self._wants_snapshot:
            return  # the snapshot is taken later and will contain it
        size = len(op.get("text", ""))
        if not self._merge(op):
            self._ops.append(op)
        self._chars += size
        if len(self._ops) > MAX_PENDING_OPS or self._chars > MAX_PENDING_CHARS:
            self.request_snapshot()
        else:
            self._batcher.mark(self)

    def _merge(self, op: Op) -> bool:
        last = self._ops[-1] if self._ops else None
        if last is None or op["op"] != "token" or last["op"] != "token" or last["id"] != op["id"]:
            return False
        if last["offset"] + len(last["text"]) != op["offset"]:
            return False
        last["text"] += op["text"]
        if op.get("metrics") is not None:
            last["metrics"] = op["metrics"]
        return True

    def request_snapshot(self) -> None:
        """Send the whole state at the next tick instead of what waits."""
        if self.closed:
            return
        self._ops.clear()
        self._chars = 0
        self._wants_snapshot = True
        self._batcher.mark(self)

    def reply(self, message: dict[str, Any]) -> None:
        """Send an answer to a request at once; answers are not numbered."""
        if not self.closed:
            self._deliver(message)

    def flush(self) -> None:
        """Send what waits as one message."""
        if self.closed:
            return
        if self._wants_snapshot:
            self._wants_snapshot = False
            self._deliver({"kind": "snapshot", "n": self.n, "state": self._snapshot()})
        elif self._ops:
            ops, self._ops, self._chars = self._ops, [], 0
            self.n += 1
            self._deliver({"kind": "ops", "n": self.n, "ops": ops})

    def _deliver(self, message: Message) -> None:
        try:
            try:
                self._send(message)
            except UNENCODABLE:
                self._send(self._reduce(message))
        except Exception as error:  # noqa: BLE001 - the kernel's sockets may be going down; the view asks again
            # The first failure has its cause in the log; a comm that stays broken does not fill it.
            level = logging.DEBUG if self._has_failed else logging.WARNING
            _log.log(level, "A comm message could not be sent: %s", trace_of(error))
            self._has_failed = True
        else:
            self._has_failed = False

    def close(self) -> None:
        """Send nothing any more and let go of everything."""
        self.closed = True
        self._ops.clear()
        self._batcher.forget(self)


class CommBatcher:
    """The ticking shared by all channels of a kernel.

    Args:
        call_later: the loop's ``call_later``.
        interval: seconds between ticks.

    """

    def __init__(self, call_later: CallLater, interval: float = COMM_INTERVAL) -> None:
        self._call_later = call_later
        self._interval = interval
        self._dirty: dict[CommChannel, None] = {}  # ordered: first come, first served
        self._timer: asyncio.TimerHandle | None = None

    def open(
        self, send: Send, snapshot: Callable[[], dict[str, Any]], reduce: Reduce = lambda message: message
    ) -> CommChannel:
        """Open a channel.

        Args:
            send: hands a message to the comm.
            snapshot: returns the whole state, called when one is due.
            reduce: returns a message without what cannot be encoded, called after ``send`` failed on it.

        """
        return CommChannel(self, send, snapshot, reduce)

    def mark(self, channel: CommChannel) -> None:
        """Serve the channel now when idle, else at the next tick."""
        self._dirty[channel] = None
        if self._timer is None:
            self._tick()

    def forget(self, channel: CommChannel) -> None:
        """Take a closed channel off the list."""
        self._dirty.pop(channel, None)

    def _tick(self) -> None:
        self._timer = None
        if not self._dirty:
            return
        # The timer is set first, so that an op pushed while sending waits for the next tick.
        self._timer = self._call_later(self._interval, self._tick)
        for channel in list(self._dirty)[:CHANNELS_PER_TICK]:
            del self._dirty[channel]
            channel.flush()

    def close(self) -> None:
        """Stop ticking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._dirty.clear()
