"""A real PostgreSQL from Debian's package: data in a temporary folder, a free port, everything durable.

``shared_postgres()`` is one server for the whole test run; who stops or kills one starts their own::

    with PostgresServer() as server:
        url = server.new_database()
        server.kill()
        server.start()
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

import psutil
import psycopg

from tests.support.network.ports import free_port
from tests.support.servers.debian import ensure_engines, find_postgres

_PASSWORD: Final = "not-a-secret"
_START_TIMEOUT: Final = 100.0
# Tests open many short-lived databases; fsync and synchronous_commit keep their durable defaults.
_SETTINGS: Final = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
    "logging_collector": "off",
}


def postgres_binaries() -> Path:
    """Return the folder of ``initdb`` and ``postgres``, installing Debian's package where we may.

    Raises:
        MissingPackagesError: they are not there.

    """
    found = find_postgres()
    if found is None:
        ensure_engines()
        found = find_postgres()
    assert found is not None
    return found


class PostgresServer:
    """One server with its own data; ``settings`` are added to its configuration.

    PostgreSQL refuses to run as root: there it runs as Debian's user ``postgres``.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self._settings = {**_SETTINGS, **(settings or {})}
        self._binaries = postgres_binaries()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="conduit-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = itertools.count(1)
        self._initialise()

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def url(self, database: str = "postgres", *, port: int | None = None) -> str:
        """Return a database's URL, password included; ``port`` where a proxy stands before the server."""
        return f"postgresql://conduit:{_PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"test{next(self._databases)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def start(self) -> None:
        """Start it on its port and data, and wait until it answers (harmless while it runs)."""
        if self._process is None:
            arguments = [part for item in self._settings.items() for part in ("-c", "=".join(item))]
            self._process = self._run_as_user(
                "postgres", "-D", str(self._data), "-p", str(self.port), "-h", "127.0.0.1", *arguments
            )
            self._wait_until_ready()

    def stop(self) -> None:
        """End it in good order, cutting connections."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End it without order ("immediate" shutdown): it recovers from its log at the next start."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """Kill every process of it at once (``kill -9``): what was not durable is lost."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start it on the same port and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stop every process of it where it stands (SIGSTOP): connections stay, nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused one go on."""
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        """Kill it and remove its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _initialise(self) -> None:
        password = self._folder / "password"
        password.write_text(_PASSWORD, encoding="utf-8")
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (self._folder, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        initdb = self._run_as_user(
            "initdb",
            f"--pgdata={self._data}",
            "--username=conduit",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        if initdb.wait(100) != 0:
            raise RuntimeError(f"initdb failed: {self._log()}")

    def _run_as_user(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        group = None if self._user is None else pwd.getpwnam(self._user).pw_gid
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._binaries / program), *arguments, *self._socket_folder(program)],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                group=group,
                extra_groups=None if group is None else [],
                start_new_session=True,
            )

    def _socket_folder(self, program: str) -> list[str]:
        return ["-c", "unix_socket_directories="] if program == "postgres" else []

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            assert self._process is not None
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start: {self._log()}") from None
                time.sleep(0.02)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        family = self._family(process.pid)
        # Backends of a killed server end by themselves, but only when they next look.
        for member in family if number == signal.SIGKILL else family[:1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(number)
        process.wait(60)
        deadline = time.monotonic() + 30
        while any(_runs(member) for member in family) and time.monotonic() < deadline:
            time.sleep(0.005)

    def _signal_all(self, number: signal.Signals) -> None:
        if self._process is not None:
            for member in self._family(self._process.pid):
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.send_signal(number)

    def _family(self, pid: int) -> list[psutil.Process]:
        try:
            parent = psutil.Process(pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")[-1000:]


def _runs(process: psutil.Process) -> bool:
    # Orphans wait as zombies until somebody collects them: those hold nothing any more.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@functools.cache
def shared_postgres() -> PostgresServer:
    """Return the server of this test run, started at first use and removed at exit."""
    server = PostgresServer()
    atexit.register(server.close)
    server.start()
    return server
