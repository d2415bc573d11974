"""A view without a kernel, as a page sees it: the messages of one WebSocket of the server extension."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect

from tests.support.kernel.comm_messages import in_full


class JupyterView:
    """Collects what comes: ``messages`` in order, with short messages written in full."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.received: list[Any] = []
        self.buffers: dict[str, list[bytes]] = {}
        self._news = asyncio.Event()

    async def read(self) -> None:
        """Read until the connection ends."""
        async for frame in self.socket:
            if isinstance(frame, bytes):
                parts = split_frame(frame)
                content = json.loads(parts[0])
                self.buffers[content["requestId"]] = parts[1:]
            else:
                content = json.loads(frame)
            self.received.append(content)
            self._news.set()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What came, oldest first."""
        return in_full(iter(list(self.received)))

    @property
    def written(self) -> list[dict[str, Any]]:
        """The chat messages as the view shows them now."""
        shown: dict[str, dict[str, Any]] = {}
        for message in self.messages:
            if message["kind"] == "snapshot":
                shown = {each["id"]: each for each in message["state"]["messages"]}
            for op in message.get("ops", ()):
                if op["op"] == "message":
                    shown[op["message"]["id"]] = op["message"]
        return list(shown.values())

    @property
    def texts(self) -> list[str]:
        """Their texts."""
        return [each["content"] for each in self.written]

    @property
    def people(self) -> set[str]:
        """The ids of those who are there now."""
        return {each["userId"] for each in self._newest("participants") or []}

    @property
    def link(self) -> Any:
        """The connection to the hub, as last told."""
        return self._newest("connection")

    @property
    def is_live(self) -> bool:
        """Whether the conversation is joined."""
        return (self.link or {}).get("state") == "live"

    def _newest(self, name: str) -> Any:
        """Return a part of the state as the newest snapshot, or an op since, has told it."""
        value: Any = None
        for message in self.messages:
            if message["kind"] == "snapshot":
                value = message["state"][name]
            for op in message.get("ops", ()):
                value = op[name] if op["op"] == name else value
        return value

    async def send(self, content: dict[str, Any]) -> None:
        """Send a message."""
        await self.socket.send(json.dumps(content))

    async def ask(self, kind: str, **rest: Any) -> dict[str, Any]:
        """Send a request and return the reply."""
        request_id = str(uuid.uuid4())
        await self.send({"kind": kind, "requestId": request_id, **rest})
        reply: dict[str, Any] = await self.until(
            lambda: next((each for each in self.messages if each.get("requestId") == request_id), None)
        )
        return reply

    async def say(self, text: str) -> dict[str, Any]:
        """Send a chat message that nobody answers, and return the reply."""
        return await self.ask("send", id=str(uuid.uuid4()), text=text)

    async def until(self, found: Callable[[], Any], within: float = 60.0) -> Any:
        """Wait until ``found()`` is true, and return it."""
        deadline = time.monotonic() + within
        while not (value := found()):
            self._news.clear()
            left = deadline - time.monotonic()
            assert left > 0, f"not seen: {self.messages[-3:]}"
            try:
                await asyncio.wait_for(self._news.wait(), min(left, 1.0))
            except TimeoutError:
                continue
        return value

    async def live(self) -> dict[str, Any]:
        """Say hello and wait until the conversation is joined; return the newest snapshot's state."""
        await self.send({"kind": "hello", "n": 0})

        await self.until(lambda: self.is_live)
        states: list[dict[str, Any]] = [each["state"] for each in self.messages if each["kind"] == "snapshot"]
        return states[-1]


def split_frame(frame: bytes) -> list[bytes]:
    """Return the parts of a binary frame."""
    parts: list[bytes] = []
    while frame:
        size = int.from_bytes(frame[:4], "big")
        parts.append(frame[4 : 4 + size])
        frame = frame[4 + size :]
    return parts


@asynccontextmanager
async def jupyter_view(
    ws_url: str, headers: dict[str, str], conversation: str = "main"
) -> AsyncIterator[JupyterView]:
    """Open a view's WebSocket on a Jupyter server, and close it."""
    address = f"{ws_url}/conduit/view?conversation={quote(conversation)}"
    async with connect(address, additional_headers=headers, max_size=None) as socket:
        view = JupyterView(socket)
        reading = asyncio.create_task(view.read())
        try:
            yield view
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
