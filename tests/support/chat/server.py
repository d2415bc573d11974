"""A real chat on a real hub server on port 0, and people who join it over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conduit_widget.chat import Chat, ChatSettings, HistoryStore, SqliteHistoryStore, build_chat
from conduit_widget.chat.files.file_area import FileArea
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.provider_statuses import Providers
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, STATUS_HUB_PATH, ChatEvent, ChatMethod
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.revocation import Revocations
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.providers.provider import Provider
from tests.support.hub.server import authority, running, token
from tests.support.providers.scripted_provider import ScriptedDirectory
from tests.support.waiting import PATIENCE, eventually

FAST = ChatSettings(
    presence_grace=0.1,
    presence_interval=0.01,
    typing_ttl=0.3,
    access_ttl=0.0,
    joins_per_minute=0,
    messages_per_minute=0,
    requests_per_minute=0,
    signals_per_minute=0,
)
"""The settings of the tests: the same promises, sooner."""

PLENTY = HubLimits(invocations_per_second=10_000, invocation_burst=10_000)


@dataclass
class ChatServer:
    """A running chat."""

    url: str
    chat: Chat
    directory: ScriptedDirectory

    @contextlib.asynccontextmanager
    async def person(self, user_id: str) -> AsyncIterator[Person]:
        """Connect a user."""
        connection = HubConnection(self.url + CHAT_HUB_PATH, access_token=lambda: token(user_id), retry=None)
        person = Person(connection, user_id)
        async with connection:
            yield person


class Person:
    """One connection to ChatHub; keeps every event it gets, in order."""

    def __init__(self, connection: HubConnection, user_id: str) -> None:
        self.connection = connection
        self.user_id = user_id
        self.events: list[tuple[str, list[Any]]] = []
        for target in ChatHubClient.events:
            self._listen(target)

    def _listen(self, target: str) -> None:
        self.connection.on(target, lambda *arguments: self.events.append((target, list(arguments))))

    async def invoke(self, target: str, *arguments: Any) -> Any:
        """Invoke any method."""
        return await self.connection.invoke(target, *arguments, timeout=PATIENCE)

    async def join(self, conversation_id: str = "c") -> dict[str, Any]:
        """Join; return the snapshot."""
        result: dict[str, Any] = await self.invoke(ChatMethod.JOIN_CONVERSATION, conversation_id)
        return result

    async def send(
        self,
        text: str = "hello",
        *,
        id_: str | None = None,
        conversation_id: str = "c",
        **metadata: Any,
    ) -> dict[str, Any]:
        """Send a message; return the receipt."""
        message = {"id": id_ or str(uuid.uuid4()), "role": "user", "content": text, "metadata": metadata}
        receipt: dict[str, Any] = await self.invoke(ChatMethod.SEND_MESSAGE, conversation_id, message)
        return receipt

    def of(self, target: str) -> list[list[Any]]:
        """The arguments of every event of that name so far."""
        return [arguments for name, arguments in self.events if name == target]

    def log(self) -> list[int]:
        """The log positions of the committed events got so far, in order of arrival."""
        positions = []
        for name, arguments in self.events:
            if name in (ChatEvent.RECEIVE_MESSAGE, ChatEvent.MESSAGE_UPDATED):
                metadata = arguments[0]["metadata"]
                positions.append(metadata.get("eventSeq", metadata["seq"]))
        return positions

    async def logged(self, count: int) -> None:
        """Wait for so many committed events; fail unless each came once, and in order."""
        await eventually(lambda: len(self.log()) >= count, what="every event")
        assert self.log() == list(range(1, count + 1))

    def said(self) -> list[str]:
        """The ids of the messages that came, in order."""
        return [message["id"] for (message,) in self.of(ChatEvent.RECEIVE_MESSAGE)]

    def sees(self) -> list[str]:
        """The user ids of the newest PresenceUpdate."""
        updates = self.of(ChatEvent.PRESENCE_UPDATE)
        return sorted(found["userId"] for found in updates[-1][1]) if updates else []

    def done(self) -> list[str]:
        """The answers of which a last delta came, in order."""
        return [m["messageId"] for _, _, m in self.of(ChatEvent.STREAM_TOKEN) if m.get("done")]

    def streamed(self, answer_id: str) -> str:
        """The text streamed for an answer so far, without its reasoning; fails on a gap or an overlap."""
        text = ""
        for _, token_text, metadata in self.of(ChatEvent.STREAM_TOKEN):
            if metadata["messageId"] == answer_id and "kind" not in metadata:
                assert metadata["offset"] == len(text), "a delta does not continue the text"
                text += token_text
        return text

    async def final(self, answer_id: str, *, within: float = PATIENCE) -> dict[str, Any]:
        """Wait for an answer's final version."""

        def found() -> dict[str, Any] | None:
            updates = [message for (message,) in self.of(ChatEvent.MESSAGE_UPDATED)]
            return next((message for message in updates if message["id"] == answer_id), None)

        message: dict[str, Any] = await eventually(found, within=within, what="the final answer")
        return message

    async def got(self, target: str, count: int = 1, *, within: float = PATIENCE) -> list[list[Any]]:
        """Wait until that many events of that name have come; return them."""
        await eventually(lambda: len(self.of(target)) >= count, within=within, what=f"{count} of {target}")
        return self.of(target)


@contextlib.asynccontextmanager
async def chat_server(
    path: Path,
    provider: Provider | None = None,
    *,
    settings: ChatSettings = FAST,
    store: HistoryStore | None = None,
    revocations: Revocations | None = None,
    directory: Providers | None = None,
    files_url: str | None = None,
    files_scan: str | None = None,
) -> AsyncIterator[ChatServer]:
    """Serve a chat whose history is the file ``path``.

    Its only provider is ``provider``, None: it has none; unless it has those of a ``directory``.
    """
    scripted = ScriptedDirectory(provider)
    metrics = HubMetrics()
    store = store or SqliteHistoryStore(path)
    files = FileArea(store, path.parent / "files", settings, url=files_url, scan=files_scan)
    chat = build_chat(store, directory or scripted, settings, metrics=ChatMetrics(metrics), files=files)
    app = HubApp(
        {CHAT_HUB_PATH: chat.chat_hub, STATUS_HUB_PATH: chat.status_hub},
        authenticator=chat.authenticator(authority()),
        metrics=metrics,
        limits=PLENTY,
        revocations=revocations,
        routes=chat.routes(),
    )
    await chat.start()
    try:
        async with running(app) as url:
            yield ChatServer(url, chat, scripted)
    finally:
        await chat.aclose()


async def tick(times: int = 3) -> None:
    """Let other tasks of the loop take a few steps."""
    for _ in range(times):
        await asyncio.sleep(0)
