"""How far one has read, told to the hub at most once a second; while it is away the furthest waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.conversation.requests import Requests
from conduit_widget.chat_client.sending.sender import Sender
from conduit_widget.errors import ConduitError

READ_INTERVAL: Final = 1.0

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Reading:
    """Tells the hub the furthest position that was read in any view."""

    def __init__(self, requests: Requests, spawn: Spawn, connectivity: Connectivity, sender: Sender) -> None:
        self._connectivity = connectivity
        self._sender = sender
        self._requests = requests
        self._spawn = spawn
        self._read = 0
        self._telling: asyncio.Task[None] | None = None

    def mark(self, seq: int) -> None:
        """Note that everything up to ``seq`` was read; an earlier position changes nothing."""
        if seq > self._read:
            self._read = seq
            if self._telling is None or self._telling.done():
                self._telling = self._spawn(self._tell())

    async def _tell(self) -> None:
        told = 0
        while told < self._read:
            told = self._read
            with contextlib.suppress(ConduitError):  # the next message is marked with those before it
                if self._connectivity.live.is_set() or self._sender.outbox is None:
                    await self._requests.mark_read(told)
                else:
                    await self._sender.act("read", patience=0.0, seq=told)
            await asyncio.sleep(READ_INTERVAL)
