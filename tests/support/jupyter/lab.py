"""A real JupyterLab or Notebook 7 server for browser and kernel tests."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

from tests.support.network.ports import free_port
from tests.support.waiting import eventually_sync


@dataclass
class JupyterLab:
    """A running JupyterLab: where it is and how to open a notebook of its root."""

    root: Path
    port: int
    token: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    module: ClassVar[str] = "jupyterlab"
    app: ClassVar[str] = "LabApp"

    def url(self, notebook: str, workspace: str = "default") -> str:
        """Return the URL of a notebook in a workspace of its own."""
        reset = "&reset"
        return f"http://127.0.0.1:{self.port}/lab/workspaces/{workspace}/tree/{notebook}?token={self.token}{reset}"

    def stop(self) -> None:
        """End the server and its kernels."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server at once, as a crash does: its kernels find out by themselves."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start_again(self) -> None:
        """Start a server that has ended once more, at the same address."""
        again = start_server(type(self), self.root, self.environment, port=self.port, token=self.token)
        self.process = again.process


class Notebook7(JupyterLab):
    """A running Jupyter Notebook 7: one notebook a page, in a column of its own."""

    module = "notebook"
    app = "JupyterNotebookApp"

    def url(self, notebook: str, workspace: str = "default") -> str:
        """Return the URL of a notebook; there are no workspaces."""
        return f"http://127.0.0.1:{self.port}/notebooks/{notebook}?token={self.token}"


_Server = TypeVar("_Server", bound=JupyterLab)


def start_jupyter_lab(root: Path, environment: dict[str, str]) -> JupyterLab:
    """Start JupyterLab on ``root`` and wait until it answers."""
    return start_server(JupyterLab, root, environment)


def start_server(
    kind: type[_Server],
    root: Path,
    environment: dict[str, str],
    *,
    port: int | None = None,
    token: str | None = None,
) -> _Server:
    """Start a Jupyter server of one kind on ``root`` and wait until it answers."""
    port, token = port or free_port(), token or secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", kind.module, "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"),
        f"--ServerApp.root_dir={root}",
        f"--{kind.app}.expose_app_in_browser=True",
        "--log-level=WARN",
    ]
    if os.geteuid() == 0:
        command.append("--allow-root")
    log = (root / "jupyterlab.log").open("wb")
    config = root / ".jupyter"
    shutil.rmtree(config, ignore_errors=True)
    with log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment, "JUPYTER_TOKEN": token, "JUPYTER_CONFIG_DIR": str(config)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    lab = kind(root, port, token, process, environment)

    def answers() -> bool:
        assert process.poll() is None, (root / "jupyterlab.log").read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    try:
        eventually_sync(answers, within=150, what="JupyterLab answers")
    except BaseException:
        lab.stop()
        raise
    return lab
