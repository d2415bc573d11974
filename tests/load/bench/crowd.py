"""Many WebSocket clients in one process, cheaper than the hub they load: raw sockets, epoll, no parsing.

A client walks through its opening (upgrade request, then what each :class:`Step` sends and waits for). After
that what arrives is only counted, by a marker that each message of the measurement holds once.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from conduit_widget.errors import ConduitError
from tests.support.signalr.client_frames import upgrade

READ_BYTES: Final = 1 << 16
_HEAD_END: Final = b"\r\n\r\n"


class BenchError(ConduitError):
    """The measurement cannot go on; the text says why."""


@dataclass(frozen=True)
class Step:
    """Part of the opening: ``send`` (framed; None: nothing), then wait for ``until`` and ``end`` after it."""

    send: bytes | None
    until: bytes
    end: bytes = b""


@dataclass(frozen=True)
class Script:
    """How a client opens: the request's path, then steps; ``receive_bytes`` of room in its socket, if set."""

    path: str
    steps: Sequence[Step]
    receive_bytes: int | None = None


class Client:
    """One connection: ``count`` messages since the last reset; ``reply`` is what answered its last step."""

    __slots__ = ("arrived", "buffer", "count", "opened", "reply", "script", "sock", "step")

    def __init__(self, sock: socket.socket, script: Script) -> None:
        self.sock = sock
        self.script = script
        self.step = -1
        self.buffer = b""
        self.reply = b""
        self.opened = False
        self.count = 0
        self.arrived: list[float] | None = None


class Crowd:
    """The clients of one hub at ``host`` and ``port``."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._epoll = select.epoll()
        self._by_fd: dict[int, Client] = {}
        self._silent: set[int] = set()
        self.clients: list[Client] = []
        self.marker = b"\0never"
        self.total = 0
        self.on_message: Callable[[Client, int], None] | None = None

    # ---- opening and closing ---------------------------------------------------------------------------

    def open(self, scripts: Iterable[Script], *, parallel: int = 200, within: float = 60.0) -> list[Client]:
        """Open a client for each script, at most ``parallel`` at a time; return them, all opened.

        Raises:
            BenchError: one was refused, or ``within`` seconds were not enough.

        """
        deadline, waiting, opened = time.monotonic() + within, iter(scripts), []
        opening: list[Client] = []
        exhausted = False
        while True:
            opening = [client for client in opening if not client.opened]
            while not exhausted and len(opening) < parallel:
                script = next(waiting, None)
                if script is None:
                    exhausted = True
                    break
                client = self._connect(script)
                opening.append(client)
                opened.append(client)
            if exhausted and not opening:
                return opened
            self.poll(0.5)
            if time.monotonic() > deadline:
                raise BenchError(f"{len(opening)} of {len(opened)} clients were not let in in {within:g} s.")

    def close(self, clients: Iterable[Client] | None = None) -> None:
        """Cut clients (all of them unless given), as a lost network would."""
        for client in list(self.clients if clients is None else clients):
            self._forget(client)
            with contextlib.suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.sock.close()

    def _connect(self, script: Script) -> Client:
        sock = socket.socket()
        sock.setblocking(False)
        if script.receive_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, script.receive_bytes)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BlockingIOError):
            sock.connect((self._host, self._port))
        client = Client(sock, script)
        self.clients.append(client)
        self._by_fd[sock.fileno()] = client
        self._epoll.register(sock.fileno(), select.EPOLLOUT)
        return client

    def _forget(self, client: Client) -> None:
        fd = client.sock.fileno()
        if self._by_fd.pop(fd, None) is not None:
            with contextlib.suppress(OSError, ValueError):
                self._epoll.unregister(fd)
            self.clients.remove(client)

    # ---- sending and reading ---------------------------------------------------------------------------

    def send(self, client: Client, data: bytes) -> None:
        """Send framed bytes; waits if the hub does not read."""
        view = memoryview(data)
        while view:
            try:
                view = view[client.sock.send(view) :]
            except BlockingIOError:
                select.select([], [client.sock], [], 1.0)

    def stop_reading(self, client: Client) -> None:
        """Never read from a client again."""
        self._epoll.unregister(client.sock.fileno())

    def reset(self) -> None:
        """Begin to count anew."""
        self.total = 0
        for client in self.clients:
            client.count = 0

    def poll(self, timeout: float) -> None:
        """Wait for something to arrive, at most ``timeout`` seconds, and deal with all that has."""
        clients, marker = self._by_fd, self.marker
        now = 0.0
        for fd, event in self._epoll.poll(timeout):
            client = clients.get(fd)
            if client is None:
                continue
            if not client.opened:
                self._go_on(client, event)
                continue
            try:
                data = client.sock.recv(READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                raise BenchError("The hub closed the connection of a client in the middle.")
            if client.buffer:
                data = client.buffer + data
                client.buffer = b""
            found = data.count(marker)
            if data[-1] in marker:  # perhaps the marker goes on in the next piece
                client.buffer = _beginning(data, marker)
            if found:
                client.count += found
                self.total += found
                if client.arrived is not None:
                    now = now or time.perf_counter()
                    client.arrived.extend([now] * found)
                if self.on_message is not None:
                    self.on_message(client, found)

    def wait_for(self, total: int, within: float = 30.0) -> None:
        """Read until ``total`` messages have arrived since the last reset.

        Raises:
            BenchError: they did not come in time.

        """
        deadline = time.monotonic() + within
        while self.total < total:
            self.poll(1.0)
            if time.monotonic() > deadline:
                raise BenchError(f"Only {self.total} of {total} messages arrived in {within:g} s.")

    def settle(self, quiet: float = 0.5) -> None:
        """Read until nothing has arrived for ``quiet`` seconds."""
        while self._epoll.poll(quiet):
            self.poll(0)

    def _go_on(self, client: Client, event: int) -> None:
        if client.step < 0 and event & select.EPOLLOUT and not client.reply:
            error = client.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise BenchError(f"The hub at {self._host}:{self._port} does not answer.")
            client.reply = b"-"
            self._epoll.modify(client.sock.fileno(), select.EPOLLIN)
            self.send(client, upgrade(self._host, self._port, client.script.path))
            return
        try:
            data = client.sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise BenchError("The hub closed a connection that was just opening.")
        client.buffer += data
        self._advance(client)

    def _advance(self, client: Client) -> None:
        if client.step < 0:
            head, found, rest = client.buffer.partition(_HEAD_END)
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                line = head.split(b"\r\n")[0].decode(errors="replace")
                raise BenchError(f"The hub refused a client: {line}. Check the address, token and limits.")
            client.buffer = rest
        else:
            step = client.script.steps[client.step]
            at = client.buffer.find(step.until)
            if at < 0 or client.buffer.find(step.end, at + len(step.until)) < 0:
                if b'"error":"' in client.buffer:
                    raise BenchError(f"The hub refused a client: {_error(client.buffer)}")
                return
            client.reply, client.buffer = client.buffer, b""
        client.step += 1
        if client.step == len(client.script.steps):
            client.opened = True
            return
        step = client.script.steps[client.step]
        if step.send is not None:
            self.send(client, step.send)
        elif client.buffer:
            self._advance(client)


def _error(buffer: bytes) -> str:
    return buffer.partition(b'"error":"')[2].partition(b'"')[0].decode(errors="replace")


def _beginning(data: bytes, marker: bytes) -> bytes:
    """Return the longest proper beginning of ``marker`` that ``data`` ends with."""
    for size in range(min(len(marker) - 1, len(data)), 0, -1):
        if data.endswith(marker[:size]):
            return marker[:size]
    return b""
