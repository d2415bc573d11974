"""What goes over a page's WebSockets to its kernels: Jupyter's messages, counted by type and time.

Format: ``v1.kernel.websocket.jupyter.org``, a frame of offsets (64 bits, little-endian, first their number),
then the channel, header, parent header, metadata, content and buffers.
"""

from __future__ import annotations

import json
import time
from typing import Any

from playwright.async_api import Page, WebSocket


class KernelFrames:
    """Counts the comm messages of a page from now on, both ways."""

    def __init__(self, page: Page) -> None:
        self.received: list[float] = []
        self.sent: list[float] = []
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        if "/channels" not in socket.url:
            return
        socket.on("framereceived", lambda payload: self._note(payload, self.received))
        socket.on("framesent", lambda payload: self._note(payload, self.sent))

    def clear(self) -> None:
        """Forget what was counted."""
        self.received.clear()
        self.sent.clear()

    def most_a_second(self) -> int:
        """Return the most messages, both ways, in any second."""
        times = sorted(self.received + self.sent)
        first = most = 0
        for last, at in enumerate(times):
            while at - times[first] > 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most

    @staticmethod
    def _note(payload: Any, times: list[float]) -> None:
        if isinstance(payload, bytes) and message_type(payload) == "comm_msg":
            times.append(time.monotonic())


def message_type(frame: bytes) -> str:
    """Return the type of a message."""
    begin, end = (int.from_bytes(frame[at : at + 8], "little") for at in (16, 24))
    header: dict[str, Any] = json.loads(frame[begin:end])
    return str(header["msg_type"])
