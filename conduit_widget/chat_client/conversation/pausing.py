"""Holding the text of answers while somebody reads in peace: the hub keeps it, then sends it at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.errors import ConduitError


class Pausing:
    """Pauses the answers of one conversation, those that begin meanwhile too. Their ends are not held.

    ``changed`` is called with whether it is on, when that changes.
    """

    def __init__(
        self,
        hub: ChatHubClient,
        transcript: Transcript,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        changed: Callable[[bool], None],
    ) -> None:
        self.is_on = False
        self._hub = hub
        self._transcript = transcript
        self._spawn = spawn
        self._changed = changed
        self._held: set[str] = set()

    async def pause(self) -> None:
        """Hold what is being written from here on.

        Raises:
            ConduitError: the hub does not; the text says why.

        """
        self._turn(is_on=True)
        self._held.clear()
        await asyncio.gather(*(self._hold(id_) for id_ in list(self._transcript.streams)))

    async def resume(self) -> None:
        """Catch up at once with what was held, and go on."""
        self._turn(is_on=False)
        held, self._held = self._held, set()
        await asyncio.gather(
            *(self._hub.resume_stream(id_) for id_ in held & self._transcript.streams.keys())
        )

    def _turn(self, *, is_on: bool) -> None:
        if self.is_on != is_on:
            self.is_on = is_on
            self._changed(is_on)

    def began(self, message_id: str) -> None:
        """Hold an answer that begins while the others are held."""
        if self.is_on and message_id not in self._held:
            self._spawn(self._hold_quietly(message_id))

    def came_back(self) -> None:
        """Hold again what a new connection of the hub knows nothing of."""
        self._held.clear()
        for message_id in list(self._transcript.streams):
            self.began(message_id)

    async def _hold(self, message_id: str) -> None:
        self._held.add(message_id)
        await self._hub.pause_stream(message_id)

    async def _hold_quietly(self, message_id: str) -> None:
        with contextlib.suppress(ConduitError):  # its text comes as it is written, and nothing is lost
            await self._hold(message_id)
