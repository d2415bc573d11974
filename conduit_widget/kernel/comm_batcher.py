"""At most one comm message per widget and tick, numbered, so that no layer below drops one.

Jupyter Server drops comm messages beyond 1,000 a second without telling anybody, and a comm send costs up to
370 µs. One :class:`CommBatcher` serves all widgets of a kernel: the first op leaves at once, later ones wait
for the next tick (:data:`~conduit_widget.contract.COMM_INTERVAL` s); a tick serves at most
:data:`CHANNELS_PER_TICK` widgets, the others keep their turn. While answers are written, it serves one: ten
of them send no more messages than one does, each in larger pieces, and text that goes on gives way to what
else is said (:class:`~conduit_widget.kernel.comm_rate.CommRate`). Everything here runs on the loop thread,
except that a channel is opened on the thread whose cell makes the widget.

    channel = comm_batcher(loop_thread()).open(widget.comm, lambda: {"text": text})
    channel.push({"op": "token", "id": "1", "offset": 0, "text": "Hi"})
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from conduit_widget.contract import COMM_INTERVAL
from conduit_widget.errors import trace_of
from conduit_widget.kernel.comm_rate import CommRate
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.kernel.subshell import keep_on_chosen_shell
from conduit_widget.kernel.token_lines import Short, TokenLines

_logger = logging.getLogger(__name__)

Op = dict[str, Any]
Message = dict[str, Any] | Short
Snapshot = Callable[[], dict[str, Any]]
Reduce = Callable[[Any], Any]
CallLater = Callable[[float, Callable[[], None]], asyncio.TimerHandle]

UNENCODABLE: Final = (TypeError, ValueError, RecursionError, OverflowError)
"""What writing a value as JSON may raise: of no known kind, no finite number, no Unicode text, too deep."""

CHANNELS_PER_TICK: Final = 16
MAX_TICKS_OUT_OF_SIGHT: Final = 30
"""For so many a widget that is out of sight waits for those in sight: a second."""
MAX_PENDING_OPS: Final = 256
MAX_PENDING_CHARS: Final = 256 * 1024


class Comm(Protocol):
    """The part of a Jupyter comm that is used here."""

    def send(self, data: dict[str, Any], *, buffers: list[bytes] | None = None) -> None:
        """Send a message to the front end, with binary parts if there are any."""


class CommChannel:
    """One widget's way to its views. ``n`` numbers the ops messages without a gap.

    ``in_sight`` is whether a view of it may be in sight: where many wait, those go first.

    Messages leave in the context of the cell that opened the channel: ipykernel 7.0 needs a cell for sending.

    Overflow policy: more than :data:`MAX_PENDING_OPS` ops or :data:`MAX_PENDING_CHARS` characters waiting are
    replaced by one snapshot. A message that cannot be encoded is sent again as ``reduce`` returns it, so that
    one value nobody can write does not take the rest from the view.
    """

    def __init__(
        self, batcher: CommBatcher, comm: Comm, snapshot: Snapshot, reduce: Reduce, kind: str = "snapshot"
    ) -> None:
        self.n = 0
        self.closed = False
        self.in_sight = True
        self.waits = 0
        self._batcher = batcher
        self._comm = comm
        self._context = contextvars.copy_context()
        self._snapshot = snapshot
        self._kind = kind
        self._reduce = reduce
        self._has_failed = False
        self._ops: list[Op] = []
        self._lines = TokenLines()
        self._chars = 0
        self._wants_snapshot = False

    def push(self, op: Op) -> None:
        """Queue one op; consecutive token ops of a message become one."""
        if self.closed or self._wants_snapshot:
            return  # the snapshot is taken later and will contain it
        if not (self._ops and _continues(self._ops[-1], op)):
            self._ops.append(op)
        else:
            last = self._ops[-1]
            last["text"] += op["text"]
            if op.get("metrics") is not None:
                last["metrics"] = op["metrics"]
        self._chars += len(op.get("text", ""))
        if len(self._ops) > MAX_PENDING_OPS or self._chars > MAX_PENDING_CHARS:
            self.request_snapshot()
        else:
            self._batcher.mark(self)

    def request_snapshot(self) -> None:
        """Send the whole state at the next tick instead of what waits."""
        if self.closed:
            return
        self._ops.clear()
        self._chars = 0
        self._wants_snapshot = True
        self._batcher.mark(self)

    @property
    def is_writing(self) -> bool:
        """Whether text of an answer waits."""
        return any(op["op"] == "token" for op in self._ops)

    @property
    def begins(self) -> bool:
        """Whether the first words of an answer wait."""
        return any(op["op"] == "token" and op["offset"] == 0 for op in self._ops)

    @property
    def is_due(self) -> bool:
        """Whether something else than text waits."""
        return self._wants_snapshot or any(op["op"] != "token" for op in self._ops)

    def flush(self) -> None:
        """Send what waits as one message."""
        if self._wants_snapshot:
            self._wants_snapshot = False
            self._lines.forget()
            self.send({"kind": self._kind, "n": self.n, "state": self._snapshot()})
        elif self._ops:
            ops, self._ops, self._chars = self._ops, [], 0
            self.n += 1
            self.send(self._lines.message(self.n, ops))

    def heard(self) -> None:
        """Note that a view has sent a message: it counts, too."""
        self._batcher.rate.count()

    def send(self, message: Message, buffers: Sequence[bytes] = ()) -> None:
        """Send a message at once; what is neither a snapshot nor ops is not numbered."""
        if self.closed:
            return
        self._batcher.rate.count()
        try:
            try:
                self._send(message, buffers)
            except UNENCODABLE:
                self._send(self._reduce(message), buffers)
        except Exception as error:  # noqa: BLE001 - the kernel's sockets may be going down; the view asks again
            # The first failure has its cause in the log; a comm that stays broken does not fill it.
            level = logging.DEBUG if self._has_failed else logging.WARNING
            _logger.log(level, "A comm message could not be sent: %s", trace_of(error))
            self._has_failed = True
        else:
            self._has_failed = False

    def _send(self, message: Message, buffers: Sequence[bytes]) -> None:
        data = {"method": "custom", "content": message}
        self._context.run(self._comm.send, data, **({"buffers": list(buffers)} if buffers else {}))

    def close(self) -> None:
        """Send nothing any more and let go of everything."""
        self.closed = True
        self._ops.clear()
        self._batcher.forget(self)


def _continues(last: Op, op: Op) -> bool:
    """Whether two ops are text that follows on each other, of one kind and one message."""
    return bool(
        op["op"] == last["op"] == "token"
        and op["id"] == last["id"]
        and op.get("kind") == last.get("kind")
        and op["offset"] == last["offset"] + len(last["text"])
    )


class CommBatcher:
    """The ticking shared by all channels of a kernel.

    Args:
        call_later: the loop's ``call_later``.
        interval: seconds between ticks.
        now: the loop's time.

    """

    def __init__(
        self,
        call_later: CallLater,
        interval: float = COMM_INTERVAL,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._call_later = call_later
        self._interval = interval
        self.rate = CommRate(now)
        self._dirty: dict[CommChannel, None] = {}  # ordered: first come, first served
        self._timer: asyncio.TimerHandle | None = None
        self._was_due = False

    def open(
        self,
        comm: Comm,
        snapshot: Snapshot,
        reduce: Reduce = lambda message: message,
        kind: str = "snapshot",
    ) -> CommChannel:
        """Open a channel, on the thread whose cell makes the widget.

        Args:
            comm: the widget's comm.
            snapshot: returns the whole state, called when one is due.
            reduce: returns a message without what cannot be encoded, called after sending it failed.
            kind: what a message with the whole state is called.

        """
        keep_on_chosen_shell(comm)
        return CommChannel(self, comm, snapshot, reduce, kind)

    def mark(self, channel: CommChannel) -> None:
        """Serve the channel now if nothing was sent lately, else at the next tick."""
        self._dirty[channel] = None
        if self._timer is None:
            self._tick()

    def forget(self, channel: CommChannel) -> None:
        """Drop a closed channel from the list."""
        self._dirty.pop(channel, None)

    def _tick(self) -> None:
        self._timer = None
        if not self._dirty:
            return
        # The timer is set first, so that an op pushed while sending waits for the next tick.
        self._timer = self._call_later(self._interval, self._tick)
        for channel in self._next():
            del self._dirty[channel]
            channel.waits = 0
            channel.flush()

    def _next(self) -> list[CommChannel]:
        """Return whose turn it is; what else happened goes before text, every second time."""
        if not any(channel.is_writing for channel in self._dirty):
            return list(self._dirty)[:CHANNELS_PER_TICK]
        is_more_text = not any(channel.is_due or channel.begins for channel in self._dirty)
        if len(self._dirty) > 1 and is_more_text and self.rate.is_held():
            return []
        due = (channel for channel in self._dirty if channel.is_due)
        first = None if self._was_due else next(due, None)
        self._was_due = first is not None
        return [first or self._next_writing()]

    def _next_writing(self) -> CommChannel:
        for channel in self._dirty:
            channel.waits += 1
        waiting = iter(self._dirty)
        oldest = next(waiting)
        if oldest.in_sight or oldest.waits >= MAX_TICKS_OUT_OF_SIGHT:
            return oldest
        return next((channel for channel in waiting if channel.in_sight), oldest)


_by_thread: weakref.WeakKeyDictionary[LoopThread, CommBatcher] = weakref.WeakKeyDictionary()


def comm_batcher(thread: LoopThread) -> CommBatcher:
    """Return the batcher of all widgets of a loop thread."""
    return _by_thread.setdefault(thread, CommBatcher(thread.loop.call_later, now=thread.loop.time))
