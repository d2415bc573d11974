"""A member of a conversation that reads only when told to, over a socket with little room."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

from conduit_widget.contract import CHAT_HUB_PATH, ChatEvent
from tests.support.hub.server import SEPARATOR, token

RECEIVE_BYTES: Final = 4096
_SIOCOUTQNSD: Final = 0x894B  # Linux: bytes a socket has not sent


class SlowReader:
    """Events got so far in order; nothing is read but while :meth:`reading` or in an invocation."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.events: list[tuple[str, list[Any]]] = []
        self.close_message: dict[str, Any] | None = None
        self._websocket = websocket
        self._results: dict[str, dict[str, Any]] = {}
        self._next_id = 0

    async def invoke(self, target: str, *arguments: Any) -> dict[str, Any]:
        """Invoke, reading until the completion."""
        self._next_id += 1
        id_ = str(self._next_id)
        await self.send({"type": 1, "invocationId": id_, "target": target, "arguments": list(arguments)})
        while id_ not in self._results:
            await self._read_frame()
        return self._results.pop(id_)

    async def send(self, record: dict[str, Any]) -> None:
        """Send a record."""
        await self._websocket.send(json.dumps(record) + SEPARATOR)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read all that comes, until the block or the connection ends."""
        task = asyncio.create_task(self._read_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def of(self, target: str) -> list[list[Any]]:
        """The arguments of every event of that name so far."""
        return [arguments for name, arguments in self.events if name == target]

    def log(self) -> list[int]:
        """The log positions of committed events, in order of arrival."""
        changes = (ChatEvent.RECEIVE_MESSAGE, ChatEvent.MESSAGE_UPDATED)
        found = [arguments[0]["metadata"] for name, arguments in self.events if name in changes]
        return [metadata.get("eventSeq", metadata["seq"]) for metadata in found]

    def streamed(self, answer_id: str) -> str:
        """The text streamed for an answer; fails on a gap or an overlap."""
        text = ""
        for _, delta, metadata in self.of(ChatEvent.STREAM_TOKEN):
            if metadata["messageId"] == answer_id:
                assert metadata["offset"] == len(text), "a delta does not continue the text"
                text += delta
        return text

    async def _read_on(self) -> None:
        with contextlib.suppress(Exception):
            while True:
                await self._read_frame()

    async def _read_frame(self) -> None:
        frame = await self._websocket.recv()
        assert isinstance(frame, str)
        for part in frame.split(SEPARATOR):
            record = json.loads(part) if part else {}
            if record.get("type") == 1:
                self.events.append((record["target"], record["arguments"]))
            elif record.get("type") == 3:
                self._results[record["invocationId"]] = record
            elif record.get("type") == 7:
                self.close_message = record


@contextlib.asynccontextmanager
async def slow_reader(url: str, user_id: str) -> AsyncIterator[SlowReader]:
    """Connect to ChatHub and shake hands."""
    host, port = url.removeprefix("http://").split(":")
    bare = socket.socket()
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    bare.setblocking(False)
    await asyncio.get_running_loop().sock_connect(bare, (host, int(port)))
    address = f"ws://{host}:{port}{CHAT_HUB_PATH}?access_token={token(user_id)}"
    async with connect(
        address,
        sock=bare,
        proxy=None,
        ping_interval=None,
        close_timeout=0.2,
        max_queue=1,
        compression=None,
        max_size=None,
    ) as websocket:
        await websocket.send('{"protocol":"json","version":1}' + SEPARATOR)
        assert await websocket.recv() == "{}" + SEPARATOR
        yield SlowReader(websocket)


def unsent_bytes(transport: asyncio.Transport) -> int:
    """Return what a server's transport and the system (on Linux) hold that is not sent yet."""
    size = transport.get_write_buffer_size()
    bare = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        size += struct.unpack("i", fcntl.ioctl(bare.fileno(), _SIOCOUTQNSD, b"\0\0\0\0"))[0]
    return size
