"""One kernel of a person, as a process: a conversation with its durable queue, driven by lines of JSON.

:func:`run_kernel` is the process; the queue is in the directory it is given. Every line is answered with one,
in order; it can be killed at any moment.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import Any, Final

from conduit_widget.access.hub_access import Identity, RemoteHub
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.state.changes import Change, QueueChange
from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage
from conduit_widget.widget.connections import Connections
from tests.support.waiting import eventually

NUDGE: Final = 0.1
PLACE: Final = "the hub"
"""What the queue calls the hub: each kernel has a way of its own there, which can be cut."""


class Kernel:
    """The conversation, and what a view of it would show."""

    def __init__(self, conversation: Conversation) -> None:
        self.count = 0
        self._conversation = conversation
        self._tasks: set[asyncio.Task[Any]] = set()
        conversation.subscribe(self._heard)

    def _heard(self, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, QueueChange):
                self.count = change.queue.count

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def do(self, command: dict[str, Any]) -> dict[str, Any]:
        outbox = self._conversation.sender.outbox
        assert outbox is not None
        try:
            match command:
                case {"do": "say", "id": str() as id_, "text": str() as text}:
                    return await self._say(id_, text)
                case {"do": "edit", "id": str() as id_, "text": str() as text}:
                    await outbox.reword(id_, text)
                case {"do": "delete", "id": str() as id_}:
                    await outbox.remove(id_)
                case {"do": "move", "id": str() as id_, "to": int() as to}:
                    await outbox.move(id_, to)
                case {"do": "state"}:
                    return self._state()
        except ConduitError as error:
            return {"refused": str(error)}
        self._conversation.sender.queue_changed()
        return {"queue": [each.id for each in outbox.shown]}

    async def _say(self, id_: str, text: str) -> dict[str, Any]:
        """Send as a view does; answer when it is on disk, or at the hub."""
        outbox = self._conversation.sender.outbox
        assert outbox is not None
        message = ChatMessage(id=id_, role="user", content=text, metadata={"respond": False})
        task = self.spawn(self._conversation.send(message, keep=True))
        await eventually(lambda: task.done() or outbox.has(id_), what="it is kept or sent")
        if not task.done():
            return {"kept": True}
        receipt = task.result()
        return {"seq": receipt.seq}

    def _state(self) -> dict[str, Any]:
        transcript = self._conversation.transcript
        return {
            "live": self._conversation.connectivity.live.is_set(),
            "count": self.count,
            "messages": [each.to_wire() for each in transcript.messages],
            "position": transcript.seq,
        }

    async def nudge(self) -> None:
        """Try at once what would wait for seconds."""
        while True:
            await asyncio.sleep(NUDGE)
            if self._conversation.connectivity.info.retry_at is not None:
                self._conversation.retry_now()


async def _main(lines: socket.socket, address: str, token: str, conversation_id: str) -> None:
    access = RemoteHub(address, token, Identity("ann", "Ann"))
    access.place = PLACE
    kernel = Kernel(Connections().acquire(access, conversation_id))
    kernel.spawn(kernel.nudge())
    reader, writer = await asyncio.open_connection(sock=lines)
    while line := await reader.readline():
        writer.write(json.dumps(await kernel.do(json.loads(line))).encode() + b"\n")


def run_kernel(lines: socket.socket, data_dir: str, address: str, token: str, conversation_id: str) -> None:
    """Be a kernel until the lines end."""
    os.environ["CONDUIT_DATA_DIR"] = data_dir
    asyncio.run(_main(lines, address, token, conversation_id))
