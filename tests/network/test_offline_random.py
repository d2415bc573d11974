"""Two kernels of one person, cut, killed, restarted by chance: nothing is lost, doubled or reordered.

The seed is the test's parameter; it decides what is tried, not what time makes of it. A few seeds are in the
ordinary suite, two hundred with ``python -m pytest tests/network/test_offline_random.py -m soak -n 2``.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import socket
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import pytest

from conduit_widget.chat_client.offline.entries import Place, QueuedEntry
from conduit_widget.chat_client.offline.queue_store import QueueStore
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.reader import read_conversation
from tests.support.judging.history_checker import HistoryChecker, Sighting
from tests.support.kernel.offline_kernel import PLACE, run_kernel
from tests.support.network.fault_proxy import Fault, FaultProxy
from tests.support.waiting import eventually

ACTS: Final = 16
ACTIONS: Final = (
    *("say", "say", "say", "say", "cut", "cut", "heal", "fault", "kill", "hub", "move", "move"),
    *("edit", "delete"),
)
FAULTS: Final = (Fault.CUT, Fault.CUT_INSIDE, Fault.LOSE_REPLIES, Fault.GHOST)
PROCESSES: Final = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.support.kernel.offline_kernel"])
FEW: Final = range(3)
MANY: Final = range(200)


class KernelProcess:
    """A kernel, and its own way to the hub, which can be cut."""

    def __init__(self, name: str, hub: LiveHub, token: str, data_dir: Path, conversation_id: str) -> None:
        self.name = name
        self._conversation_id = conversation_id
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.is_cut = False
        self._hub = hub
        self._token = token
        self._data_dir = data_dir
        self._process: ForkServerProcess | None = None
        self._proxy = FaultProxy([hub.port], None)
        self._listener: asyncio.Server | None = None
        self._port = 0

    async def start(self) -> None:
        """Start the process, on the same way as the one before."""
        if self._listener is None and not self.is_cut:
            await self.heal()
        ours, theirs = socket.socketpair()
        address = f"http://127.0.0.1:{self._port}"
        self._process = PROCESSES.Process(
            target=run_kernel,
            args=(theirs, str(self._data_dir), address, self._token, self._conversation_id),
            daemon=True,
        )
        await asyncio.to_thread(self._process.start)
        theirs.close()
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=2**24)

    async def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.join)
        self._writer.close()

    async def do(self, do: str, **what: Any) -> dict[str, Any]:
        """Have it do something."""
        self._writer.write(json.dumps({"do": do, **what}).encode() + b"\n")
        line = await asyncio.wait_for(self._reader.readline(), 60)
        assert line, f"{self.name} has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def cut(self) -> None:
        """Take its way to the hub away."""
        self.is_cut = True
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._proxy.drop_all()

    async def heal(self) -> None:
        """Give it back."""
        self.is_cut = False
        if self._listener is None:
            self._proxy = FaultProxy([self._hub.port], None)
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
            self._port = self._listener.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:  # it was accepted just before
            writer.transport.abort()
        else:
            await self._proxy.serve(reader, writer)

    def inflict(self, fault: Fault, chance: random.Random) -> None:
        """Do something nasty to its connection."""
        self._proxy.inflict(fault, seconds=0.2, after_bytes=chance.randrange(400))

    async def end(self) -> None:
        """Kill it, and close its way."""
        await self.cut()
        await self.kill()


class Run:
    """One random run: what was typed, and what must be so at its end."""

    def __init__(self, hub: LiveHub, data_dir: Path, seed: int) -> None:
        self.checker = HistoryChecker()
        self.texts: dict[str, str] = {}
        """What each message must say in the end."""
        self.deleted: set[str] = set()
        self.kernels: list[KernelProcess] = []
        self.store = QueueStore(data_dir)
        self._hub = hub
        self._is_down = False
        self._chance = random.Random(seed)
        self._data_dir = data_dir
        self._place = Place(hub=PLACE, user="ann", conversation=f"c{seed}")
        self._number = 0
        self._orders: list[list[str]] = []
        """What must come in this order: each a queue as it was while nobody could send."""

    async def start(self) -> None:
        """Start both kernels, connected."""
        token = self._hub.token("ann")
        for name in ("one", "two"):
            kernel = KernelProcess(name, self._hub, token, self._data_dir, self._place.conversation)
            await kernel.start()
            self.kernels.append(kernel)
        for kernel in self.kernels:
            await self._live(kernel)

    async def act(self) -> None:
        """Do something that chance says."""
        kernel = self._chance.choice(self.kernels)
        action = self._chance.choice(ACTIONS)
        match action:
            case "say":
                await self._say(kernel)
            case "cut":
                await kernel.cut()
            case "heal":
                await kernel.heal()
            case "fault":
                kernel.inflict(self._chance.choice(FAULTS), self._chance)
                await self._say(kernel)
            case "kill":
                await kernel.kill()
                await kernel.start()
            case "hub" if self._is_down:
                self._hub.start()
                self._is_down = False
            case "hub":
                self._hub.kill()
                self._is_down = True
            case _:
                await self._change(kernel, action)

    async def _say(self, kernel: KernelProcess) -> None:
        self._number += 1
        id_ = f"{kernel.name}-{self._number}"
        self.checker.send(id_)
        told = await kernel.do("say", id=id_, text=f"text {self._number}")
        assert "refused" not in told, told
        self.texts[id_] = f"text {self._number}"
        if told.get("seq"):
            self.checker.acknowledge(id_, told["seq"])

    async def _change(self, kernel: KernelProcess, action: str) -> None:
        """Change something that waits; one that has left meanwhile is refused, and that is right."""
        queue = await self.queue()
        if not queue:
            return
        entry = self._chance.choice(queue)
        match action:
            case "move":
                await kernel.do("move", id=entry.id, to=self._chance.randrange(len(queue)))
            case "edit":
                text = f"{self.texts[entry.message_id]}, edited"
                if "refused" not in await kernel.do("edit", id=entry.id, text=text):
                    self.texts[entry.message_id] = text
            case "delete" if entry.kind == "message":
                if "refused" not in await kernel.do("delete", id=entry.id):
                    self.deleted.add(entry.id)

    async def queue(self) -> list[QueuedEntry]:
        """What waits, as it is on disk."""
        found = await asyncio.to_thread(self.store.read, self._place)
        return [each.entry for each in found if each.entry.is_shown]

    async def settle(self) -> None:
        """Cut everybody, compare what they show with what is kept; then let everything through."""
        for kernel in self.kernels:
            await kernel.cut()
        await self._counts_are_right()
        # An edit may wait behind what was written after its message, which has arrived already.
        waiting = [each for each in await self.queue() if each.kind == "message" and not each.attempted]
        self._orders.append([each.message_id for each in waiting])
        if self._is_down:
            self._hub.start()
        for kernel in self._chance.sample(self.kernels, 2):
            await kernel.heal()
        for kernel in self.kernels:
            await self._live(kernel)

        async def is_sent() -> bool:
            return not await self.queue()

        await eventually(is_sent, within=90, what="everything was sent")
        await self._counts_are_right()

    async def _counts_are_right(self) -> None:
        for kernel in self.kernels:

            async def agrees(kernel: KernelProcess = kernel) -> bool:
                return bool((await kernel.do("state"))["count"] == len(await self.queue()))

            await eventually(agrees, within=90, what=f"{kernel.name} shows as much as waits")

    async def _live(self, kernel: KernelProcess) -> None:
        async def is_live() -> bool:
            return bool((await kernel.do("state"))["live"])

        await eventually(is_live, within=90, what=f"{kernel.name} is live")

    async def check(self) -> None:
        """Compare with what the hub has."""
        log = await read_conversation(self._hub.data_dir, self._place.conversation)
        for kernel in self.kernels:
            observer = self.checker.observer(kernel.name)
            newest = max((Sighting.of(each).position for each in log), default=0)

            async def is_up_to_date(kernel: KernelProcess = kernel, newest: int = newest) -> bool:
                return bool((await kernel.do("state"))["position"] >= newest)

            await eventually(is_up_to_date, within=90, what=f"{kernel.name} is up to date")
            state = await kernel.do("state")
            observer.snapshot([Sighting.of_wire(each) for each in state["messages"]], state["position"])
        said = {each.id: each for each in log}
        assert len(said) == len(log), "nothing is there twice"
        for id_, text in self.texts.items():
            if id_ in self.deleted:
                assert id_ not in said or "deletedAt" in said[id_].metadata, f"{id_} was deleted"
            else:
                assert id_ in said, f"{id_} is lost"
                assert said[id_].text == text, f"{id_} has other words"
        places = {each.id: place for place, each in enumerate(log)}
        for order in self._orders:
            there = [places[id_] for id_ in order if id_ in places]
            assert there == sorted(there), f"reordered: {order}, at the hub {list(said)}"
        for observer in self.checker.observers:
            assert all(observer.has(id_) for id_ in said), f"{observer.name} has not seen everything"
        verdict = self.checker.verdict_so_far
        assert verdict.doubled + verdict.reordered + verdict.garbled == 0, verdict

    async def end(self) -> None:
        """End everything."""
        for kernel in self.kernels:
            await kernel.end()
        self.store.database.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A real hub, which can be killed; every run has a conversation of its own there."""
    running = LiveHub(tmp_path_factory.mktemp("hub") / "data").start()
    try:
        yield running
    finally:
        running.stop()


async def _run(hub: LiveHub, data_dir: Path, seed: int) -> None:
    run = Run(hub, data_dir, seed)
    try:
        await run.start()
        for _ in range(ACTS):
            await run.act()
        await run.settle()
        await run.check()
    finally:
        await run.end()
        if hub.process.poll() is not None:
            hub.start()


@pytest.mark.parametrize("seed", FEW)
async def test_two_kernels_lose_double_and_reorder_nothing(hub: LiveHub, tmp_path: Path, seed: int) -> None:
    """Whatever happens to either, or to the hub: what was kept arrives once, in order, as it was left."""
    await _run(hub, tmp_path / "person", seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY)
async def test_two_hundred_runs(hub: LiveHub, tmp_path: Path, seed: int) -> None:
    """The same, often."""
    await _run(hub, tmp_path / "person", 1000 + seed)
