"""A participant that nobody here wrote: LiveKit's own Python SDK, let in by a token that the hub minted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conduit_widget.types import Sfu


class LiveKitPeer:
    """``frames`` are those it has decoded of each of the others, by their identity; ``seen`` who is there."""

    def __init__(self) -> None:
        try:
            from livekit import rtc  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError:
            pytest.fail("LiveKit's SDK is not here: pip install livekit", pytrace=False)

        self.frames: dict[str, int] = {}
        self._rtc = rtc
        self._room = rtc.Room()
        self._room.on("track_subscribed", self._took)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def seen(self) -> set[str]:
        """The identities of the others in the room."""
        return set(self._room.remote_participants)

    async def connect(self, sfu: Sfu) -> None:
        """Come into the room; whatever is published there is asked for."""
        await self._room.connect(sfu.url, sfu.token)

    async def close(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await self._room.disconnect()

    def _took(self, track: Any, _publication: Any, participant: Any) -> None:
        if track.kind == self._rtc.TrackKind.KIND_VIDEO:
            task = asyncio.create_task(self._count(track, participant.identity))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _count(self, track: Any, identity: str) -> None:
        stream = self._rtc.VideoStream(track)
        with contextlib.suppress(asyncio.CancelledError):
            async for _frame in stream:
                self.frames[identity] = self.frames.get(identity, 0) + 1
        await stream.aclose()


@contextlib.asynccontextmanager
async def livekit_peer(sfu: Sfu) -> AsyncIterator[LiveKitPeer]:
    """Put one into a room."""
    peer = LiveKitPeer()
    await peer.connect(sfu)
    try:
        yield peer
    finally:
        await peer.close()
