"""What is measured: fan-out, acknowledged sends, idle connections, a reconnect storm, a reader that stops."""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.load.bench.crowd import BenchError, Crowd
from tests.load.bench.target import Messages, Target, new_conversation, result_of
from tests.support.signalr.client_frames import PING, frame

RECEIVED: Final = b'"target":"ReceiveMessage"'
ANSWERED: Final = b'"type":3,"invocationId"'
PING_INTERVAL: Final = 15.0
ROOM: Final = 8
"""Members of a conversation where many are measured at once."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the scenarios; times in seconds."""

    members: int = 1000
    senders: int = 64
    idle: int = 8000
    storm: int = 1000
    missed: int = 50
    readers: int = 200
    seconds: float = 5.0
    text_bytes: int = 120


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number. ``goal``: what it should be at most (or at least, with ``more_is_better``)."""

    scenario: str
    name: str
    value: float | None
    unit: str
    goal: float | None = None
    more_is_better: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none or nothing was measured."""
        if self.goal is None or self.value is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal


Scenario = Callable[[Target, Options], list[Figure]]


def fan_out(target: Target, options: Options) -> list[Figure]:
    """One conversation, every message to every member: one message under way, then sixteen."""
    crowd, room = target.crowd(), new_conversation()
    members = crowd.open(target.join(number, room) for number in range(options.members))
    crowd.marker = RECEIVED
    crowd.settle()
    figures, senders = [], itertools.cycle(members)
    messages = Messages(room, "x" * options.text_bytes)
    for in_flight in (1, 16):
        cost = deliver(
            target,
            crowd,
            lambda: crowd.send(next(senders), next(messages)),
            in_flight=in_flight,
            seconds=options.seconds,
        )
        figures += [
            Figure(
                scenario="fan-out",
                name=f"CPU per delivery, {in_flight} in flight",
                value=cost.cpu_us,
                unit="µs",
            ),
            Figure(
                scenario="fan-out",
                name=f"deliveries per CPU second, {in_flight} in flight",
                value=1e6 / cost.cpu_us if cost.cpu_us else None,
                unit="/s",
                goal=400_000 if in_flight > 1 else None,
                more_is_better=True,
            ),
            Figure(
                scenario="fan-out",
                name=f"delivered, {in_flight} in flight",
                value=cost.per_second,
                unit="/s",
            ),
        ]
    crowd.close()
    return figures


@dataclass(frozen=True)
class DeliveryCost:
    """CPU of the hub a delivery (µs), and deliveries a second of wall time."""

    cpu_us: float | None
    per_second: float


def deliver(
    target: Target, crowd: Crowd, send_one: Callable[[], None], *, in_flight: int, seconds: float
) -> DeliveryCost:
    """Send ``in_flight`` messages, wait until every client has each, and again, for ``seconds``."""
    receivers = len(crowd.clients)

    def rounds(until: float) -> int:
        done = 0
        while time.monotonic() < until or not done:
            for _ in range(in_flight):
                send_one()
            done += in_flight * receivers
            crowd.wait_for(done)
        return done

    crowd.reset()
    rounds(time.monotonic() + seconds / 4)  # to warm up
    crowd.reset()
    before, began = target.cpu(), time.perf_counter()
    delivered = rounds(time.monotonic() + seconds)
    wall, after = time.perf_counter() - began, target.cpu()
    cpu_us = None if before is None or after is None else (after - before) / delivered * 1e6
    return DeliveryCost(cpu_us, delivered / wall)


def send(target: Target, options: Options) -> list[Figure]:
    """Acknowledged messages a second: conversations of eight, eight messages of each member on the way."""
    crowd = target.crowd()
    rooms = [new_conversation() for _ in range(math.ceil(options.senders / ROOM))]
    senders = crowd.open(target.join(number, rooms[number // ROOM]) for number in range(options.senders))
    text = "x" * options.text_bytes
    messages_of = {
        client: Messages(rooms[number // ROOM], text, answered=True) for number, client in enumerate(senders)
    }
    crowd.settle()
    crowd.marker = ANSWERED
    crowd.on_message = lambda client, found: crowd.send(
        client, b"".join([next(messages_of[client]) for _ in range(found)])
    )
    for client in senders:
        crowd.send(client, b"".join([next(messages_of[client]) for _ in range(8)]))
    _poll_for(crowd, options.seconds / 4)
    crowd.reset()
    before, began = target.cpu(), time.perf_counter()
    _poll_for(crowd, options.seconds)
    wall, after = time.perf_counter() - began, target.cpu()
    acknowledged = crowd.total
    crowd.on_message = None
    crowd.close()
    cpu = None if before is None or after is None else (after - before) / max(acknowledged, 1) * 1e6
    return [
        Figure(
            scenario="send",
            name=f"acknowledged after commit, {options.senders} senders",
            value=acknowledged / wall,
            unit="/s",
            goal=8000,
            more_is_better=True,
        ),
        Figure(scenario="send", name="CPU per message", value=cpu, unit="µs"),
    ]


def idle(target: Target, options: Options) -> list[Figure]:
    """Members who say nothing: what each costs in memory, and all of them in CPU, pings included."""
    crowd = target.crowd()
    crowd.open(target.join(number, new_conversation()) for number in range(20))  # to warm up
    crowd.settle()
    before = target.memory()
    rooms = [new_conversation() for _ in range(options.idle // ROOM + 1)]
    scripts = (target.join(20 + number, rooms[number // ROOM]) for number in range(options.idle))
    crowd.open(scripts, within=180)
    crowd.settle()
    after = target.memory()
    _live(crowd, 3.0)
    cpu_before, seconds = target.cpu(), max(PING_INTERVAL, options.seconds)
    _live(crowd, seconds)
    cpu_after = target.cpu()
    crowd.close()
    memory = None if before is None or after is None else (after - before) / options.idle / 1024
    cpu = None if cpu_before is None or cpu_after is None else (cpu_after - cpu_before) / seconds * 100
    return [
        Figure(scenario="idle", name="memory per joined connection", value=memory, unit="KiB", goal=12),
        Figure(
            scenario="idle",
            name=f"CPU of {options.idle} connections",
            value=cpu,
            unit="% of a core",
            goal=3 * options.idle / 8000,
        ),
    ]


def storm(target: Target, options: Options) -> list[Figure]:
    """Everybody is cut, misses messages, and comes back in the same moment."""
    crowd, room = target.crowd(), new_conversation()
    members = crowd.open(target.join(number, room) for number in range(options.storm))
    position = result_of(members[-1])
    crowd.settle()
    crowd.close()
    [sender] = crowd.open([target.join(options.storm, room)])
    crowd.marker = ANSWERED
    crowd.reset()
    messages = Messages(room, "x" * options.text_bytes, answered=True)
    for _ in range(options.missed):
        crowd.send(sender, next(messages))
    crowd.wait_for(options.missed)
    before, began = target.cpu(), time.perf_counter()
    epoch, seq = position["epoch"], position["seq"]
    scripts = [target.resume(number, room, epoch, seq) for number in range(options.storm)]
    back = crowd.open(scripts, parallel=options.storm)
    wall, after = time.perf_counter() - began, target.cpu()
    for client in back:
        if b'"recovered":true' not in client.reply:
            raise BenchError("A client was not recovered: the hub gave a snapshot instead of what it missed.")
        events = client.reply.count(RECEIVED)
        if events != options.missed:
            raise BenchError(f"A client got {events} of {options.missed} missed messages.")
    crowd.close()
    return [
        Figure(
            scenario="storm",
            name=f"{options.storm} clients back with {options.missed} missed messages each",
            value=wall,
            unit="s",
            goal=10,
        ),
        Figure(
            scenario="storm",
            name="CPU per client",
            value=None if before is None or after is None else (after - before) / options.storm * 1000,
            unit="ms",
        ),
    ]


def slow_reader(target: Target, options: Options) -> list[Figure]:
    """Messages at a steady rate: how late they come to those who read, without and with one that stopped."""
    without, stopped, growth = [], [], []
    _latency(target, options, stop=False)  # to warm up
    for _ in range(3):
        without.append(_latency(target, options, stop=False)[0])
        p99, grown = _latency(target, options, stop=True)
        stopped.append(p99)
        if grown is not None:
            growth.append(grown)
    quiet, disturbed = statistics.median(without), statistics.median(stopped)
    return [
        Figure(scenario="slow-reader", name="p99 without", value=quiet * 1000, unit="ms"),
        Figure(
            scenario="slow-reader",
            name="p99 of the others, one stopped",
            value=disturbed * 1000,
            unit="ms",
            goal=quiet * 1200,
        ),
        Figure(
            scenario="slow-reader",
            name="memory growth, one stopped",
            value=max(growth) / 1024 if growth else None,
            unit="KiB",
            goal=1024,
        ),
    ]


def _latency(target: Target, options: Options, *, stop: bool) -> tuple[float, int | None]:
    """Return the p99 of delivery times in seconds, and what the hub's memory grew at most meanwhile."""
    crowd, room = target.crowd(), new_conversation()
    scripts = [target.join(number, room) for number in range(options.readers + 1)]
    if stop:
        scripts[-1] = dataclasses.replace(scripts[-1], receive_bytes=4096)
    sender, *readers = crowd.open(scripts)
    crowd.marker = RECEIVED
    crowd.settle()
    if stop:
        crowd.stop_reading(readers.pop())
    for client in readers:
        client.arrived = []
    messages = Messages(room, "x" * 16_000)
    sent_at: list[float] = []
    crowd.reset()
    before, interval = target.memory(), 1 / 25
    most = before
    due = time.perf_counter()
    for _ in range(round(options.seconds / interval)):
        while (left := due - time.perf_counter()) > 0:
            crowd.poll(left)
        sent_at.append(time.perf_counter())
        crowd.send(sender, next(messages))
        due += interval
        most = max(most or 0, target.memory() or 0)
    expected = len(sent_at) * (len(readers) + 1)
    crowd.wait_for(expected)
    late = sorted(
        arrived - sent
        for client in readers
        for sent, arrived in zip(sent_at, client.arrived or (), strict=True)
    )
    crowd.close()
    grown = None if before is None or most is None else most - before
    return late[int(len(late) * 0.99)], grown


def _poll_for(crowd: Crowd, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        crowd.poll(left)


def _live(crowd: Crowd, seconds: float) -> None:
    """Let everybody live: read, and ping as clients do, evenly over the interval."""
    ping, clients = frame(PING), list(crowd.clients)
    began, pinged = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        while pinged < passed / PING_INTERVAL * len(clients):
            crowd.send(clients[pinged % len(clients)], ping)
            pinged += 1
        crowd.poll(0.02)


SCENARIOS: Final[dict[str, Scenario]] = {
    "fan-out": fan_out,
    "send": send,
    "idle": idle,
    "storm": storm,
    "slow-reader": slow_reader,
}
