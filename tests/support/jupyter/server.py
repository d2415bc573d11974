"""A real Jupyter server with the extension, and the requests of a page that is signed in to it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conduit_widget.runtime_file import read_runtime
from tests.support.hub.local_process import stop_hub
from tests.support.waiting import eventually_sync

QUIET: Final = ("jupyterlab", "notebook", "notebook_shim", "jupyter_lsp", "jupyter_server_terminals")
"""Extensions that a test without a browser does not wait for."""

PEOPLE: Final = '''
from jupyter_server.auth import Authorizer, IdentityProvider, User

class ByToken(IdentityProvider):
    """Whoever has a token of this form is that user: `user-ann`."""

    token = ""

    @property
    def auth_enabled(self):
        return True

    async def get_user_token(self, handler):
        token = self.get_token(handler) or ""
        kind, _, name = token.partition("-")
        if kind != "user":
            return None
        return User(name, name.title(), f"{name.title()} of Jupyter", "JJ", color="#8e24aa")

class Viewers(Authorizer):
    """Who is called viewer may read; who is called nobody may not even that."""

    def is_authorized(self, handler, user, action, resource):
        if user.username == "nobody":
            return resource != "conduit_widget"
        return user.username != "viewer" or action == "read"

c.ServerApp.identity_provider_class = ByToken
c.ServerApp.authorizer_class = Viewers
'''
"""Configuration for a server that several people use."""


@dataclass
class JupyterServer:
    """A running Jupyter server. ``url`` ends with its base URL and has no slash at its end."""

    url: str
    token: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def ws_url(self) -> str:
        """The same address for WebSockets."""
        return self.url.replace("http://", "ws://", 1)

    @property
    def headers(self) -> dict[str, str]:
        """What a script of the signed-in user sends."""
        return {"Authorization": f"token {self.token}"}

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return self.log_file.read_text(errors="replace")

    def stop(self) -> None:
        """End the server and its kernels."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def jupyter_server(
    folder: Path,
    *options: str,
    base_url: str = "/lab/of/ann/",
    configuration: str = "",
    environment: dict[str, str] | None = None,
) -> Iterator[JupyterServer]:
    """Run a Jupyter server with nothing but this extension, and end it and its hub.

    ``configuration`` is Python for its configuration file.
    """
    server = start_jupyter_server(
        folder, *options, base_url=base_url, configuration=configuration, environment=environment
    )
    try:
        yield server
    finally:
        server.stop()
        runtime = read_runtime(folder / "data")
        if runtime is not None:
            stop_hub(runtime.pid)


def start_jupyter_server(
    folder: Path,
    *options: str,
    base_url: str = "/lab/of/ann/",
    configuration: str = "",
    environment: dict[str, str] | None = None,
) -> JupyterServer:
    """Start a Jupyter server on a free port and wait until it answers."""
    token, config, runtime = secrets.token_hex(16), folder / "config", folder / "runtime"
    for each in (config, runtime, folder / "root"):
        each.mkdir(parents=True, exist_ok=True)
    quiet = f"c.ServerApp.jpserver_extensions = {dict.fromkeys(QUIET, False)!r}\n"
    (config / "jupyter_server_config.py").write_text(quiet + configuration)
    log_file = folder / "jupyter.log"
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--no-browser", "--port=0", "--allow-root"),
                f"--ServerApp.root_dir={folder / 'root'}",
                f"--ServerApp.base_url={base_url}",
                *options,
            ],
            env={
                **os.environ,
                "CONDUIT_DATA_DIR": str(folder / "data"),
                "CONDUIT_PROVIDER": "local",
                "JUPYTER_TOKEN": token,
                "JUPYTER_CONFIG_DIR": str(config),
                "JUPYTER_RUNTIME_DIR": str(runtime),
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = JupyterServer("", token, process, log_file)

    def answers() -> bool:
        assert process.poll() is None, server.log[-2000:]
        try:
            found: dict[str, Any] = json.loads((runtime / f"jpserver-{process.pid}.json").read_text())
            server.url = f"http://127.0.0.1:{found['port']}{base_url}".rstrip("/")
            with urllib.request.urlopen(f"{server.url}/api", timeout=5):
                return True
        except (urllib.error.URLError, OSError, ValueError):
            return False

    try:
        eventually_sync(answers, within=150, what="the Jupyter server answers")
    except BaseException:
        server.stop()
        raise
    return server
