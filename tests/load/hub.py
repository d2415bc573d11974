"""``python -m tests.load hub``: CPU time of a fan-out, ours and the peers', in one run.

1,000 clients in one process read what each server sends to all of them when one asks: one message under
way, then sixteen. What is compared is the CPU time of the server's process for each delivered message of 120
bytes, envelope included (median of the rounds, the peers by turns). Goals: ours at most twice the floor;
websockets.broadcast at least 1.5 times ours, aiosignalr 3, python-socketio 6, node's socket.io 1; sixteen
under way at least 400,000 deliveries a CPU second. What a real conversation costs (commit, acknowledgement,
order) says ``python -m tests.load bench``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import platformdirs

from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.open_files import raise_open_file_limit
from tests.load.bench.crowd import BenchError, Crowd, Script, Step
from tests.load.bench.scenarios import DeliveryCost, deliver
from tests.load.bench.target import Target
from tests.support.processes.node import NodeMissingError, find_node
from tests.support.signalr.client_frames import HANDSHAKE, frame, invocation

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final = Path(__file__).parent / "peers"
MARKER: Final = b"fan-out!"
IN_FLIGHT: Final = (1, 16)
PACKAGES: Final = ("aiosignalr==0.1.1", "python-socketio==5.14.1", "aiohttp")
NODE_PACKAGES: Final = ("socket.io@4.8.1",)
OURS, FLOOR = "conduit_widget", "floor: bare send loop"
WEBSOCKETS, AIOSIGNALR = "websockets.broadcast", "aiosignalr"
SOCKETIO, NODE_SOCKETIO = "python-socketio", "node socket.io"
TIMES_OURS: Final = {WEBSOCKETS: 1.5, AIOSIGNALR: 3.0, SOCKETIO: 6.0, NODE_SOCKETIO: 1.0}
FLOOR_GOAL: Final = 2.0
DELIVERIES_GOAL: Final = 400_000.0
_SECRET: Final = b"a secret of the measurement, 32 bytes"
_SHAKEN: Final = Step(frame(HANDSHAKE), b"{}\x1e")
_SOCKETIO_OPENED: Final = (Step(None, b"0{", b"}"), Step(frame(b"40"), b"40{", b"}"))


@dataclass(frozen=True)
class Peer:
    """A server to measure: its command, how a client opens, what a client sends to have all be sent to."""

    name: str
    command: tuple[str, ...]
    path: str
    steps: Sequence[Step]
    ask: bytes
    packages: Path | None = None
    costs: dict[int, list[float]] = field(default_factory=dict)
    speeds: dict[int, list[float]] = field(default_factory=dict)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``hub``."""
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=2.0, help="a measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of each peer, by turns")
    parser.add_argument("--only", action="append", help="measure this peer (may be repeated)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a goal was missed."""
    raise_open_file_limit(arguments.members)
    peers = [peer for peer in _peers() if arguments.only is None or peer.name in arguments.only]
    for _ in range(arguments.rounds):
        for peer in list(peers):
            try:
                _measure(peer, arguments.members, arguments.seconds)
            except (BenchError, subprocess.SubprocessError, ValueError) as error:
                print(f"{peer.name}: not measured ({error})", file=sys.stderr, flush=True)
                peers.remove(peer)
    middle = {
        peer.name: {flight: statistics.median(peer.costs[flight]) for flight in IN_FLIGHT} for peer in peers
    }
    goals = list(_goals(middle))
    if arguments.json:
        print(json.dumps({"cpu_us": middle, "goals": goals}, indent=1))
    else:
        _print_table(peers, middle, goals)
    return int(any(not reached for _, reached in goals))


def _measure(peer: Peer, members: int, seconds: float) -> None:
    with _serving(peer) as target:
        crowd = target.crowd()
        crowd.open(Script(peer.path, peer.steps) for _ in range(members))
        crowd.settle()
        crowd.marker = MARKER
        for flight in IN_FLIGHT:
            cost = _deliver(target, crowd, peer.ask, flight, seconds)
            assert cost.cpu_us is not None
            peer.costs.setdefault(flight, []).append(cost.cpu_us)
            peer.speeds.setdefault(flight, []).append(cost.per_second)
        crowd.close()


def _deliver(target: Target, crowd: Crowd, ask: bytes, in_flight: int, seconds: float) -> DeliveryCost:
    return deliver(
        target, crowd, lambda: crowd.send(crowd.clients[0], ask), in_flight=in_flight, seconds=seconds
    )


@contextlib.contextmanager
def _serving(peer: Peer) -> Iterator[Target]:
    paths = [str(path) for path in (ROOT, peer.packages) if path is not None]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "CONDUIT_PEERS": paths[-1]}
    with subprocess.Popen(
        peer.command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # some complain of every client that is cut
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        try:
            yield Target("127.0.0.1", int(process.stdout.readline()), lambda _: "", process.pid)
        finally:
            process.kill()


def _peers() -> Iterator[Peer]:
    def script(name: str) -> tuple[str, ...]:
        return (sys.executable, str(PEERS / f"{name}.py"))

    go = invocation("Go")
    token = LocalAuthority(_SECRET).issue("bench", "Bench", 3600)
    yield Peer(FLOOR, script("hub_floor"), "/", (), frame(b"go"))
    yield Peer(OURS, script("hub_ours"), f"/hubs/echo?access_token={token}", (_SHAKEN,), go)
    yield Peer(WEBSOCKETS, script("hub_websockets"), "/", (), frame(b"go"))
    packages = _python_packages()
    if packages is not None:
        yield Peer(AIOSIGNALR, script("hub_aiosignalr"), "/hub", (_SHAKEN,), go, packages)
        yield Peer(
            SOCKETIO,
            script("hub_socketio"),
            "/socket.io/?EIO=4&transport=websocket",
            _SOCKETIO_OPENED,
            frame(b'42["go"]'),
            packages,
        )
    try:
        node = find_node()
        folder = _node_packages(node.npm)
    except (NodeMissingError, subprocess.SubprocessError, OSError) as error:
        print(f"{NODE_SOCKETIO}: not measured ({error})", file=sys.stderr)
        return
    yield Peer(
        NODE_SOCKETIO,
        (*node.node, str(PEERS / "hub_socketio_node.mjs")),
        "/socket.io/?EIO=4&transport=websocket",
        _SOCKETIO_OPENED,
        frame(b'42["go"]'),
        folder,
    )


def _python_packages() -> Path | None:
    """Return the folder with the Python peers, installing them once."""
    folder = Path(platformdirs.user_cache_dir("conduit_widget_tests")) / "hub-peers"
    if not (folder / "socketio").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *PACKAGES]
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
            print(f"the Python peers cannot be installed: {' '.join(PACKAGES)}", file=sys.stderr)
            return None
    return folder


def _node_packages(npm: Sequence[str]) -> Path:
    """Return the folder with the Node peers, installing them once."""
    folder = Path(platformdirs.user_cache_dir("conduit_widget_tests")) / "hub-peers-node"
    if not (folder / "node_modules" / "socket.io").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
        command = [*npm, "install", "--no-audit", "--no-fund", *NODE_PACKAGES]
        subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr, timeout=300)
    return folder


def _goals(middle: dict[str, dict[int, float]]) -> Iterator[tuple[str, bool]]:
    ours = middle.get(OURS)
    if ours is None:
        return
    floor = middle.get(FLOOR)
    if floor is not None:
        ratio = ours[1] / floor[1]
        yield f"ours at most {FLOOR_GOAL:g} x the floor: {ratio:.2f}", ratio <= FLOOR_GOAL
    for name, times in TIMES_OURS.items():
        if name in middle:
            ratio = middle[name][1] / ours[1]
            yield f"{name} at least {times:g} x ours: {ratio:.2f}", ratio >= times
    speed = 1e6 / ours[16]
    yield f"16 in flight at least 400,000 deliveries a CPU second: {speed:,.0f}", speed >= DELIVERIES_GOAL


def _print_table(
    peers: Sequence[Peer], middle: dict[str, dict[int, float]], goals: Sequence[tuple[str, bool]]
) -> None:
    ours = middle.get(OURS)
    print("CPU µs per delivered message of 120 bytes: median (lowest) of the rounds; deliveries a second")
    heads = "".join(f"{f'{flight} in flight':>18}{'x ours':>8}{'/s':>11}" for flight in IN_FLIGHT)
    print(f"{'server':24}{heads}")
    for peer in peers:
        cells = ""
        for flight in IN_FLIGHT:
            value = middle[peer.name][flight]
            ratio = f"{value / ours[flight]:.2f}" if ours else ""
            speed = statistics.median(peer.speeds[flight])
            cells += f"{f'{value:.2f} ({min(peer.costs[flight]):.2f})':>18}{ratio:>8}{speed:>11,.0f}"
        print(f"{peer.name:24}{cells}")
    for text, reached in goals:
        print(f"goal: {text}, {'reached' if reached else 'MISSED'}")
