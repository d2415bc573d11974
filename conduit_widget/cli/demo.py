"""``conduit-widget demo``: JupyterLab on the quickstart notebook, with a hub and a model of its own user.

Everything started here ends with Ctrl-C: JupyterLab (and with it the kernels), the hub, the model.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import webbrowser
from pathlib import Path
from types import FrameType
from typing import Final

import httpx2

from conduit_widget.access import local_hub
from conduit_widget.child_process import python_command
from conduit_widget.cli.arguments import port
from conduit_widget.errors import ConduitError
from conduit_widget.providers.local import installation, model as local_model
from conduit_widget.providers.models_dir import default_models_dir
from conduit_widget.runtime_file import default_data_dir

NOTEBOOK: Final = "01_quickstart.ipynb"
START_TIMEOUT: Final = 60.0
STOP_TIMEOUT: Final = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``demo``."""
    parser.add_argument(
        "--port", type=port, default=None, help="JupyterLab's port (default: 8888 or the next free)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the URL only")
    parser.add_argument("--data-dir", type=Path, default=None, help="where the hub keeps its history and key")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise ConduitError("JupyterLab is not installed: run pip install 'conduit_widget[demo]'.")
    _install_model()
    data_dir = arguments.data_dir or default_data_dir()
    notebook = find_notebook(data_dir)
    port = choose_port(arguments.port)
    # SIGTERM ends the demo the way Ctrl-C does, so that no child is left behind.
    signal.signal(signal.SIGTERM, _interrupt)
    children: list[subprocess.Popen[bytes]] = []
    try:
        if hub := local_hub.start_child(data_dir, timeout=START_TIMEOUT):
            children.append(hub)
        token = secrets.token_urlsafe(24)
        lab = start_lab(notebook, port, token, data_dir)
        children.insert(0, lab)
        _wait_for_lab(lab, port)
        url = f"http://localhost:{port}/lab/tree/{notebook.name}?token={token}"
        print(f"JupyterLab is ready (Ctrl-C ends it):\n\n    {url}\n", flush=True)
        if not arguments.no_browser:
            webbrowser.open(url)
        return lab.wait()
    except KeyboardInterrupt:
        print("\nEnding JupyterLab and the hub.", flush=True)
        return 0
    finally:
        stop(children)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _install_model() -> None:
    if not local_model.is_installed():
        print("Fetching the local language model (93 MB, once).", flush=True)
        installation.install_small_model(default_models_dir())


def find_notebook(data_dir: Path) -> Path:
    """Return the notebook of the checkout, or a copy of the packaged one in the data directory."""
    checkout = Path(__file__).resolve().parents[2] / "notebooks" / NOTEBOOK
    if checkout.is_file():
        return checkout
    in_current = Path.cwd() / "notebooks" / NOTEBOOK
    if in_current.is_file():
        return in_current
    packaged = Path(__file__).resolve().parents[1] / "notebooks" / NOTEBOOK
    copy = data_dir / "demo" / NOTEBOOK
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(packaged, copy)
    return copy


def choose_port(wanted: int | None) -> int:
    """Return the wanted port (0: any free one), or the first free from 8888.

    Raises:
        ConduitError: the wanted port is taken.

    """
    candidates = [wanted] if wanted is not None else [*range(8888, 8938), 0]
    for candidate in candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise ConduitError(f"Port {wanted} is taken: choose another with --port, or leave it out.")


def start_lab(notebook: Path, port: int, token: str, data_dir: Path) -> subprocess.Popen[bytes]:
    """Start JupyterLab on the notebook's folder; its token travels by environment, not by argv."""
    command = [
        *python_command("jupyterlab"),
        *(
            "--no-browser",
            f"--port={port}",
            "--ServerApp.port_retries=0",
        ),
        f"--ServerApp.root_dir={notebook.parent}",
        "--log-level=ERROR",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # loopback and a token guard it; containers run as root
    environment = {**os.environ, "JUPYTER_TOKEN": token, "CONDUIT_DATA_DIR": str(data_dir)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)


def _wait_for_lab(lab: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/api", timeout=2.0, trust_env=False).raise_for_status()
        except httpx2.HTTPError as error:
            if lab.poll() is not None or time.monotonic() > deadline:
                raise ConduitError("JupyterLab did not start: run jupyter lab to see why.") from error
            time.sleep(0.1)
        else:
            return


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """End the children in order: asked first, killed with their process group when they do not listen."""
    for child in children:
        if child.poll() is None:
            child.terminate()
        try:
            child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
