"""``python -m tests.load flood``: what others wait while one client sends whatever it likes, at full speed.

Three processes: the hub with the contract's limits; the attacker, at nice 10 so that it does not take the
processor from the other two by its own work; and this one, which asks for ``/healthz`` and calls a method as
three innocent users, at the rate they are allowed. An attacker that is closed comes back at once. Goals: the
99th percentile of both under 100 ms in each row, and a log under 100 KB.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.open_files import raise_open_file_limit
from tests.load.flood.hub import PATH, SECRET
from tests.support.hub.server import RawClient, raw_client
from tests.support.signalr.client_frames import HANDSHAKE, PING, frame, upgrade

ROOT: Final = Path(__file__).resolve().parents[3]
GOAL_MS: Final = 100.0
LOG_GOAL_BYTES: Final = 100_000
SILENT_SOCKETS: Final = 10_256
INNOCENTS: Final = 3
CALL_INTERVAL: Final = 0.06  # 16 a second; 20 are allowed
SEND_BYTES: Final = 256 * 1024


def _record(**message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\x1e"


def _control(opcode: int, count: int) -> bytes:
    return (bytes((0x80 | opcode, 0x80)) + bytes(4)) * count


def _compressed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    framed = frame((packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4])
    return bytes((framed[0] | 0x40,)) + framed[1:]


CALL: Final = _record(type=1, invocationId="1", target="Echo", arguments=[1])
FLOODS: Final[dict[str, bytes]] = {
    "empty WebSocket pings": _control(9, 40_000),
    "empty frames": frame(b"") * 40_000,
    "one-byte frames": frame(b" ") * 40_000,
    "90,000 hub pings a frame, compressed": _compressed(PING * 90_000),
    "23,000 hub pings a frame, compressed": _compressed(PING * 23_000),
    "hub pings": frame(PING * 5000),
    "cancels": frame(_record(type=5, invocationId="1") * 1500),
    "acks": frame(_record(type=8, sequenceId=1) * 2000),
    "unknown types": frame(_record(type=99) * 4000),
    "refused calls": frame(CALL * 1000),
    "calls, one a frame": frame(CALL) * 1000,
}


@dataclass
class Row:
    """What others waited, in milliseconds; what the hub logged and used."""

    name: str
    calls: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    log_bytes: int = 0
    cpu: float = 0.0
    failed: int = 0

    @property
    def reached(self) -> bool:
        """Whether the goals were reached."""
        worst = max(_percentile(self.calls, 99), _percentile(self.health, 99))
        return worst < GOAL_MS and self.log_bytes < LOG_GOAL_BYTES and not self.failed


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``flood``."""
    parser.add_argument("--seconds", type=float, default=20.0, help="a flood")
    parser.add_argument("--only", action="append", help="rows whose name has this in it (may be repeated)")
    parser.add_argument("--log", type=Path, help="keep the hub's log of each row in this directory")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a goal was missed."""
    raise_open_file_limit(SILENT_SOCKETS)
    print(
        f"{'one client sends':44}{'call p50':>10}{'p99':>9}{'max':>9}{'/healthz p50':>14}{'p99':>9}", end=""
    )
    print(f"{'max':>9}{'hub CPU':>9}{'log':>10}   (ms)")
    missed = 0
    for name, flood, connections in _rows():
        if arguments.only and not any(part in name for part in arguments.only):
            continue
        row = Row(name)
        with _hub(arguments.log, name) as (url, log, pid), _attacker(url, flood, connections):
            asyncio.run(_watch(url, row, arguments.seconds))
            row.cpu = _cpu_seconds(pid) / arguments.seconds
            log.seek(0, os.SEEK_END)
            row.log_bytes = log.tell()
        missed += not row.reached
        _print(row)
    return int(missed > 0)


def _rows() -> Iterator[tuple[str, bytes | None, int]]:
    yield "nothing", b"", 0
    for name, flood in FLOODS.items():
        yield name, flood, 1
    for name in ("empty WebSocket pings", "90,000 hub pings a frame, compressed", "refused calls"):
        yield f"{name}, 10 connections", FLOODS[name], 10
    yield f"nothing, on {SILENT_SOCKETS:,} sockets without a token", None, SILENT_SOCKETS


def _print(row: Row) -> None:
    cells = ""
    for values, width in ((row.calls, 10), (row.health, 14)):
        cells += f"{_percentile(values, 50):>{width}.1f}{_percentile(values, 99):>9.1f}{max(values):>9.1f}"
    goal = "" if row.reached else f"   MISSED{f' ({row.failed} failed)' if row.failed else ''}"
    print(f"{row.name:44}{cells}{row.cpu:>8.0%}{row.log_bytes:>10,}{goal}", flush=True)


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else 1e9


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# The three processes


@contextlib.contextmanager
def _hub(folder: Path | None, name: str) -> Iterator[tuple[str, IO[bytes], int]]:
    command = [sys.executable, "-m", "tests.load.flood.hub"]
    with contextlib.ExitStack() as stack:
        if folder is None:
            log: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
        else:
            folder.mkdir(parents=True, exist_ok=True)
            log = stack.enter_context((folder / f"{name.replace('/', ' ')}.log").open("w+b"))
        process = stack.enter_context(
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        )
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), log, process.pid
        finally:
            process.kill()


@contextlib.contextmanager
def _attacker(url: str, flood: bytes | None, connections: int) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(
        target=_attack, args=(url, flood, connections), daemon=True
    )
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


async def _watch(url: str, row: Row, seconds: float) -> None:
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(raw_client(url, PATH, _token(f"innocent {number}", seconds)))
            for number in range(INNOCENTS)
        ]
        await asyncio.sleep(1.5)  # the attack is under way
        ends = time.monotonic() + seconds
        await asyncio.gather(_ask_health(url, row, ends), *(_call(client, row, ends) for client in clients))


async def _call(client: RawClient, row: Row, ends: float) -> None:
    while time.monotonic() < ends:
        started = time.perf_counter()
        answer = await client.invoke("Echo", 1)
        row.calls.append((time.perf_counter() - started) * 1000)
        row.failed += "error" in answer
        await asyncio.sleep(CALL_INTERVAL)


async def _ask_health(url: str, row: Row, ends: float) -> None:
    """Ask as a probe does: on a connection of its own each time."""
    host, _, port = url.removeprefix("http://").partition(":")
    request = f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
    while time.monotonic() < ends:
        started = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request)
            row.failed += b" 200 " not in await reader.readline()
            writer.close()
        except OSError:
            row.failed += 1
        row.health.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(CALL_INTERVAL)


def _token(user: str, seconds: float) -> str:
    return LocalAuthority(SECRET).issue(user, user.title(), seconds + 3600)


# The attacker


def _attack(url: str, flood: bytes | None, connections: int) -> None:
    """Send for ever; come back at once wherever the hub closes."""
    os.nice(10)
    raise_open_file_limit(connections)
    host, _, port = url.removeprefix("http://").partition(":")
    address = (host, int(port))
    if flood is None:
        _be_silent(address, connections)
    path = f"{PATH}?access_token={_token('attacker', 3600)}"
    sockets: dict[int, tuple[socket.socket, int]] = {}
    poll = select.poll()
    while True:
        while len(sockets) < connections:
            try:
                sock = _open(address, path)
            except OSError:
                continue
            sockets[sock.fileno()] = (sock, 0)
            poll.register(sock.fileno(), select.POLLIN | select.POLLOUT)
        for descriptor, event in poll.poll(1000):
            sock, at = sockets[descriptor]
            try:
                if event & select.POLLIN and not sock.recv(SEND_BYTES):
                    raise ConnectionError
                if event & select.POLLOUT and flood:
                    at += sock.send(flood[at : at + SEND_BYTES])
                    sockets[descriptor] = (sock, at if at < len(flood) else 0)
                if event & (select.POLLERR | select.POLLHUP):
                    raise ConnectionError
            except BlockingIOError:
                pass
            except OSError:
                poll.unregister(descriptor)
                del sockets[descriptor]
                sock.close()


def _open(address: tuple[str, int], path: str) -> socket.socket:
    """Open a WebSocket with compression, shake hands."""
    sock = socket.create_connection(address, timeout=30)
    request = upgrade(*address, path).replace(
        b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    )
    sock.sendall(request)
    if not sock.recv(4096).startswith(b"HTTP/1.1 101"):
        sock.close()
        raise ConnectionError
    sock.sendall(frame(HANDSHAKE))
    sock.setblocking(False)
    return sock


def _be_silent(address: tuple[str, int], count: int) -> None:
    """Keep that many sockets open and say nothing; whichever the hub closes is opened again."""
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    while True:
        for _ in range(min(200, count - len(sockets))):
            sock = socket.socket()
            sock.setblocking(False)
            with contextlib.suppress(OSError):
                sock.connect(address)
            sockets[sock.fileno()] = sock
            poll.register(sock.fileno(), select.EPOLLIN)
        for descriptor, _ in poll.poll(0.05):
            poll.unregister(descriptor)
            sockets.pop(descriptor).close()
