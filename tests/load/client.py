"""``python -m tests.load client``: CPU time of a StreamToken from socket to handler, ours and the peers'.

One raw server feeds every client the same pre-framed bytes as fast as it reads; each client is a process of
its own and reports user plus system CPU time over the measured phase (median of repeats, after a warm-up).
Goals: at one record per frame at most 0.75 of @microsoft/signalr, at 64 at most 0.5; never above 0.6 of
pysignalr. They are for clients that read as fast as they can; with ``--pause`` a client waits for each frame,
and the cost of waking it drowns the rest. What cannot be installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from tests.load.tokens import RECORDS
from tests.support.processes.node import NodeMissingError, find_node, npm_ci

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final = Path(__file__).parent / "peers"
PER_FRAME: Final = (1, 64)
TIMEOUT: Final = 300.0
# A folder of their own: they want an older `websockets` than we do.
PEER_PACKAGES: Final = ("pysignalr==1.3.3", "signalrcore==1.0.2", "aiosignalr==0.1.1")
OFFICIAL, PYSIGNALR, OURS = "@microsoft/signalr", "pysignalr", "conduit_widget"
GOALS: Final = {OFFICIAL: {1: 0.75, 64: 0.5}, PYSIGNALR: {1: 0.6, 64: 0.6}}

Costs = dict[int, list[float]]


@dataclass(frozen=True)
class Peer:
    """A client to measure: its command, and the packages it needs."""

    name: str
    command: tuple[str, ...]
    packages: Path | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``client``."""
    parser.add_argument("--messages", type=int, default=100_000, help="a phase and client")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each client, by turns")
    parser.add_argument("--repeats", type=int, default=3, help="measured phases in each process")
    parser.add_argument("--record", choices=RECORDS, default="short", help="with or without the model's name")
    parser.add_argument("--pause", type=int, default=0, help="µs after each frame: every frame its own read")
    parser.add_argument("--only", action="append", help="measure this client (may be repeated)")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    costs: dict[str, Costs] = {}
    with _raw_server(arguments.record) as port:
        settings = {
            "url": f"http://127.0.0.1:{port}/hub",
            "messages": arguments.messages,
            "per_frame": PER_FRAME,
            "repeats": arguments.repeats,
            "pause": arguments.pause,
        }
        peers = _peers(arguments.only)
        for _ in range(arguments.rounds):  # by turns, so that a busy moment of the machine hits everybody
            for peer in list(peers):
                try:
                    found = _measure(peer, settings)
                except (subprocess.SubprocessError, json.JSONDecodeError) as error:
                    print(f"{peer.name}: not measured ({error})", flush=True)
                    peers.remove(peer)
                    continue
                known = costs.setdefault(peer.name, {per_frame: [] for per_frame in PER_FRAME})
                for per_frame, values in found.items():
                    known[per_frame] += values
    _print_table(costs, arguments)
    return 0


def _measure(peer: Peer, settings: dict[str, object]) -> Costs:
    paths = [str(path) for path in (peer.packages, ROOT) if path is not None]
    done = subprocess.run(
        peer.command,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "NO_PROXY": "127.0.0.1",
            "CONDUIT_LOAD": json.dumps(settings),
        },
        stdout=subprocess.PIPE,
        timeout=TIMEOUT,
        check=True,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return {int(per_frame): values for per_frame, values in found.items()}


@contextmanager
def _raw_server(record: str) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.load.raw_server", "--record", record]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def _peers(only: list[str] | None) -> list[Peer]:
    wanted: list[Peer] = [Peer(OURS, (sys.executable, str(PEERS / "ours.py")))]
    if only is None or OFFICIAL in only:
        try:
            node = find_node()
            npm_ci(ROOT / "tests" / "interop", node)
            wanted.append(Peer(OFFICIAL, (*node.node, str(PEERS / "peer_signalr_js.mjs"))))
        except (NodeMissingError, RuntimeError) as error:
            print(f"{OFFICIAL}: not measured ({error})")
    names = ("pysignalr", "signalrcore", "aiosignalr")
    if only is None or any(name in only for name in names):
        packages = _python_packages()
        if packages is not None:
            wanted += [Peer(n, (sys.executable, str(PEERS / f"peer_{n}.py")), packages) for n in names]
    return [peer for peer in wanted if only is None or peer.name in only]


def _python_packages() -> Path | None:
    """Return the folder with the Python peers, installing them once."""
    folder = Path(platformdirs.user_cache_dir("conduit_widget_tests")) / "signalr-peers"
    if not (folder / "aiosignalr").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *PEER_PACKAGES]
        if subprocess.run(command, check=False).returncode:
            print(f"the Python peers cannot be installed: {' '.join(PEER_PACKAGES)}")
            return None
    return folder


def _print_table(costs: dict[str, Costs], arguments: argparse.Namespace) -> None:
    ours = costs.get(OURS)
    feed = f"a frame each {arguments.pause} µs or more" if arguments.pause else "as fast as it reads"
    phases = arguments.rounds * arguments.repeats
    print(f"CPU µs per message, median (lowest) of {phases} x {arguments.messages}, {feed}")
    heads = "".join(f"{f'{per_frame} per frame':>18}{'ours / theirs':>15}" for per_frame in PER_FRAME)
    print(f"{'client':20}{heads}")
    for name, found in costs.items():
        cells = ""
        for per_frame in PER_FRAME:
            middle = statistics.median(found[per_frame])
            cells += f"{f'{middle:.2f} ({min(found[per_frame]):.2f})':>18}"
            cells += f"{statistics.median(ours[per_frame]) / middle if ours else 0:15.2f}"
        print(f"{name:20}{cells}")
    for name, goals in GOALS.items() if not arguments.pause else ():
        for per_frame, goal in goals.items():
            if ours and name in costs:
                ratio = statistics.median(ours[per_frame]) / statistics.median(costs[name][per_frame])
                verdict = "reached" if ratio <= goal else "MISSED"
                print(f"goal: at most {goal} of {name} at {per_frame} per frame: {ratio:.2f}, {verdict}")
