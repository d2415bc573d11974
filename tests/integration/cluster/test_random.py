"""Random runs over several nodes of one process: what the bus loses and delays, nodes that come and go.

``pytest -m soak tests/integration/cluster/test_random.py``; the seed is the test's parameter.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, ChatMethod
from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage
from tests.support.chat.cluster import Cluster, Node, cluster
from tests.support.hub.server import token
from tests.support.judging.history_checker import HistoryChecker, Sighting
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.signalr.wire_observer import WireObserver, WireView
from tests.support.waiting import eventually

SECONDS = 10.0
WORDS = [f"{n} " for n in range(12)]
EVERYTHING = 2**40


def provider() -> ScriptedProvider:
    """A model that says the same to everything, in a while."""
    return ScriptedProvider([step for word in WORDS for step in (word, 0.004)])


def connection(node: Node, user_id: str, *, retries: bool) -> HubConnection:
    """A user's connection to a node."""
    address = node.url + CHAT_HUB_PATH
    if retries:
        return HubConnection(address, access_token=lambda: token(user_id))
    return HubConnection(address, access_token=lambda: token(user_id), retry=None)


class Run:
    """One random run; ``seed`` decides what is tried, not what time makes of it."""

    def __init__(self, nodes: Cluster, living: list[Node], seed: int) -> None:
        self.checker = HistoryChecker(lambda _question: "".join(WORDS))
        self.over = False
        self._cluster = nodes
        self._living = living
        self._chance = random.Random(seed)
        self._views: dict[str, WireView] = {}
        self._watchers: dict[str, WireObserver] = {}
        self._sent = 0

    async def watch(self, name: str) -> None:
        """See everything, from one node after the other; stay at the last."""
        self._views[name] = WireView(self.checker.observer(name, strict=True))
        while True:
            node = await self._attach(name)
            until = time.monotonic() + self._chance.uniform(0.5, 4.0)
            await eventually(lambda at=(node, until): self._should_move(*at), within=120.0)  # type: ignore[misc]
            await self._watchers.pop(name).close()

    def _should_move(self, node: Node, until: float) -> bool:
        return node not in self._living or (time.monotonic() >= until and not self.over)

    async def _attach(self, name: str) -> Node:
        node = self._chance.choice(self._living)
        view = self._views[name]
        watcher = WireObserver(connection(node, name, retries=True), "c", view.observer)
        watcher.view = view
        view.hold()
        watcher.open()
        self._watchers[name] = watcher
        return node

    async def talk(self, name: str) -> None:
        """Send messages, some of them questions, at one node after the other."""
        while not self.over:
            node = self._chance.choice(self._living)
            try:
                async with connection(node, name, retries=False) as hub:
                    await hub.invoke(ChatMethod.JOIN_CONVERSATION, "c", timeout=5)
                    for _ in range(self._chance.randint(1, 8)):
                        await self._send(hub, name)
                        await asyncio.sleep(self._chance.uniform(0, 0.05))
            except (ConduitError, OSError):
                await asyncio.sleep(0.05)

    async def _send(self, hub: HubConnection, name: str) -> None:
        self._sent += 1
        id_, asks = f"{name}-{self._sent}", self._chance.random() < 0.25
        message = {"id": id_, "role": "user", "content": id_, "metadata": {"respond": asks}}
        self.checker.send(id_)
        receipt = await hub.invoke(ChatMethod.SEND_MESSAGE, "c", message, timeout=5)
        self.checker.acknowledge(id_, receipt["seq"], receipt.get("answerId"))
        if asks and self._chance.random() < 0.2:
            await asyncio.sleep(self._chance.uniform(0, 0.1))
            await self._stop(receipt["answerId"])

    async def _stop(self, answer_id: str) -> None:
        """Stop an answer from any node."""
        async with connection(self._chance.choice(self._living), "stopper", retries=False) as hub:
            await hub.invoke(ChatMethod.JOIN_CONVERSATION, "c", timeout=5)
            await hub.invoke(ChatMethod.STOP_GENERATION, answer_id, timeout=5)

    async def go_wrong(self) -> None:
        """Do one thing after the other to the bus and the nodes, then put the bus right."""
        bus, chance = self._cluster.bus, self._chance
        while not self.over:
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            what = chance.choice(("lose", "calm", "delay", "cut one", "cut all", "forget", "roll", "roll"))
            if what == "lose":
                part = chance.uniform(0, 0.5)
                bus.drop = lambda *_, part=part: chance.random() < part
            elif what == "calm":
                bus.drop, bus.delay = None, 0.0
            elif what == "delay":
                bus.delay = chance.uniform(0, 0.2)
            elif what.startswith("cut"):
                bus.cut(*([chance.choice(self._living).backplane] if what == "cut one" else []))
                await asyncio.sleep(chance.uniform(0, 1))
                bus.heal()
            elif what == "forget":
                bus.forget()
            else:
                await self._replace_a_node()
        bus.drop, bus.delay = None, 0.0
        bus.heal()

    async def _replace_a_node(self) -> None:
        old = self._chance.choice(self._living)
        self._living.append(await self._cluster.node(provider()))
        self._living.remove(old)
        await old.end()

    async def settle(self) -> list[Sighting]:
        """Wait until nothing is written any more and everybody has seen all there is; return the log."""

        async def is_quiet() -> bool:
            newest = (await self._log())[-1].position
            views = self._views.values()
            return not (
                any(node.chat.busy for node in self._living)
                or await self._living[0].chat.store.open_streams()
                or any(view.observer.last != newest or view.observer.texts.open for view in views)
                or any(sorted(view.participants) != sorted(self._views) for view in views)
            )

        try:
            await eventually(is_quiet)
        except AssertionError:
            for name, view in self._views.items():
                self.checker.present(name, view.participants, self._views)
        return await self._log()

    async def _log(self) -> list[Sighting]:
        store: Any = self._living[0].chat.store
        record = await store.find("c")
        events = await store.events_after("c", record.epoch, 0, limit=EVERYTHING, max_bytes=EVERYTHING)
        return [Sighting.of(ChatMessage.from_wire(event.arguments[0])) for event in events]

    async def close(self) -> None:
        """Disconnect who watches."""
        for watcher in self._watchers.values():
            await watcher.close()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 7))
async def test_nothing_is_lost_doubled_or_reordered_in_random_runs(tmp_path: Path, seed: int) -> None:
    """Whatever the bus does and whichever nodes end: every client sees the same log and the same people."""
    providers = [provider() for _ in range(3)]
    async with cluster(tmp_path / "h.db", *providers) as (nodes, living):
        run = Run(nodes, living, seed)
        talking = [asyncio.create_task(run.talk(f"t{n}")) for n in range(3)]
        watching = [asyncio.create_task(run.watch(f"w{n}")) for n in range(4)]
        going_wrong = asyncio.create_task(run.go_wrong())
        await asyncio.sleep(SECONDS)
        run.over = True
        await asyncio.gather(*talking, going_wrong)
        verdict = run.checker.verdict(await run.settle())
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        await run.close()
        assert verdict.acknowledged > 100
        assert verdict.clean, (seed, verdict)
