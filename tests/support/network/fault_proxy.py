"""A TCP proxy that misbehaves on purpose: cuts, delays, throttles, stalls and half-open connections.

Every fault can be ordered by name (:meth:`FaultProxy.inflict`) or left to a seeded :class:`Chaos`::

    async with fault_proxy(hub_port) as proxy:
        client = HubConnection(f"http://127.0.0.1:{proxy.port}/hubs/chat")
        ...
        proxy.inflict(Fault.CUT)

With several targets it is a load balancer: connections go to one after the other, or by a seeded chance, past
those that are down.
Nothing is ever changed or reordered inside a connection: TCP would not do that either.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

CHUNK_BYTES: Final = 16 * 1024


class Fault(Enum):
    """What can happen to a connection."""

    CUT = "cut"
    """Reset both sides; what is on the way is lost."""
    CUT_INSIDE = "cut inside"
    """Let a few more bytes through in one direction, then reset: a record, a frame or a header breaks."""
    LOSE_REPLIES = "lose replies"
    """The hub goes on hearing the client, who hears nothing; then a reset. Requests are done, unanswered."""
    GHOST = "ghost"
    """The client is reset, the hub's side stays open for a while: two connections of one user."""
    STALL = "stall"
    """Nothing passes for a while, then everything does (a suspended laptop, a full queue)."""
    HALF_OPEN = "half-open"
    """Nothing passes any more and nobody is told; only liveness can notice."""
    DELAY = "delay"
    """Every chunk takes longer for a while."""
    THROTTLE = "throttle"
    """Bytes trickle in small pieces for a while."""


ENDING: Final = frozenset({Fault.CUT, Fault.CUT_INSIDE, Fault.LOSE_REPLIES, Fault.GHOST, Fault.HALF_OPEN})
"""The faults a connection does not survive."""


@dataclass(frozen=True)
class Chaos:
    """How often which faults come. Times in seconds; weights are relative."""

    seed: int
    mean_interval: float = 8.0
    longest: float = 4.0
    half_open_for: float = 40.0
    weights: tuple[tuple[Fault, float], ...] = (
        (Fault.CUT, 30),
        (Fault.CUT_INSIDE, 25),
        (Fault.LOSE_REPLIES, 12),
        (Fault.GHOST, 8),
        (Fault.STALL, 10),
        (Fault.HALF_OPEN, 2),
        (Fault.DELAY, 8),
        (Fault.THROTTLE, 5),
    )


class _Side:
    """One direction of a connection and what is done to it at present."""

    def __init__(self) -> None:
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.delay = 0.0
        self.bytes_per_second: float | None = None
        self.bytes_left: int | None = None
        self.swallow = False


class _Connection:
    """A client's connection and its twin to the hub."""

    def __init__(self, client: asyncio.StreamWriter, hub: asyncio.StreamWriter, target: int) -> None:
        self.client = client
        self.hub = hub
        self.target = target
        self.up = _Side()
        self.down = _Side()
        self.over = asyncio.Event()

    def cut(self) -> None:
        """Reset both sides."""
        self.client.transport.abort()
        self.hub.transport.abort()
        self.over.set()

    def set_flow(self, *, flowing: bool) -> None:
        """Let everything pass, or nothing."""
        for side in (self.up, self.down):
            if flowing:
                side.flowing.set()
            else:
                side.flowing.clear()


class FaultProxy:
    """The proxy; use :func:`fault_proxy`. ``faults`` counts what was done."""

    def __init__(
        self, target_ports: Sequence[int], chaos: Chaos | None, chance: random.Random | None = None
    ) -> None:
        self.port = 0
        self.faults: Counter[Fault] = Counter()
        self.connections_made = 0
        self._target_ports = target_ports
        self._turn = 0
        self._drops = 0
        self._chance = chance
        self._parted: set[int] = set()
        self._delays: dict[int, float] = {}
        self._chaos = chaos
        self._random = random.Random(chaos.seed if chaos is not None else 0)
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._calm = chaos is None

    @property
    def connections(self) -> int:
        """How many are open (ghosts included)."""
        return len(self._connections)

    def calm_down(self) -> None:
        """No further random faults; those under way end in their time."""
        self._calm = True

    async def partition(self, target: int, seconds: float) -> None:
        """Let nothing pass to or from a target for a while; no connection is reset, new ones wait."""
        self._parted.add(target)
        self._set_flow(target, flowing=False)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._parted.discard(target)
            self._set_flow(target, flowing=True)

    async def delay(self, target: int, delay: float, seconds: float) -> None:
        """Make every chunk to and from a target take ``delay`` seconds longer for a while."""
        self._delays[target] = delay
        self._set_delay(target, delay)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._delays.pop(target, None)
            self._set_delay(target, 0.0)

    def _set_flow(self, target: int, *, flowing: bool) -> None:
        for connection in self._connections:
            if connection.target == target:
                connection.set_flow(flowing=flowing)

    def _set_delay(self, target: int, delay: float) -> None:
        for connection in self._connections:
            if connection.target == target:
                connection.up.delay = connection.down.delay = delay

    def inflict(self, fault: Fault, *, seconds: float = 1.0, after_bytes: int = 0) -> int:
        """Do something to every open connection; return how many that were.

        ``seconds`` is how long the passing faults last (and a ghost's or half-open connection's rest);
        ``after_bytes`` how much :attr:`Fault.CUT_INSIDE` still lets through to the client.
        """
        hit = list(self._connections)
        for connection in hit:
            self._spawn(self._inflict(connection, fault, seconds, after_bytes, towards_client=True))
        return len(hit)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection of a client."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        drops = self._drops
        opened = await self._open()
        if opened is None:
            writer.transport.abort()
            return
        target, hub_reader, hub_writer = opened
        if self._drops != drops:  # cut before it was one
            writer.transport.abort()
            hub_writer.transport.abort()
            return
        connection = _Connection(writer, hub_writer, target)
        connection.set_flow(flowing=target not in self._parted)
        connection.up.delay = connection.down.delay = self._delays.get(target, 0.0)
        self.connections_made += 1
        self._connections.add(connection)
        pumps = [
            asyncio.create_task(_pump(reader, hub_writer, connection.up, connection)),
            asyncio.create_task(_pump(hub_reader, writer, connection.down, connection)),
        ]
        chaos = asyncio.create_task(self._disturb(connection))
        try:
            await connection.over.wait()
        finally:
            self._connections.discard(connection)
            for task in (*pumps, chaos):
                task.cancel()
            await asyncio.gather(*pumps, chaos, return_exceptions=True)
            connection.cut()

    async def _open(self) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect to the target whose turn it is, or to the next that answers."""
        if self._chance is not None:
            self._turn = self._chance.randrange(len(self._target_ports))
        for _ in self._target_ports:
            target = self._turn % len(self._target_ports)
            self._turn += 1
            with contextlib.suppress(OSError):
                return target, *await asyncio.open_connection("127.0.0.1", self._target_ports[target])
        return None

    async def drop_all(self) -> None:
        """Cut everything, what is about to connect as well, and forget what was planned."""
        self._drops += 1
        for task in self._tasks:
            task.cancel()
        for connection in list(self._connections):
            connection.cut()
        await asyncio.gather(*self._tasks, *self._serving, return_exceptions=True)

    async def _disturb(self, connection: _Connection) -> None:
        """Let random faults happen to one connection for as long as it lives."""
        chaos = self._chaos
        if chaos is None:
            return
        faults, weights = zip(*chaos.weights, strict=True)
        while True:
            await asyncio.sleep(self._random.expovariate(1 / chaos.mean_interval))
            if self._calm:
                return
            (fault,) = self._random.choices(faults, weights)
            half_open = fault is Fault.HALF_OPEN
            seconds = chaos.half_open_for if half_open else self._random.uniform(0.05, chaos.longest)
            await self._inflict(
                connection,
                fault,
                seconds,
                self._random.randrange(600),
                towards_client=self._random.random() < 0.7,
            )

    async def _inflict(
        self, connection: _Connection, fault: Fault, seconds: float, after_bytes: int, *, towards_client: bool
    ) -> None:
        self.faults[fault] += 1
        match fault:
            case Fault.CUT:
                connection.cut()
            case Fault.CUT_INSIDE:
                (connection.down if towards_client else connection.up).bytes_left = after_bytes
            case Fault.LOSE_REPLIES:
                connection.down.swallow = True
                await asyncio.sleep(min(seconds, 1.0))
                connection.cut()
            case Fault.GHOST:
                connection.set_flow(flowing=False)
                connection.client.transport.abort()
                await asyncio.sleep(seconds)
                connection.cut()
            case Fault.STALL:
                connection.set_flow(flowing=False)
                await asyncio.sleep(seconds)
                connection.set_flow(flowing=True)
            case Fault.HALF_OPEN:
                connection.up.swallow = connection.down.swallow = True
                await asyncio.sleep(seconds)
                connection.cut()
            case Fault.DELAY:
                connection.up.delay = connection.down.delay = self._random.uniform(0.02, 0.3)
                await asyncio.sleep(seconds)
                connection.up.delay = connection.down.delay = 0.0
            case Fault.THROTTLE:
                connection.down.bytes_per_second = self._random.choice((500, 2_000, 20_000))
                await asyncio.sleep(seconds)
                connection.down.bytes_per_second = None

    def _spawn(self, coroutine: asyncio._CoroutineLike[None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, side: _Side, connection: _Connection
) -> None:
    """Carry bytes one way until an end closes; a ghost's or stalled connection's end is not passed on."""
    try:
        while data := await reader.read(CHUNK_BYTES if side.bytes_per_second is None else 64):
            if side.delay:
                await asyncio.sleep(side.delay)
            if (rate := side.bytes_per_second) is not None:
                await asyncio.sleep(len(data) / rate)
            await side.flowing.wait()
            if side.swallow:
                continue
            if side.bytes_left is not None:
                writer.write(data[: side.bytes_left])
                side.bytes_left -= len(data)
                if side.bytes_left <= 0:
                    await writer.drain()
                    break
            else:
                writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    if not side.flowing.is_set():
        await side.flowing.wait()
    if not side.swallow:
        await _let_go(connection)


async def _let_go(connection: _Connection) -> None:
    """End both sides after what was written is on its way."""
    for writer in (connection.client, connection.hub):
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()
    connection.over.set()


@contextlib.asynccontextmanager
async def fault_proxy(
    *target_ports: int, chaos: Chaos | None = None, chance: random.Random | None = None
) -> AsyncIterator[FaultProxy]:
    """Serve on a free port of the loopback interface, before ``target_ports`` by turns or by ``chance``."""
    proxy = FaultProxy(target_ports, chaos, chance)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.calm_down()
        listener.close()
        await proxy.drop_all()
        await listener.wait_closed()
