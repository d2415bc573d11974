"""What is done to the hubs and the network while people talk: each a seeded plan that can be played again."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Awaitable, Callable
from typing import Final

from tests.load.stage import Stage
from tests.support.network.fault_proxy import Chaos, Fault

HOUR: Final = 3600.0
CALM_FIRST: Final = 1.5
SHORT_FAULTS: Final = tuple(
    (fault, weight) for fault, weight in Chaos(0).weights if fault is not Fault.HALF_OPEN
)

Act = Callable[[Stage], Awaitable[None]]


@dataclasses.dataclass(frozen=True)
class Step:
    """Something done ``at`` seconds after the talk began; ``text`` says what, in the printed plan."""

    at: float
    text: str
    act: Act

    def __str__(self) -> str:
        return f"{self.at:.2f} {self.text}"


Planner = Callable[[random.Random, float, int], Step]
"""Plans one step: ``(chance, at, nodes)``."""


def _kill(chance: random.Random, at: float, nodes: int) -> Step:
    hub, down = chance.randrange(nodes), chance.uniform(0, 1)
    return Step(at, f"kill -9 hub {hub}, {down:.2f} s down", lambda stage: stage.kill(hub, down))


def _restart(chance: random.Random, at: float, nodes: int) -> Step:
    async def roll(stage: Stage) -> None:
        for hub in range(nodes):
            await stage.restart(hub)

    return Step(at, "SIGTERM and restart of each hub", roll)


def _freeze(chance: random.Random, at: float, nodes: int) -> Step:
    hub, seconds = chance.randrange(nodes), chance.uniform(0.5, 3)
    return Step(at, f"SIGSTOP hub {hub} for {seconds:.2f} s", lambda stage: stage.freeze(hub, seconds))


def _partition(chance: random.Random, at: float, nodes: int) -> Step:
    hub, seconds = chance.randrange(nodes), chance.uniform(0.5, 3)
    return Step(
        at,
        f"partition between clients and hub {hub} for {seconds:.2f} s",
        lambda stage: stage.front.partition(hub, seconds),
    )


def _delay(chance: random.Random, at: float, nodes: int) -> Step:
    hub, delay, seconds = chance.randrange(nodes), chance.uniform(0.05, 0.5), chance.uniform(1, 3)
    return Step(
        at,
        f"{delay * 1000:.0f} ms delay between clients and hub {hub} for {seconds:.2f} s",
        lambda stage: stage.front.delay(hub, delay, seconds),
    )


def _sleep(chance: random.Random, at: float, nodes: int) -> Step:
    seconds = chance.uniform(1, 5)
    return Step(at, f"SIGSTOP the official client for {seconds:.2f} s", lambda s: s.put_to_sleep(seconds))


def _cut(chance: random.Random, at: float, nodes: int) -> Step:
    fault = chance.choice((Fault.CUT, Fault.CUT_INSIDE, Fault.LOSE_REPLIES, Fault.GHOST))
    after = chance.randrange(600)

    async def act(stage: Stage) -> None:
        stage.front.inflict(fault, after_bytes=after)

    return Step(at, f"{fault.value} of every connection", act)


def _clock(chance: random.Random, at: float, nodes: int) -> Step:
    hub, offset = chance.randrange(nodes), chance.choice((-HOUR, -60.0, 0.0, 60.0, HOUR))

    async def act(stage: Stage) -> None:
        stage.set_clock(hub, offset)

    return Step(at, f"clock of hub {hub} jumps to {offset:+.0f} s", act)


def _nothing(chance: random.Random, at: float, nodes: int) -> Step:
    async def act(stage: Stage) -> None:
        """The random faults of the network and the slow readers are there anyway."""

    return Step(at, "nothing more", act)


def _redis(chance: random.Random, at: float, nodes: int) -> Step:
    how, seconds = chance.choice(("stop", "kill", "freeze")), chance.uniform(0.2, 3)
    return _engine_fault(at, "redis", how, seconds)


def _postgres(chance: random.Random, at: float, nodes: int) -> Step:
    how, seconds = chance.choice(("stop", "crash", "kill")), chance.uniform(0.2, 2)
    return _engine_fault(at, "postgres", how, seconds)


def _engine_fault(at: float, name: str, how: str, seconds: float) -> Step:
    if how == "freeze":
        return Step(
            at, f"SIGSTOP {name} for {seconds:.2f} s", lambda stage: stage.freeze_engine(name, seconds)
        )
    return Step(
        at, f"{how} {name}, {seconds:.2f} s down", lambda stage: stage.stop_engine(name, how, seconds)
    )


def _cut_off(chance: random.Random, at: float, nodes: int) -> Step:
    hub, name, seconds = chance.randrange(nodes), chance.choice(("redis", "postgres")), chance.uniform(0.5, 6)
    return Step(
        at,
        f"partition between hub {hub} and {name} for {seconds:.2f} s",
        lambda stage: stage.cut_off(hub, name, seconds),
    )


def _silence(chance: random.Random, at: float, nodes: int) -> Step:
    """Make the others take a hub for dead, which then goes on."""
    hub, seconds = chance.randrange(nodes), chance.uniform(11, 17)
    if chance.random() < 0.5:
        return Step(at, f"SIGSTOP hub {hub} for {seconds:.2f} s", lambda stage: stage.freeze(hub, seconds))
    name = chance.choice(("redis", "postgres"))
    return Step(
        at,
        f"partition between hub {hub} and {name} for {seconds:.2f} s",
        lambda stage: stage.cut_off(hub, name, seconds),
    )


def _most(
    chance: random.Random,
    at: float,
    nodes: int,
    what: str,
    do: Callable[[Stage, int], Awaitable[None]],
) -> Step:
    """Do the same to all hubs but one, at once."""
    hubs = sorted(chance.sample(range(nodes), nodes - 1))

    async def act(stage: Stage) -> None:
        await asyncio.gather(*(do(stage, hub) for hub in hubs))

    return Step(at, what.format(hubs=f"hubs {', '.join(map(str, hubs))}"), act)


def _kill_most(chance: random.Random, at: float, nodes: int) -> Step:
    """Stop all hubs but one, which everybody goes to; then a cut spreads them over all again."""
    down = chance.uniform(0, 1)
    what = f"kill -9 {{hubs}}, {down:.2f} s down, then a cut of every connection"
    step = _most(chance, at, nodes, what, lambda stage, hub: stage.kill(hub, down))

    async def act(stage: Stage) -> None:
        await step.act(stage)
        stage.front.inflict(Fault.CUT)

    return dataclasses.replace(step, act=act)


def _freeze_most(chance: random.Random, at: float, nodes: int) -> Step:
    seconds = chance.uniform(0.5, 3)
    what = f"SIGSTOP {{hubs}} for {seconds:.2f} s"
    return _most(chance, at, nodes, what, lambda stage, hub: stage.freeze(hub, seconds))


def _partition_most(chance: random.Random, at: float, nodes: int) -> Step:
    seconds = chance.uniform(0.5, 3)
    what = f"partition between clients and {{hubs}} for {seconds:.2f} s"
    return _most(chance, at, nodes, what, lambda stage, hub: stage.front.partition(hub, seconds))


def _cut_off_most(chance: random.Random, at: float, nodes: int) -> Step:
    name, seconds = chance.choice(("redis", "postgres")), chance.uniform(0.5, 6)
    what = f"partition between {{hubs}} and {name} for {seconds:.2f} s"
    return _most(chance, at, nodes, what, lambda stage, hub: stage.cut_off(hub, name, seconds))


def _bury(chance: random.Random, at: float, nodes: int) -> Step:
    """Kill a hub for so long that two survivors at least notice it at once, and both end what it left."""
    hub, down = chance.randrange(nodes), chance.uniform(14, 17)
    return Step(at, f"kill -9 hub {hub}, {down:.2f} s down", lambda stage: stage.kill(hub, down))


@dataclasses.dataclass(frozen=True)
class Nemesis:
    """What may happen in a run: steps of these kinds, ``pause`` seconds apart on average.

    ``chaos``: the network fails at random. ``slow_readers``: some clients stop reading, and messages are
    large. ``cluster``: only for several nodes. ``of_many``: further kinds, for more than two nodes.
    """

    planners: tuple[Planner, ...]
    pause: float = 3.0
    chaos: bool = False
    slow_readers: int = 0
    clock: bool = False
    cluster: bool = False
    of_many: tuple[Planner, ...] = ()

    def kinds(self, nodes: int) -> tuple[Planner, ...]:
        """Return the kinds of steps for so many nodes; those for one and two are what they always were."""
        return self.planners if nodes <= 2 else self.planners + self.of_many


NEMESES: Final[dict[str, Nemesis]] = {
    "kill": Nemesis((_kill,), of_many=(_kill_most,)),
    "restart": Nemesis((_restart,), pause=5.0),
    "freeze": Nemesis((_freeze, _sleep), of_many=(_freeze_most,)),
    "partition": Nemesis((_partition, _delay), of_many=(_partition_most,)),
    "cut": Nemesis((_cut,), pause=1.5),
    "network": Nemesis((_nothing,), chaos=True),
    "readers": Nemesis((_cut, _nothing), slow_readers=3),
    "clock": Nemesis((_clock, _clock, _cut), pause=2.0, clock=True),
    "all": Nemesis(
        (_kill, _kill, _restart, _freeze, _sleep, _partition, _delay, _cut, _clock),
        chaos=True,
        slow_readers=1,
        clock=True,
        of_many=(_kill_most, _freeze_most, _partition_most),
    ),
    "redis": Nemesis((_redis,), cluster=True),
    "postgres": Nemesis((_postgres,), pause=4.0, cluster=True),
    "cut off": Nemesis((_cut_off,), cluster=True, of_many=(_cut_off_most,)),
    "engines": Nemesis(
        (_redis, _postgres, _cut_off, _kill),
        cluster=True,
        of_many=(_cut_off_most, _kill_most),
    ),
    "silence": Nemesis((_silence,), pause=9.0, cluster=True, of_many=(_bury,)),
    "everything": Nemesis(
        (_kill, _kill, _restart, _freeze, _partition, _delay, _cut, _clock, _redis, _postgres, _cut_off),
        chaos=True,
        slow_readers=1,
        clock=True,
        cluster=True,
        of_many=(_kill_most, _freeze_most, _partition_most, _cut_off_most),
    ),
}


def nemeses_for(nodes: int) -> tuple[str, ...]:
    """Return the names of what can happen to so many nodes."""
    return tuple(name for name, nemesis in NEMESES.items() if nodes > 1 or not nemesis.cluster)


@dataclasses.dataclass(frozen=True)
class Plan:
    """All that is random about a run follows from these four."""

    seed: int
    name: str
    nodes: int
    seconds: float

    @property
    def nemesis(self) -> Nemesis:
        """What may happen."""
        return NEMESES[self.name]

    @property
    def replay(self) -> str:
        """Return the command that plays this run again."""
        return (
            f"python -m tests.load proof --runs 1 --seed {self.seed} --nemesis {self.name}"
            f" --nodes {self.nodes} --seconds {self.seconds:g}"
        )

    @property
    def chaos(self) -> Chaos | None:
        """Return the random faults of the network, where there are any."""
        if not self.nemesis.chaos:
            return None
        return Chaos(self.seed, mean_interval=3.0, longest=1.0, weights=SHORT_FAULTS)

    def chance(self, what: str) -> random.Random:
        """Return the source of randomness for something."""
        return random.Random(f"{self.seed} {self.name} {self.nodes} {what}")

    def steps(self) -> list[Step]:
        """Return what happens, in order."""
        chance, nemesis = self.chance("steps"), self.nemesis
        steps, at = [], CALM_FIRST
        while at < self.seconds:
            steps.append(chance.choice(nemesis.kinds(self.nodes))(chance, at, self.nodes))
            at += nemesis.pause * chance.uniform(0.5, 1.5)
        return steps


async def play(stage: Stage, steps: list[Step]) -> None:
    """Do each step in its time; return when the last has ended."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(step: Step) -> None:
        await asyncio.sleep(began + step.at - loop.time())
        await step.act(stage)

    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(one(step))
