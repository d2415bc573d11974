"""Where the queues of one identity at one hub are kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.chat_client.files.hub_files import HubFiles
from conduit_widget.chat_client.offline.entries import Place
from conduit_widget.chat_client.offline.queue_store import QueueStore
from conduit_widget.chat_client.offline.seen_store import SeenStore
from conduit_widget.runtime_file import default_data_dir, keeps_seen
from conduit_widget.widget.attachments.sources import BytesSource

_seen: dict[Path, SeenStore] = {}
_stores: dict[Path, QueueStore] = {}


class QueueKeeper:
    """The durable queues of whom a hub takes us for; no token is kept, nor anything it could be made from.

    An opaque key stands for whoever the hub says; it is told apart by a salted, slow and shortened hash, so
    that one key's messages are never sent with another.
    """

    def __init__(self, access: HubAccess) -> None:
        directory = default_data_dir()
        self.store = _stores.setdefault(directory, QueueStore(directory))
        self.seen = _seen.setdefault(directory, SeenStore(directory)) if keeps_seen() else None
        self._access = access
        self._fingerprints: dict[str, str] = {}

    async def upload(self, conversation_id: str, name: str, content: bytes) -> str:
        """Send a file to the hub; return its id there.

        Raises:
            HubException: the hub refuses it.
            ConnectionFailedError: the hub was away for too long.

        """
        files = HubFiles(self._access.url, self._access.token)
        return (await files.send(conversation_id, BytesSource(name, content), lambda _: None)).id

    async def place(self, conversation_id: str) -> Place | None:
        """Return the queue of a conversation; None while nobody knows whom the hub will take us for."""
        user, key = self._access.claim
        if user is None and key is not None:
            user = self._fingerprints.get(key)
            if user is None:
                user = await asyncio.to_thread(self.store.fingerprint, key)
                self._fingerprints = {key: user}
        if user is None:
            return None
        return Place(hub=self._access.place, user=user, conversation=conversation_id)
