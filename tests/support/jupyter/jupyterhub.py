"""A real JupyterHub with a dummy authenticator, its proxy, and single-user servers with the extension."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.support.network.ports import free_port
from tests.support.processes.node import find_node
from tests.support.waiting import eventually_sync

JUPYTERHUB: Final = "jupyterhub==6.1.1"
PROXY: Final = "configurable-http-proxy@5.3.0"
HOME: Final = Path(tempfile.gettempdir()) / "conduit-widget-jupyterhub"

CONFIGURATION: Final = """
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {folder!r} + "/{{username}}"
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/site"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.JupyterHub.db_url = "sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--ConduitWidget.hub_url={conduit}"]
c.Spawner.args += ["--ServerApp.jpserver_extensions={{'conduit_widget.jupyter': True}}"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.environment = {{"CONDUIT_DATA_DIR": "{folder}/never", "JUPYTER_PREFER_ENV_PATH": "0"}}
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["admin:users", "admin:servers", "tokens"]}}
]
"""


@dataclass
class JupyterHub:
    """A running JupyterHub: where it is, and what its administrator may do there."""

    url: str
    api_url: str
    token: str
    process: subprocess.Popen[bytes]
    log_file: Path

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API as its administrator."""
        headers = {"Authorization": f"token {self.token}"}
        reply = httpx2.request(method, f"{self.api_url}{path}", headers=headers, json=body, timeout=60)
        assert reply.status_code < 400, (method, path, reply.status_code, reply.text)
        return reply.json() if reply.content else None

    def start_server(self, name: str) -> str:
        """Create a user and start their server; return its address."""
        self.ask("POST", f"/users/{name}")
        self.ask("POST", f"/users/{name}/server")
        eventually_sync(
            lambda: self.ask("GET", f"/users/{name}")["servers"].get("", {}).get("ready"),
            within=150,
            what=f"the server of {name} is ready",
        )
        return f"{self.url}/user/{name}"

    def user_token(self, name: str, *scopes: str) -> str:
        """Return a token of a user, with these scopes only where some are given."""
        made = self.ask("POST", f"/users/{name}/tokens", {"scopes": list(scopes)} if scopes else {})
        return str(made["token"])


@contextmanager
def jupyterhub(folder: Path, conduit: str, port: int, hub_port: int) -> Iterator[JupyterHub]:
    """Run JupyterHub, for servers that use the hub at ``conduit``."""
    python, proxy = _installed()
    token = secrets.token_hex(32)
    config = folder / "jupyterhub_config.py"
    config.write_text(
        CONFIGURATION.format(
            folder=str(folder),
            port=port,
            hub_port=hub_port,
            api_port=free_port(),
            proxy=proxy,
            python=python,
            conduit=conduit,
            token=token,
        )
    )
    log_file = folder / "jupyterhub.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "jupyterhub", "-f", str(config)],
            cwd=folder,
            env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    site = f"http://127.0.0.1:{port}/site"
    hub = JupyterHub(site, f"{site}/hub/api", token, process, log_file)

    def answers() -> bool:
        assert process.poll() is None, log_file.read_text()[-3000:]
        try:
            return httpx2.get(f"{hub.api_url}/", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    try:
        eventually_sync(answers, within=150, what="JupyterHub answers")
        yield hub
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _installed() -> tuple[str, list[str]]:
    """Return JupyterHub's Python and its proxy's command, installed at first use and kept for later runs."""
    python = HOME / "bin" / "python"
    done = HOME / "complete"
    node = find_node()
    if not done.exists():
        shutil.rmtree(HOME, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(HOME))
        _run(str(python), "-m", "pip", "install", "--quiet", JUPYTERHUB)
        _run(*node.npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(HOME), PROXY)
    # What this run has installed (the package under test, the Jupyter server) stands behind JupyterHub's own.
    (site,) = HOME.glob("lib/*/site-packages")
    (site / "under_test.pth").write_text(f"{sysconfig.get_path('purelib')}\n{Path(__file__).parents[3]}\n")
    done.touch()
    script = HOME / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    return str(python), [*node.node, str(script)]


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
