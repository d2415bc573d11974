"""What waits for one view's WebSocket, within bounds.

The loop thread puts frames in, Jupyter's event loop takes them out as fast as the socket takes them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from conduit_widget.jupyter.views.frames import encode_frame

MAX_STATE_BYTES: Final = 1024 * 1024
MAX_BYTES: Final = 16 * 1024 * 1024

Frame = tuple[bytes, bool]
"""The bytes of a frame, and whether it is a binary one."""


class ViewOutbox:
    """A bounded queue between two threads; the session's comm.

    Overflow policy: with :data:`MAX_STATE_BYTES` waiting, what tells the conversation's state is dropped, and
    when the queue is empty again the view is brought up to date by ``caught_up``. Replies are kept; with
    :data:`MAX_BYTES` waiting, ``overflowed`` ends the view.

    Args:
        ready: called when a frame was put in, on the loop thread.
        caught_up: called when a view that missed something has room again; on Jupyter's event loop.
        overflowed: called once, on the loop thread.

    """

    def __init__(
        self, ready: Callable[[], None], caught_up: Callable[[], None], overflowed: Callable[[], None]
    ) -> None:
        self._ready = ready
        self._caught_up = caught_up
        self._overflowed = overflowed
        self._lock = threading.Lock()
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._has_missed = False
        self._is_closed = False

    def send(self, data: dict[str, Any], *, buffers: list[bytes] | None = None) -> None:
        """Queue a custom message, on the loop thread.

        Raises:
            TypeError, ValueError, RecursionError: JSON cannot say it.

        """
        content = data["content"]
        is_state = isinstance(content, list) or content["kind"] in {"snapshot", "ops"}
        self._put(encode_frame(content, buffers), is_state=is_state)

    def _put(self, frame: Frame, *, is_state: bool) -> None:
        size = len(frame[0])
        with self._lock:
            if self._is_closed:
                return
            if is_state and (self._has_missed or (self._bytes and self._bytes + size > MAX_STATE_BYTES)):
                self._has_missed = True
                return
            is_over = bool(self._bytes) and self._bytes + size > MAX_BYTES
            if is_over:
                self._clear()
            else:
                self._frames.append(frame)
                self._bytes += size
        # A call beyond the lock: it may take another one.
        (self._overflowed if is_over else self._ready)()

    def first(self) -> Frame | None:
        """Return the frame to send next; it counts as waiting until :meth:`sent`."""
        with self._lock:
            return self._frames[0] if self._frames else None

    def sent(self) -> None:
        """Note that the socket has taken the first frame."""
        with self._lock:
            if not self._frames:
                return  # closed meanwhile
            self._bytes -= len(self._frames.popleft()[0])
            catches_up = self._has_missed and not self._frames
            if catches_up:
                self._has_missed = False
        if catches_up:
            self._caught_up()

    def close(self) -> None:
        """Take nothing more and let go of what waits."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._is_closed = True
        self._frames.clear()
        self._bytes = 0
