"""A durable queue in a test: each keeper is what one process of a person has."""

from __future__ import annotations

from pathlib import Path

from conduit_widget.chat_client.offline.entries import Place
from conduit_widget.chat_client.offline.queue_store import QueueStore
from conduit_widget.chat_client.offline.seen_store import SeenStore


class Keeper:
    """The queues in a directory, of a person who may turn out to be another."""

    def __init__(self, directory: Path, user: str | None = "ann") -> None:
        self.store = QueueStore(directory)
        self.seen = SeenStore(directory)
        self.user = user
        self.uploads: list[tuple[str, bytes]] = []
        self.asked = 0
        """How often it was asked for the person's queue."""

    async def upload(self, conversation_id: str, name: str, content: bytes) -> str:
        """Note the file; its id says what it is."""
        self.uploads.append((name, content))
        return f"{conversation_id}/{name}"

    async def place(self, conversation_id: str) -> Place | None:
        """Return the person's queue; None while nobody knows who they are."""
        self.asked += 1
        if self.user is None:
            return None
        return Place(hub="scripted", user=self.user, conversation=conversation_id)
