"""Messages over real sockets: order, acknowledgement, idempotency, history, recovery, membership."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat import SqliteHistoryStore
from conduit_widget.chat.history.store import Snapshot
from conduit_widget.contract import CHAT_HUB_PATH, RECOVERY_SECONDS, ChatEvent, ChatMethod
from conduit_widget.errors import HubException
from conduit_widget.types import LogEvent
from tests.support.chat.server import FAST, Person, chat_server, tick
from tests.support.hub.server import raw_client
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

QUIET = dataclasses.replace(FAST, assistant="off")


async def test_message_reaches_everybody_when_sent(tmp_path: Path) -> None:
    """Two people in a conversation both get a message, with its place, time and author from the token."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        forged = {
            "id": "m1",
            "role": "user",
            "content": "hi <b>👋</b>",
            "author": {"userId": "bob", "userName": "Bob"},
            "metadata": {"seq": 77, "conversationId": "d", "status": "complete", "mine": {"x": 1}},
            "color": "red",
        }
        receipt = await ann.invoke(ChatMethod.SEND_MESSAGE, "c", forged)
        assert receipt["id"] == "m1"
        assert receipt["seq"] == 1
        for person in (ann, bob):
            [[message]] = await person.got(ChatEvent.RECEIVE_MESSAGE)
            assert message["content"] == "hi <b>👋</b>"
            assert message["author"] == {"userId": "ann", "userName": "Ann"}
            assert message["color"] == "red"
            assert message["metadata"] == {
                "conversationId": "c",
                "seq": 1,
                "timestamp": receipt["timestamp"],
                "mine": {"x": 1},
            }


async def test_receipt_and_event_come_in_one_frame_when_committed(tmp_path: Path) -> None:
    """What a commit sends to the sender and what it answers leave together, in one system call."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        raw_client(server.url, CHAT_HUB_PATH) as ann,
    ):
        await ann.invoke(ChatMethod.JOIN_CONVERSATION, "c")
        message = {"id": "m1", "role": "user", "content": "hi"}
        arguments = ["c", message]
        await ann.send({"type": 1, "invocationId": "s", "target": "SendMessage", "arguments": arguments})
        frame = ""
        while ChatEvent.RECEIVE_MESSAGE not in frame:
            frame = str(await asyncio.wait_for(ann.socket.recv(), 30))
        assert '"type":3,"invocationId":"s"' in frame


async def test_messages_stay_in_order_when_a_client_does_not_wait(tmp_path: Path) -> None:
    """Sends share commits in the order they came; what comes between two of them runs between them."""
    sends = [
        {
            "type": 1,
            "invocationId": f"s{n}",
            "target": "SendMessage",
            "arguments": ["c", {"id": f"m{n}", "content": "x"}],
        }
        for n in range(60)
    ]
    leave = {"type": 1, "invocationId": "leave", "target": "LeaveConversation", "arguments": ["c"]}
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        raw_client(server.url, CHAT_HUB_PATH) as ann,
    ):
        await ann.invoke(ChatMethod.JOIN_CONVERSATION, "c")
        await ann.send(*sends[:50], leave, *sends[50:])
        answers: list[dict[str, Any]] = []
        while len(answers) < 61:
            record = await ann.read()
            if record["type"] == 3:
                answers.append(record)
        assert [answer["invocationId"] for answer in answers[:50]] == [f"s{n}" for n in range(50)]
        assert [answer["result"]["seq"] for answer in answers[:50]] == list(range(1, 51))
        assert answers[50]["invocationId"] == "leave"
        assert [answer["error"] for answer in answers[51:]] == ["Unauthorized"] * 10


async def test_snapshot_continues_when_messages_are_there(tmp_path: Path) -> None:
    """A joiner gets the newest 50, where they stand, and a way to the older ones."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        first = await ann.join()
        assert (first["seq"], first["messages"], first["hasMore"]) == (0, [], False)
        for n in range(60):
            await ann.send(f"message {n}")
        join = await bob.join()
        assert join["epoch"] == first["epoch"]
        assert join["seq"] == 60
        assert [m["metadata"]["seq"] for m in join["messages"]] == list(range(11, 61))
        assert join["hasMore"]
        assert join["limits"] == {
            "maxMessageBytes": 32768,
            "maxHistoryPage": 200,
            "invocationsPerSecond": 20.0,
        }
        page = await bob.invoke(ChatMethod.GET_HISTORY, "c", 11, 200)
        assert [m["content"] for m in page["messages"]] == [f"message {n}" for n in range(10)]
        assert not page["hasMore"]


async def test_retry_has_same_receipt_when_repeated(tmp_path: Path) -> None:
    """A message sent again with its id, by another connection of its author too, is one message."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("ann") as again,
    ):
        await ann.join()
        await again.join()
        receipt = await ann.send("once", id_="m1")
        assert await ann.send("once", id_="m1") == receipt
        assert await again.send("once", id_="m1") == receipt
        assert (await again.join())["seq"] == 1
        await ann.send("end", id_="m2")
        await ann.got(ChatEvent.RECEIVE_MESSAGE, 2)
        assert ann.log() == [1, 2]


async def test_id_is_refused_when_another_author_used_it(tmp_path: Path) -> None:
    """An id is no way to learn, or take over, what somebody else wrote."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        await ann.join()
        await eve.join()
        await ann.send("mine", id_="m1")
        with pytest.raises(HubException, match=r"message id: is already in use"):
            await eve.send("stolen", id_="m1")
        assert (await eve.send("my own"))["seq"] == 2


class SlowStore(SqliteHistoryStore):
    """Lets other work in before and after every read of the join path."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__(path)
        self._random = random.Random(seed)

    async def _dawdle(self) -> None:
        await asyncio.sleep(self._random.choice((0, 0, 0.001, 0.004)))

    async def snapshot(self, conversation_id: str, *, limit: int, max_bytes: int) -> Snapshot | None:
        await self._dawdle()
        snapshot = await super().snapshot(conversation_id, limit=limit, max_bytes=max_bytes)
        await self._dawdle()
        return snapshot

    async def events_after(
        self,
        conversation_id: str,
        epoch: str,
        seq: int,
        *,
        limit: int,
        max_bytes: int,
        recent: float = RECOVERY_SECONDS,
    ) -> list[LogEvent] | None:
        await self._dawdle()
        events = await super().events_after(
            conversation_id, epoch, seq, limit=limit, max_bytes=max_bytes, recent=recent
        )
        await self._dawdle()
        return events


@pytest.mark.parametrize("seed", range(4))
async def test_join_has_no_gap_when_others_send(tmp_path: Path, seed: int) -> None:
    """Snapshot or recovery, and live events, together give every event once, in order, at any moment."""
    store = SlowStore(tmp_path / "h.db", seed)
    total = 150
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET, store=store) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("cyd") as cyd,
    ):
        epoch = (await ann.join())["epoch"]

        async def write(person: Person) -> None:
            await person.join()
            for n in range(total // 2):
                await person.send(f"{person.user_id} {n}")

        async def come_and_go() -> int:
            joins = 0
            position = 0
            while position < total:
                if joins % 2:
                    result = await cyd.invoke(ChatMethod.RESUME_CONVERSATION, "c", epoch, position)
                    assert result["recovered"]
                    got = [event["seq"] for event in result.get("events", [])]
                    assert got == list(range(position + 1, position + 1 + len(got)))
                    position = result.get("seq", 0)
                else:
                    result = await cyd.join()
                    seqs = [message["metadata"]["seq"] for message in result["messages"]]
                    position = result.get("seq", 0)
                    assert seqs == list(range(max(1, position - len(seqs) + 1), position + 1))
                joins += 1
                await cyd.invoke(ChatMethod.LEAVE_CONVERSATION, "c")
                await tick()
                live = cyd.log()
                assert live == list(range(position + 1, position + 1 + len(live)))
                position += len(live)
                cyd.events.clear()
            return joins

        _, _, joins = await asyncio.gather(write(ann), write(bob), come_and_go())
        assert joins > 3
        await ann.got(ChatEvent.RECEIVE_MESSAGE, total)
        assert ann.log() == list(range(1, total + 1))


async def test_resume_gives_all_missed_when_in_window(tmp_path: Path) -> None:
    """Who comes back gets everything missed and goes on live; beyond the window, an honest snapshot."""
    settings = dataclasses.replace(QUIET, recovery_events=5, recovery_seconds=0.0)
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        epoch = (await ann.join())["epoch"]
        for n in range(7):
            await ann.send(f"message {n}")
        resumed = await bob.invoke(ChatMethod.RESUME_CONVERSATION, "c", epoch, 3)
        assert resumed["recovered"]
        assert [event["arguments"][0]["content"] for event in resumed["events"]] == [
            f"message {n}" for n in range(3, 7)
        ]
        assert [person["userId"] for person in resumed["participants"]] == ["ann", "bob"]
        await ann.send("live")
        [[live]] = await bob.got(ChatEvent.RECEIVE_MESSAGE)
        assert live["metadata"]["seq"] == 8
        for known_epoch, seq in ((epoch, 1), ("another life", 8), (epoch, 99)):
            resumed = await bob.invoke(ChatMethod.RESUME_CONVERSATION, "c", known_epoch, seq)
            assert not resumed["recovered"]
            assert resumed["join"]["seq"] == 8
            assert resumed["join"]["epoch"] == epoch


async def test_conversation_goes_on_when_hub_restarts(tmp_path: Path) -> None:
    """Epoch, order and receipts outlive the hub; the client resumes where it was."""
    path = tmp_path / "h.db"
    async with chat_server(path, settings=QUIET) as server, server.person("ann") as ann:
        join = await ann.join()
        receipt = await ann.send("before", id_="m1")
    async with chat_server(path, settings=QUIET) as server, server.person("ann") as ann:
        resumed = await ann.invoke(ChatMethod.RESUME_CONVERSATION, "c", join["epoch"], 1)
        assert resumed["recovered"]
        assert resumed["seq"] == 1
        assert await ann.send("before", id_="m1") == receipt
        assert (await ann.send("after"))["seq"] == 2


async def test_nothing_comes_when_left(tmp_path: Path) -> None:
    """Who left gets no more events; leaving twice, or what was never joined, is fine."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        await bob.invoke(ChatMethod.LEAVE_CONVERSATION, "c")
        await bob.invoke(ChatMethod.LEAVE_CONVERSATION, "c")
        await bob.invoke(ChatMethod.LEAVE_CONVERSATION, "never joined")
        await ann.send("alone?")
        await ann.got(ChatEvent.RECEIVE_MESSAGE)
        assert (await bob.invoke(ChatMethod.REQUEST_PROVIDER_STATUS)) == []
        assert bob.of(ChatEvent.RECEIVE_MESSAGE) == []


async def test_live_conversation_is_dropped_when_unused(tmp_path: Path) -> None:
    """When the last one's grace is over, nothing of a conversation stays in memory; it can come back."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server:
        conversations = server.chat.chat_hub.conversations
        for _ in range(2):
            async with server.person("ann") as ann:
                await ann.join()
                await ann.join("d")
                await ann.send("hello")
                assert len(conversations) == 2
            await eventually(lambda: len(conversations) == 0)
        async with server.person("ann") as ann:
            assert (await ann.join())["seq"] == 2


async def test_conversations_are_limited_when_one_connection_joins_many(tmp_path: Path) -> None:
    """A connection may join so many; leaving one makes room."""
    settings = dataclasses.replace(QUIET, conversations_per_connection=3)
    async with chat_server(tmp_path / "h.db", settings=settings) as server, server.person("ann") as ann:
        for n in range(3):
            await ann.join(f"c{n}")
        with pytest.raises(HubException, match=r"Conversation limit exceeded \(3/3\)"):
            await ann.join("c3")
        await ann.join("c0")
        await ann.invoke(ChatMethod.LEAVE_CONVERSATION, "c0")
        await ann.join("c3")


async def test_text_is_kept_as_it_was_typed(tmp_path: Path) -> None:
    """What a person typed is what everybody gets, what is stored, and what the model reads, sign by sign."""
    code = "    for i in x:\n        print(__name__, a*b*c)  # <b>$x$</b>"
    provider = ScriptedProvider(["ok"])
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        epoch = (await ann.join())["epoch"]
        receipt = await ann.send(code)
        await ann.final(receipt["answerId"])
        stored = await server.chat.store.message("c", receipt["id"])
        events = await server.chat.store.events_after("c", epoch, 0, limit=9, max_bytes=1 << 20)
        assert stored is not None
        assert events is not None
        texts = [stored["content"], events[0].arguments[0]["content"]]
        texts.append(ann.of(ChatEvent.RECEIVE_MESSAGE)[0][0]["content"])
        texts.append(provider.requests[0].messages[-1].content)
        assert texts == [code] * 4
