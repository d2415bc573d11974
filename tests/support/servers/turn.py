"""A real coturn on loopback, with the secret that a site shares with it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.network.ports import free_port
from tests.support.waiting import eventually_sync

PROGRAM: Final = "turnserver"
SECRET: Final = "the-secret-of-north"


class TurnServer:
    """``url`` is what a site configures; Debian's package ``coturn`` must be installed."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"turn:127.0.0.1:{self.port}?transport=udp"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> TurnServer:
        if shutil.which(PROGRAM) is None:
            pytest.fail("coturn is not here: apt-get install coturn", pytrace=False)
        command = [PROGRAM, "-n", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=conduit"]
        command += [f"--listening-port={self.port}", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"]
        command += ["--no-tls", "--no-dtls", "--no-cli", "--allow-loopback-peers", "--log-file=stdout"]
        command += [f"--pidfile={self._folder / 'turn.pid'}", f"--userdb={self._folder / 'turn.db'}"]
        log = (self._folder / "turn.log").open("wb")
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually_sync(self._answers, what=f"coturn on port {self.port}")
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process is not None
        self.go_on()
        self._process.terminate()
        self._process.wait(60)

    def stop(self) -> None:
        """Answer nothing any more, as if the network were cut."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True
