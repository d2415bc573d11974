"""Two hub processes as one: real ``serve`` processes on one PostgreSQL and one Redis, and a load balancer."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry
from conduit_widget.contract import CALL_SEAT_PATH, CHAT_HUB_PATH
from conduit_widget.errors import ConduitError
from tests.support.hub.cluster import HubCluster, hub_cluster
from tests.support.judging.history_checker import HistoryChecker
from tests.support.providers.scripted_model import ScriptedModel, script_of
from tests.support.servers.postgres import shared_postgres
from tests.support.signalr.official_watcher import OfficialWatcher, prepare_node
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)

RETRY = DelayRetry(delays=(0.0, 0.2, 0.5), min_spread=0.1)


class Person:
    """A user in one conversation, over ``url``."""

    def __init__(self, url: str, token: str, room: str) -> None:
        self.room = room
        self.connection = HubConnection(url, access_token=token, retry=RETRY)
        self.events: list[tuple[str, list[Any]]] = []
        self.epoch, self.seq = "", 0
        self.closed: list[Exception | None] = []
        for target in ("ReceiveMessage", "MessageUpdated", "StreamToken"):
            self.connection.on(target, lambda *arguments, t=target: self.events.append((t, list(arguments))))
        self.connection.on_close(self.closed.append)

    async def join(self) -> None:
        joined = await self.connection.invoke("JoinConversation", self.room)
        self.epoch, self.seq = joined["epoch"], joined["seq"]

    async def say(self, id_: str, *, ask: bool = False) -> dict[str, Any]:
        message = {"id": id_, "role": "user", "content": f"message {id_} .", "metadata": {"respond": ask}}
        receipt: dict[str, Any] = await self.connection.invoke("SendMessage", self.room, message)
        return receipt

    async def resume(self) -> dict[str, Any]:
        result: dict[str, Any] = await self.connection.invoke(
            "ResumeConversation", self.room, self.epoch, self.seq
        )
        return result

    def log(self) -> list[tuple[int, str, str]]:
        """Every event of the log: position, message, text."""
        found = [arguments[0] for target, arguments in self.events if target != "StreamToken"]
        return [
            (
                message["metadata"].get("eventSeq", message["metadata"]["seq"]),
                message["id"],
                message["content"],
            )
            for message in found
        ]

    def streamed(self, answer: str) -> str:
        return "".join(
            a[1] for target, a in self.events if target == "StreamToken" and a[2]["messageId"] == answer
        )

    def final(self, answer: str) -> dict[str, Any] | None:
        ends = [a[0] for target, a in self.events if target == "MessageUpdated" and a[0]["id"] == answer]
        return next((end for end in ends if end["metadata"]["status"] not in ("streaming", "queued")), None)


@contextlib.asynccontextmanager
async def person(url: str, cluster: HubCluster, name: str, room: str) -> AsyncIterator[Person]:
    """Connect and join."""
    someone = Person(url, cluster.token(name), room)
    async with someone.connection:
        await someone.join()
        yield someone


def at(cluster: HubCluster, number: int) -> str:
    """One node's own address."""
    return cluster.hubs[number].url + CHAT_HUB_PATH


async def test_two_processes_are_one_hub(tmp_path: Path) -> None:
    """Messages, answers, negotiation, revocation, a kill, a SIGTERM: each node makes up for the other."""
    async with (
        ScriptedModel(hold={"q-kill-3": 40, "q-term": 10}) as model,
        hub_cluster(
            tmp_path, environment=lambda _node: model.environment, postgres=shared_postgres()
        ) as cluster,
    ):
        await cluster.create("room")
        await everybody_sees_the_same(cluster)
        await official_client_connects_through_the_load_balancer(cluster)
        await page_of_a_call_is_let_in_by_any_node(cluster)
        await revocation_on_one_node_ends_connections_on_the_other(cluster)
        await answer_of_a_killed_node_is_ended_by_the_other(cluster)
        await asyncio.to_thread(cluster.hubs[0].start)
        await node_that_drains_loses_nothing(cluster)
        await node_without_its_bus_goes_on(cluster)
        for hub in cluster.hubs:
            assert " ERROR " not in hub.log, hub.log
            assert "not-a-secret" not in hub.log


async def everybody_sees_the_same(cluster: HubCluster) -> None:
    """What is sent on one node arrives on the other, in one order; so does an answer, piece by piece."""
    async with (
        person(at(cluster, 0), cluster, "ann", "room") as ann,
        person(at(cluster, 1), cluster, "bob", "room") as bob,
    ):
        await asyncio.gather(
            *(one.say(f"{name}{number}") for number in range(10) for name, one in (("a", ann), ("b", bob)))
        )
        receipt = await ann.say("q1", ask=True)
        answer = receipt["answerId"]
        await eventually(lambda: ann.final(answer) and bob.final(answer), within=90)
        assert ann.log() == bob.log()
        assert len(ann.log()) == 23
        assert ann.streamed(answer) == bob.streamed(answer) == script_of("q1")
        final = bob.final(answer)
        assert final is not None
        assert final["content"] == script_of("q1")


async def official_client_connects_through_the_load_balancer(cluster: HubCluster) -> None:
    """Negotiate goes to one node and the WebSocket to the other."""
    observer = HistoryChecker().observer("official", strict=True)
    watcher = OfficialWatcher(prepare_node(), cluster.url, cluster.token("official"), "room", observer)
    before = cluster.front.connections_made
    try:
        await watcher.open()
        await eventually(lambda: watcher.view.epoch, within=90)
        assert cluster.front.connections_made == before + 2, "one for negotiate, the next for the WebSocket"
    finally:
        await watcher.close()


async def page_of_a_call_is_let_in_by_any_node(cluster: HubCluster) -> None:
    """A ticket of one node is good once, at either; the key that it buys is good at both."""
    media = {"audio": False, "video": False, "screen": False}
    async with person(at(cluster, 0), cluster, "ann", "room") as ann:
        ticket = (await ann.connection.invoke("OpenCallPage", "room"))["ticket"]
        async with httpx2.AsyncClient() as http:
            gives = [
                http.post(cluster.hubs[number].url + CALL_SEAT_PATH, json={"ticket": ticket})
                for number in (1, 0, 1, 0)
            ]
            replies = await asyncio.gather(*gives)
        assert sorted(reply.status_code for reply in replies) == [200, 403, 403, 403]
        key = next(reply.json()["key"] for reply in replies if reply.status_code == 200)
        for number in (0, 1):
            async with HubConnection(at(cluster, number), access_token=key, retry=None) as page:
                await page.invoke("JoinConversation", "room")
                call = await page.invoke("JoinCall", "room", f"peer-{number}", media)
                assert f"peer-{number}" in [peer["peerId"] for peer in call["peers"]]


async def revocation_on_one_node_ends_connections_on_the_other(cluster: HubCluster) -> None:
    """``conduit-widget revoke`` reaches every node."""
    async with person(at(cluster, 1), cluster, "eve", "room") as eve:
        await asyncio.to_thread(
            subprocess.run,
            [
                *(sys.executable, "-m", "conduit_widget", "revoke", "--user", "eve"),
                *("--data-dir", str(cluster.hubs[0].data_dir)),
            ],
            check=True,
            capture_output=True,
        )
        await eventually(lambda: eve.closed)


async def answer_of_a_killed_node_is_ended_by_the_other(cluster: HubCluster) -> None:
    """``kill -9``: what was read of it stays, as interrupted; clients go on at the other node."""
    async with (
        person(at(cluster, 1), cluster, "bob", "room") as bob,
        person(cluster.url, cluster, "ann", "room") as ann,
        person(at(cluster, 0), cluster, "asker", "room") as asker,
    ):
        answer = (await asker.say("q-kill-3", ask=True))["answerId"]
        await eventually(lambda: len(bob.streamed(answer)) > 300)
        cluster.hubs[0].kill()
        final = await eventually(lambda: bob.final(answer), within=90, what="the answer ends")
        assert final["metadata"]["status"] == "interrupted"
        assert final["content"] == bob.streamed(answer)
        assert script_of("q-kill-3").startswith(final["content"])
        assert (await bob.say("after the kill"))["seq"] > 0

        async def resumed() -> dict[str, Any] | None:
            with contextlib.suppress(ConduitError):
                return await ann.resume()
            return None

        result = await eventually(resumed, within=90)
        assert result["recovered"] is True
        texts = [event["arguments"][0]["id"] for event in result["events"]]
        assert texts[-1] == "after the kill"
        assert answer in texts


async def node_that_drains_loses_nothing(cluster: HubCluster) -> None:
    """SIGTERM: exit 0, and whoever was there goes on at the other node, where everything is."""
    async with (
        person(at(cluster, 0), cluster, "ann", "room") as ann,
        person(cluster.url, cluster, "bob", "room") as bob,
    ):
        answer = (await ann.say("q-term", ask=True))["answerId"]
        await eventually(lambda: ann.streamed(answer))
        assert await asyncio.to_thread(cluster.hubs[0].terminate) == 0
        assert (await _says(bob, "after the drain"))["seq"] > 0
        result = await bob.resume()
        log = [event["arguments"][0] for event in result["events"]]
        ended = next(m for m in reversed(log) if m["id"] == answer)
        assert ended["metadata"]["status"] == "interrupted"
        assert ended["content"].startswith(ann.streamed(answer)[:20])
        assert log[-1]["id"] == "after the drain"


async def node_without_its_bus_goes_on(cluster: HubCluster) -> None:
    """Redis away: ready, though it says so to operators; people are served, and come in."""
    assert await readiness(cluster, 1) == (200, "ready", None)
    await asyncio.to_thread(cluster.redis.stop)
    away = (200, "ready", "The bus is away; other nodes' events come from the store.")
    await eventually(lambda: _is(readiness(cluster, 1), away))
    async with person(at(cluster, 1), cluster, "late", "room") as late:
        assert (await late.say("without a bus"))["seq"] > 0
    await asyncio.to_thread(cluster.redis.start)
    await eventually(lambda: _is(readiness(cluster, 1), (200, "ready", None)))


async def readiness(cluster: HubCluster, number: int) -> tuple[int, str, str | None]:
    """What a node's ``/readyz`` says: the status code, the state, and what is wrong with the bus."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{cluster.hubs[number].url}/readyz")
    report = answer.json()
    bus = report["checks"]["bus"]
    assert (bus["ok"], bus["required"]) == ("reason" not in bus, False)
    return answer.status_code, report["status"], bus.get("reason")


async def _is(found: Awaitable[Any], expected: Any) -> bool:
    return bool(await found == expected)


async def _says(someone: Person, id_: str) -> dict[str, Any]:
    """Join and say, again and again until it works."""

    async def said() -> dict[str, Any] | None:
        with contextlib.suppress(ConduitError):
            await someone.connection.invoke("JoinConversation", someone.room)
            return await someone.say(id_)
        return None

    result: dict[str, Any] = await eventually(said, within=90)
    return result
