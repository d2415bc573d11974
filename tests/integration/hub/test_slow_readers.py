"""Readers that stop, over real sockets: nobody else notices, little is kept, everything comes in the end."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat import Chat, SqliteHistoryStore, build_chat
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import (
    CHAT_HUB_PATH,
    OUTBOX_HARD_BYTES,
    OUTBOX_SOFT_BYTES,
    ChatEvent,
    ChatMethod,
)
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.hub_limits import HubLimits
from tests.support.chat.server import FAST, Person
from tests.support.hub.server import authority, running, token
from tests.support.network.fault_proxy import fault_proxy
from tests.support.providers.scripted_provider import ScriptedDirectory, ScriptedProvider, Step
from tests.support.signalr.slow_reader import slow_reader, unsent_bytes
from tests.support.waiting import eventually

LARGE = "x" * 30_000


@dataclass
class Server:
    """A running chat, seen from inside."""

    url: str
    chat: Chat

    def connection(self, user_id: str) -> HubConnectionContext:
        """The hub's end of a user's only connection."""
        clients = self.chat.chat_hub.clients
        [found] = clients._lifetime.of_user(user_id)
        return found

    @contextlib.asynccontextmanager
    async def person(self, user_id: str) -> AsyncIterator[Person]:
        """Connect a user who reads."""
        connection = HubConnection(self.url + CHAT_HUB_PATH, access_token=lambda: token(user_id), retry=None)
        person = Person(connection, user_id)
        async with connection:
            yield person


@contextlib.asynccontextmanager
async def serving(
    path: Path, provider: ScriptedProvider | None = None, **limits: Any
) -> AsyncIterator[Server]:
    """Serve a chat with short times and some other limits."""
    settings = dataclasses.replace(FAST, typing_ttl=600.0)
    chat = build_chat(SqliteHistoryStore(path), ScriptedDirectory(provider), settings)
    app = HubApp(
        {CHAT_HUB_PATH: chat.chat_hub},
        authenticator=authority(),
        limits=HubLimits(invocations_per_second=10_000, invocation_burst=10_000, **limits),
        wheel=TimerWheel(0.05),
    )
    await chat.start()
    try:
        async with running(app) as url:
            yield Server(url, chat)
    finally:
        await chat.aclose()


async def fill(server: Server, sender: Person, reader: str, over: int = OUTBOX_SOFT_BYTES) -> int:
    """Send messages until a reader lags, or was closed for that already; return how many."""
    connection = server.connection(reader)
    for sent in range(1, 100):
        await sender.send(LARGE, respond=False)
        if connection.closed:
            return sent
        if connection.lagging and connection.outbox.queued_bytes > over:
            return sent
    raise AssertionError("the reader does not lag")


async def test_stopped_reader_catches_up_when_it_reads_again(tmp_path: Path) -> None:
    """Lagging: nothing is queued that can be told anew; then one delta, the newest state, an unbroken log."""
    gate, end = asyncio.Event(), asyncio.Event()
    words = [f"wörd {number} 👋 " for number in range(300)]
    script = ["first ", gate, *[step for word in words for step in (word, 0.0)], end, "last"]
    async with (
        serving(tmp_path / "h.db", ScriptedProvider(script), lagging_timeout=100.0) as server,
        server.person("ann") as ann,
        slow_reader(server.url, "bob") as bob,
    ):
        await ann.join()
        await bob.invoke(ChatMethod.JOIN_CONVERSATION, "c")
        answer_id = (await ann.send("Go"))["answerId"]
        async with bob.reading():
            await eventually(lambda: bob.streamed(answer_id) == "first ")
        connection = server.connection("bob")
        count = await fill(server, ann, "bob")
        queued, deltas = connection.outbox.queued_bytes, len(ann.of(ChatEvent.STREAM_TOKEN))
        gate.set()
        async with server.person("eve") as eve:
            await eve.join()
            await eve.invoke(ChatMethod.START_TYPING, "c")
            text = "first " + "".join(words)
            await eventually(lambda: ann.streamed(answer_id) == text)
            await ann.got(ChatEvent.PRESENCE_UPDATE, 2)
            assert len(ann.of(ChatEvent.STREAM_TOKEN)) > deltas
            assert connection.lagging
            assert connection.outbox.queued_bytes == queued, "something was queued that can be told anew"
            before = len(bob.of(ChatEvent.STREAM_TOKEN))
            async with bob.reading():
                await eventually(lambda: bob.streamed(answer_id) == text)
                assert len(bob.of(ChatEvent.STREAM_TOKEN)) == before + 1
                await eventually(lambda: bob.of(ChatEvent.TYPING_UPDATE))
                assert connection.outbox.queued_bytes == 0
                people = bob.of(ChatEvent.PRESENCE_UPDATE)[-1][1]
                assert [person["userId"] for person in people] == ["ann", "bob", "eve"]
                assert bob.of(ChatEvent.TYPING_UPDATE)[-1] == ["c", ["eve"]]
                end.set()
                await eventually(lambda: bob.of(ChatEvent.MESSAGE_UPDATED))
        [[final]] = bob.of(ChatEvent.MESSAGE_UPDATED)
        assert final["content"] == bob.streamed(answer_id) == text + "last"
        assert bob.log() == ann.log() == list(range(1, count + 4))


async def test_answer_that_ends_while_a_reader_lags_is_whole_when_it_reads(tmp_path: Path) -> None:
    """The last delta waits in its place before the final message, with all that was held."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["first ", gate, *["more "] * 200])
    async with (
        serving(tmp_path / "h.db", provider, lagging_timeout=100.0) as server,
        server.person("ann") as ann,
        slow_reader(server.url, "bob") as bob,
    ):
        await ann.join()
        await bob.invoke(ChatMethod.JOIN_CONVERSATION, "c")
        answer_id = (await ann.send("Go"))["answerId"]
        await fill(server, ann, "bob")
        gate.set()
        final = await ann.final(answer_id)
        async with bob.reading():
            await eventually(lambda: bob.of(ChatEvent.MESSAGE_UPDATED))
        assert bob.streamed(answer_id) == final["content"]
        assert bob.of(ChatEvent.STREAM_TOKEN)[-1][2]["done"]
        assert bob.events[-2][0] == ChatEvent.STREAM_TOKEN
        assert bob.log() == ann.log()


@pytest.mark.usefixtures("short_goodbyes")
async def test_stopped_reader_costs_at_most_the_hard_limit(tmp_path: Path) -> None:
    """Queue, transport and system together never hold more; then it is closed, and nobody waited for it."""
    async with (
        serving(tmp_path / "h.db") as server,
        server.person("ann") as ann,
        slow_reader(server.url, "bob") as bob,
    ):
        await ann.join()
        await bob.invoke(ChatMethod.JOIN_CONVERSATION, "c")
        connection = server.connection("bob")
        transport = connection.outbox._connection._transport  # type: ignore[attr-defined]
        most = 0
        for _ in range(60):
            await ann.send(LARGE, respond=False)
            held = connection.outbox.queued_bytes - connection.outbox._connection.buffered_bytes
            most = max(most, held + unsent_bytes(transport))
            if connection.closed:
                break
        assert connection.closed
        assert OUTBOX_SOFT_BYTES < most <= OUTBOX_HARD_BYTES
        assert ann.log() == list(range(1, len(ann.log()) + 1))
        await eventually(lambda: not server.chat.chat_hub.clients._lifetime.of_user("bob"))


async def test_lagging_reader_is_closed_after_a_time_and_may_come_back(tmp_path: Path) -> None:
    """Close with allowReconnect, though little waits; a new connection resumes where the old one stopped."""
    async with (
        serving(tmp_path / "h.db", lagging_timeout=0.3) as server,
        server.person("ann") as ann,
        slow_reader(server.url, "bob") as bob,
    ):
        await ann.join()
        joined = (await bob.invoke(ChatMethod.JOIN_CONVERSATION, "c"))["result"]
        connection = server.connection("bob")
        count = await fill(server, ann, "bob")
        await eventually(lambda: connection.closed)
        async with bob.reading():
            await eventually(lambda: bob.close_message)
        assert bob.close_message == {
            "type": 7,
            "error": "The connection reads too slowly.",
            "allowReconnect": True,
        }
        await ann.send(respond=False)
        seen = bob.log()
        assert seen == list(range(1, len(seen) + 1))
        async with server.person("bob") as again:
            resumed = await again.invoke(
                ChatMethod.RESUME_CONVERSATION, "c", joined["epoch"], seen[-1] if seen else 0
            )
            assert resumed["recovered"]
            assert seen + [event["seq"] for event in resumed["events"]] == list(range(1, count + 2))


async def test_our_client_heals_after_it_was_closed_as_a_slow_reader(tmp_path: Path) -> None:
    """A suspended client comes back by itself and has every message once, in order, and the whole answer."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["first ", gate, *["more "] * 50])
    async with (
        serving(tmp_path / "h.db", provider, lagging_timeout=0.3) as server,
        fault_proxy(int(server.url.rpartition(":")[2])) as proxy,
        server.person("ann") as ann,
    ):
        await ann.join()
        pool = ConnectionPool()
        url = f"http://127.0.0.1:{proxy.port}{CHAT_HUB_PATH}"
        lease = pool.acquire(url, lambda: HubConnection(url, access_token=lambda: token("bob")))
        bob = Conversation(lease, "c", "bob")
        bob.open()
        await asyncio.wait_for(bob.connectivity.wait_live(), 30)
        answer_id = (await ann.send("Go"))["answerId"]
        await eventually(lambda: bob.transcript.message(answer_id))
        connection = server.connection("bob")
        suspended = asyncio.create_task(proxy.partition(0, 100))
        await asyncio.sleep(0)
        count = await fill(server, ann, "bob")
        await eventually(lambda: connection.closed)
        suspended.cancel()
        await asyncio.gather(suspended, return_exceptions=True)
        gate.set()
        final = await ann.final(answer_id)
        await eventually(lambda: bob.transcript.seq == count + 3)
        known = bob.transcript.messages
        assert [message.metadata["seq"] for message in known] == list(range(1, count + 3))
        answer = bob.transcript.message(answer_id)
        assert answer is not None
        assert answer.content == final["content"]
        await bob.close()


async def test_pause_and_resume_hold_one_connection_only(tmp_path: Path) -> None:
    """PauseStream holds for the caller; ResumeStream sends one delta; others see every token."""
    gates = [asyncio.Event() for _ in range(3)]
    script: list[Step] = ["one ", gates[0], "two ", 0.05, "three ", gates[1], "four ", gates[2], "five"]
    async with (
        serving(tmp_path / "h.db", ScriptedProvider(script)) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        chat = ChatHubClient(bob.connection)
        answer_id = (await ann.send("Go"))["answerId"]
        await eventually(lambda: bob.streamed(answer_id) == "one ")
        assert await chat.pause_stream(answer_id)
        gates[0].set()
        await eventually(lambda: ann.streamed(answer_id) == "one two three ")
        assert await chat.pause_stream(answer_id)
        assert bob.streamed(answer_id) == "one "
        before = len(bob.of(ChatEvent.STREAM_TOKEN))
        assert await chat.resume_stream(answer_id)
        assert bob.streamed(answer_id) == "one two three "
        assert len(bob.of(ChatEvent.STREAM_TOKEN)) == before + 1
        assert await chat.pause_stream(answer_id)
        gates[1].set()
        gates[2].set()
        final = await bob.final(answer_id)
        assert bob.streamed(answer_id) == ann.streamed(answer_id) == final["content"]
        assert not await chat.resume_stream(answer_id)
        assert not await chat.pause_stream(answer_id)
        assert bob.log() == ann.log() == [1, 2, 3]


async def test_pause_of_a_foreign_answer_does_nothing(tmp_path: Path) -> None:
    """An answer of a conversation one has not joined is as unknown as one that does not exist."""
    gate = asyncio.Event()
    async with (
        serving(tmp_path / "h.db", ScriptedProvider(["one ", gate, "two"])) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        await ann.join("c")
        await eve.join("other")
        answer_id = (await ann.send("Go"))["answerId"]
        await eventually(lambda: ann.streamed(answer_id) == "one ")
        assert not await eve.invoke(ChatMethod.PAUSE_STREAM, answer_id)
        assert not await eve.invoke(ChatMethod.RESUME_STREAM, answer_id)
        gate.set()
        assert (await ann.final(answer_id))["content"] == ann.streamed(answer_id) == "one two"
        assert eve.of(ChatEvent.STREAM_TOKEN) == []
