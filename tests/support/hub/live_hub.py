"""The real hub in a process of its own, as ``conduit-widget serve`` starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.processes.command import run_command
from tests.support.waiting import eventually_sync


class LiveHub:
    """A hub process on a data directory; it can be killed and started again on the same port.

    ``options`` are further options of ``serve``.
    """

    def __init__(
        self, data_dir: Path, environment: dict[str, str] | None = None, options: Sequence[str] = ()
    ) -> None:
        self.data_dir = data_dir
        self.url = ""
        self._port = 0
        self._environment = environment or {}
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Everything the hub wrote to stdout and stderr, over all its lives."""
        path = self.data_dir / "serve.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def port(self) -> int:
        """Where it listens, and will again after a restart."""
        return self._port

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The hub's present process."""
        assert self._process is not None, "the hub was not started"
        return self._process

    def start(self) -> LiveHub:
        """Start the hub and wait for its ``listening on`` line."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        seen = len(self.log)
        with (self.data_dir / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "conduit_widget", "serve", "--log-level", "info"),
                    *("--port", str(self._port), "--data-dir", str(self.data_dir)),
                    *self._options,
                ],
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

        def listening() -> str | None:
            if self.process.poll() is not None:
                raise AssertionError(f"the hub ended with {self.process.returncode}: {self.log[-2000:]}")
            lines = self.log[seen:].splitlines()
            return next((line.split()[-1] for line in lines if line.startswith("listening on ")), None)

        self.url = eventually_sync(listening, within=150, what="the hub listens")
        self._port = int(self.url.rsplit(":", 1)[1])
        return self

    def kill(self) -> None:
        """SIGKILL: the hub gets no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> int:
        """SIGTERM; return the exit code."""
        self.process.terminate()
        return self.process.wait(90)  # a drain may take 35 s

    def stop(self) -> None:
        """End the hub if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self.terminate()

    def token(self, user: str, *options: str) -> str:
        """Return a token for a user, from the real command."""
        return run_command("token", user, "--data-dir", str(self.data_dir), *options)
