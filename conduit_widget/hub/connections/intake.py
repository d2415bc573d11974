"""Incoming data of one client: processed a piece a turn of the loop, at a bounded rate, in bounded memory.

Calls have their own rate, which refuses them. Everything else a client may send (pings, acknowledgements,
cancels, items for nobody, types we do not know, control frames, pieces of messages, refused calls) costs the
hub time too, and there is nobody to answer: beyond its rate a connection is read more slowly, and one that
goes on for all that is closed like one that hammers with calls. Items of an open upload are free: its
method's pace is their limit.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from conduit_widget.hub.limits.hub_limits import HubLimits, TokenBucket
from conduit_widget.hub.limits.user_rates import RefusalStreak
from conduit_widget.protocol.messages import HubMessage
from conduit_widget.transports.server.loop_turns import turns_of

RECORDS_A_TURN: Final = 64
PIECE_BYTES: Final = 8 * 1024
"""How much of a transport message is decoded at once; a ping of MessagePack has three bytes."""
COUNTED_AT_ONCE: Final = 32
"""So many records, of a sixteenth of the burst at most, are noted before the clock is read for them."""
MAX_PAUSE: Final = 0.25
"""The longest a connection over its rate is not read, in seconds; then it gets a turn on credit."""


class Reader(Protocol):
    """Whoever understands what a client sends, and acts on it."""

    def read(self, data: bytes) -> tuple[Sequence[HubMessage], int]:
        """Return the messages that ``data`` completes, and how many records of it were none."""
        ...

    def read_piece(self, data: bytes, at: int, size: int) -> tuple[int, Sequence[HubMessage], int]:
        """Do the same for about ``size`` bytes of ``data`` from ``at`` on; return their end first."""
        ...

    def act(self, message: HubMessage) -> bool:
        """Act on a message; tell whether it counts."""
        ...

    def hold(self) -> None:
        """Stop reading from the client."""

    def release(self) -> None:
        """Read from the client again."""

    def close_for_flooding(self) -> None:
        """End a connection that has sent too much for too long."""


class Intake:
    """One connection's. It holds at most a transport message, and those under way when reading stopped."""

    __slots__ = (
        "_at",
        "_blocked",
        "_bucket",
        "_frames",
        "_limits",
        "_messages",
        "_noted",
        "_notes",
        "_piece_bytes",
        "_reader",
        "_refusals_since",
        "_scheduled",
        "held",
    )

    def __init__(self, reader: Reader, limits: HubLimits) -> None:
        self._reader = reader
        self._limits = limits
        self._bucket = TokenBucket(limits.records_per_second, limits.record_burst, time.monotonic())
        self._piece_bytes = min(PIECE_BYTES, limits.max_message_bytes)
        self._noted = 0  # records the bucket has not been told of
        self._notes = min(COUNTED_AT_ONCE, limits.record_burst // 16)
        self._refusals_since: RefusalStreak | None = None
        self._messages: deque[HubMessage] | None = None
        self._frames: deque[bytes] | None = None  # None: nothing waits; most connections never need it
        self._at = 0  # how much of the first frame is read
        self.held = False  # nothing is read at present, for whatever reason
        self._blocked = False  # an upload is full
        self._scheduled = False

    def accept(self, data: bytes) -> None:
        """Act on a transport message, in this turn as far as it is short."""
        if self.held or len(data) > self._piece_bytes:
            self._wait_for(data)
            return
        messages, others = self._reader.read(data)
        if len(messages) > RECORDS_A_TURN:
            self._messages = deque(messages)
            self._advance(others)
            return
        counted = others
        for message in messages:
            counted += self._reader.act(message)
        self._spend(counted if messages else max(1, others))

    def count_frame(self) -> None:
        """Count a frame that is no message."""
        self._spend(1)

    def block(self) -> None:
        """Stop reading: an upload is full."""
        self._blocked = True
        self._hold()

    def unblock(self) -> None:
        """Read again: the upload has room."""
        self._blocked = False
        if self._waiting:
            self._go_on_later()
        elif not self._scheduled:
            self._release()

    def drop(self) -> None:
        """Forget what waits: the transport is gone, or the connection is about to be."""
        self._messages = self._frames = None
        self._at = 0
        if self.held and not self._blocked and not self._scheduled:
            self._release()

    @property
    def _waiting(self) -> bool:
        return bool(self._messages or self._frames)

    def _wait_for(self, data: bytes) -> None:
        if self._frames is None:
            self._frames = deque()
        self._frames.append(data)
        if not self.held:
            self._advance()

    def _advance(self, counted: int = 0) -> None:
        """Act on one turn's share of what waits."""
        left = RECORDS_A_TURN
        while left > 0 and self._waiting and not self._blocked:
            if not self._messages:
                counted += (others := self._read_piece())
                left -= max(1, others)
            while self._messages and left > 0:
                counted += self._reader.act(self._messages.popleft())
                left -= 1
        self._spend(counted)
        if self._scheduled:  # over its rate
            return
        if not self._waiting:
            self._messages = self._frames = None
            if not self._blocked:
                self._release()
        elif not self._blocked:
            self._go_on_later()

    def _read_piece(self) -> int:
        """Decode the next piece of what waits; return how many of its records are no messages."""
        assert self._frames is not None
        frame = self._frames[0]
        self._at, messages, others = self._reader.read_piece(frame, self._at, self._piece_bytes)
        self._messages = deque(messages)
        if self._frames and self._at >= len(frame):
            self._frames.popleft()
            self._at = 0
            if not messages and len(frame) <= self._piece_bytes:
                return max(1, others)  # a frame that completes nothing
        return others

    def _spend(self, count: int) -> None:
        self._noted += count
        if self._noted < self._notes:
            return
        count, self._noted = self._noted, 0
        now = time.monotonic()
        missing = self._bucket.owe(now, count)
        if missing <= 0.0:
            return
        if self._refusals_since is None:
            self._refusals_since = RefusalStreak(now)
        if self._refusals_since.refused(now) >= self._limits.rate_limit_patience:
            self._reader.close_for_flooding()
            return
        self._hold()
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(min(missing, MAX_PAUSE), self._go_on)

    def _go_on_later(self) -> None:
        self._hold()
        if not self._scheduled:
            self._scheduled = True
            turns_of(asyncio.get_running_loop()).add(self._go_on)

    def _go_on(self) -> None:
        self._scheduled = False
        if self._waiting:
            self._advance()
        elif not self._blocked:
            self._release()

    def _hold(self) -> None:
        if not self.held:
            self.held = True
            self._reader.hold()

    def _release(self) -> None:
        if self.held:
            self.held = False
            self._reader.release()
