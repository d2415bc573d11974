"""``python -m tests.load soak``: random faults for long, then what was lost, doubled or reordered.

Members of one conversation (JSON and MessagePack by turns) talk to a real hub process through the fault
proxy. The exit code is 1 when anything was lost, doubled or reordered. Memory: a client's transcript grows to
its limit first, so compare the end with the middle as well as with the start.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from tests.load.proof.chaos import ChaosRun, chaos_run
from tests.support.hub.live_hub import LiveHub
from tests.support.judging.verdict import Verdict
from tests.support.network.fault_proxy import ENDING, Chaos

MIB: Final = 1024 * 1024
REPORT_EVERY: Final = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``soak``."""
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--pause", type=float, default=0.5, help="mean seconds between a member's messages")
    parser.add_argument(
        "--interval", type=float, default=8.0, help="mean seconds between a connection's faults"
    )


def run(arguments: argparse.Namespace) -> int:
    """Soak, print, and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="conduit-soak-") as folder:
        hub = LiveHub(Path(folder), {"CONDUIT_PROVIDER": "local"}).start()
        try:
            return asyncio.run(_soak(hub, arguments))
        finally:
            hub.stop()


async def _soak(hub: LiveHub, arguments: argparse.Namespace) -> int:
    chaos = Chaos(arguments.seed, mean_interval=arguments.interval)
    async with chaos_run(hub, members=arguments.members, seed=arguments.seed, chaos=chaos) as soak:
        memory = _Memory(hub.process.pid)
        print(
            f"soak: {arguments.minutes:g} min, seed {arguments.seed}, {arguments.members} members", flush=True
        )
        soak.talk(arguments.pause)
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < arguments.minutes * 60:
            await asyncio.sleep(min(REPORT_EVERY, arguments.minutes * 60 - elapsed))
            soak.check_talkers()
            memory.sample()
            _print_progress(soak, memory, time.monotonic() - began)
        await soak.settle()
        verdict = soak.checker.verdict(await soak.log())
        memory.sample()
        _print_result(soak, memory, verdict)
    return 0 if verdict.clean and soak.checker.acknowledged == verdict.messages else 1


class _Memory:
    """Resident memory of the hub and of this process (clients, proxy, checker), in MiB."""

    def __init__(self, hub_pid: int) -> None:
        self._hub, self._client = psutil.Process(hub_pid), psutil.Process()
        self.samples: list[tuple[float, float]] = []
        self.sample()

    def sample(self) -> None:
        """Record one more sample."""
        self.samples.append((self._hub.memory_info().rss / MIB, self._client.memory_info().rss / MIB))


def _cuts(soak: ChaosRun) -> int:
    return sum(count for fault, count in soak.proxy.faults.items() if fault in ENDING)


def _print_progress(soak: ChaosRun, memory: _Memory, elapsed: float) -> None:
    hub, client = memory.samples[-1]
    verdict = soak.checker.verdict_so_far
    print(
        f"{elapsed / 60:5.1f} min  {_cuts(soak):5} cuts  {soak.checker.sent:6} sent  "
        f"doubled {verdict.doubled}  reordered {verdict.reordered}  "
        f"rss hub {hub:.1f}  clients {client:.1f} MiB",
        flush=True,
    )


def _print_result(soak: ChaosRun, memory: _Memory, verdict: Verdict) -> None:
    faults = ", ".join(
        f"{fault.value} {count}" for fault, count in sorted(soak.proxy.faults.items(), key=str)
    )
    reconnects = sum(member.reconnects for member in soak.members)
    snapshots = sum(member.observer.snapshots for member in soak.members)
    middle = len(memory.samples) // 2
    print(f"faults      {faults}")
    print(f"cuts        {_cuts(soak)} ({reconnects} reconnects, {snapshots} snapshots)")
    print(f"messages    {verdict.messages} sent, {soak.checker.acknowledged} acknowledged")
    print(f"lost        {verdict.lost}")
    print(f"doubled     {verdict.doubled}")
    print(f"reordered   {verdict.reordered}")
    for name, column in (("hub", 0), ("clients", 1)):
        start, half, end = (memory.samples[at][column] for at in (0, middle, -1))
        print(f"rss {name:7} start {start:.1f}, middle {half:.1f}, end {end:.1f} MiB")
    for finding in verdict.findings:
        print(f"finding     {finding}")
