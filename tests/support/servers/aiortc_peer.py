"""A peer that nobody here wrote: aiortc, in a call by the hub's own methods."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, ChatEvent
from conduit_widget.types import CallMedia
from tests.support.chat.server import ChatServer
from tests.support.hub.server import token

PEER_ID: Final = "00000000-0000-4000-8000-000000000000"
"""Smaller than every other: it is polite, and waits for offers."""


class AiortcPeer:
    """One; ``frames`` counts the pictures it has decoded, ``samples`` what it has heard."""

    def __init__(self, hub: ChatHubClient, conversation: str) -> None:
        try:
            import aiortc  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError:
            pytest.fail("aiortc is not here: pip install aiortc", pytrace=False)

        self.frames = 0
        self.samples = 0
        self._aiortc = aiortc
        self._hub = hub
        self._conversation = conversation
        self._connection = aiortc.RTCPeerConnection()
        self._connection.addTrack(aiortc.mediastreams.AudioStreamTrack())
        self._connection.addTrack(aiortc.mediastreams.VideoStreamTrack())
        self._connection.on("track", self._took)
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await self._connection.close()

    def hear(self, *arguments: Any) -> None:
        """Take in a signal."""
        _, sender, receiver, signal = arguments
        if receiver == PEER_ID and "description" in signal:
            self._spawn(self._answer(sender, signal["description"]))

    async def _answer(self, sender: str, description: dict[str, str]) -> None:
        offer = self._aiortc.RTCSessionDescription(sdp=description["sdp"], type=description["type"])
        await self._connection.setRemoteDescription(offer)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        local = self._connection.localDescription
        answer = {"description": {"type": local.type, "sdp": local.sdp}}
        await self._hub.send_signal(self._conversation, PEER_ID, sender, answer)

    def _took(self, track: Any) -> None:
        self._spawn(self._count(track))

    async def _count(self, track: Any) -> None:
        with contextlib.suppress(self._aiortc.mediastreams.MediaStreamError):
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    self.frames += 1
                else:
                    self.samples += frame.samples

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@contextlib.asynccontextmanager
async def aiortc_peer(server: ChatServer, user: str, conversation: str = "team") -> AsyncIterator[AiortcPeer]:
    """Put one into a conversation's call."""
    async with HubConnection(
        server.url + CHAT_HUB_PATH, access_token=lambda: token(user), retry=None
    ) as connection:
        hub = ChatHubClient(connection)
        await hub.join_conversation(conversation)
        peer = AiortcPeer(hub, conversation)
        connection.on(ChatEvent.SIGNAL, peer.hear)
        await hub.join_call(conversation, PEER_ID, CallMedia(audio=True, video=True))
        try:
            yield peer
        finally:
            await peer.close()
