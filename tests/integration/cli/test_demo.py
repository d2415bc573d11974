"""``conduit-widget demo``: prints a URL that opens the notebook; Ctrl-C ends every child."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from conduit_widget.access import local_hub
from tests.support.network.ports import free_port
from tests.support.waiting import eventually_sync


@pytest.mark.timeout(400)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_serves_the_notebook_and_leaves_no_child_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The URL answers on the wanted port, a hub runs, and a signal ends JupyterLab, hub and model."""
    port, data_dir, output = free_port(), tmp_path / "data", tmp_path / "demo.log"
    with output.open("wb") as log:
        demo = subprocess.Popen(
            [
                *(sys.executable, "-m", "conduit_widget", "demo", "--no-browser"),
                *("--port", str(port), "--data-dir", str(data_dir)),
            ],
            stdout=log,
            stderr=log,
            env={**os.environ, "CONDUIT_PROVIDER": "local"},
        )
    try:

        def printed_url() -> str | None:
            assert demo.poll() is None, output.read_text()
            lines = (line.strip() for line in output.read_text().splitlines())
            return next((line for line in lines if line.startswith("http://")), None)

        url = eventually_sync(printed_url, within=200, what="the URL is printed")
        assert f":{port}/lab/tree/01_quickstart.ipynb?token=" in url
        with urllib.request.urlopen(url, timeout=60) as page:
            assert page.status == 200
        runtime = eventually_sync(lambda: local_hub.find(data_dir), what="the demo's hub runs")
        family = psutil.Process(demo.pid).children(recursive=True)
        assert runtime.pid in {process.pid for process in family}
        demo.send_signal(number)
        assert demo.wait(60) == 0
        gone, alive = psutil.wait_procs(family, timeout=60)
        assert not alive, f"{len(gone)} ended, but {alive} still run"
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.wait()


def test_demo_says_which_port_is_taken(tmp_path: Path) -> None:
    """A port in use is one line that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = subprocess.run(
            [
                *(sys.executable, "-m", "conduit_widget", "demo", "--no-browser"),
                *("--port", str(port), "--data-dir", str(tmp_path)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 1
    assert run.stderr.strip() == (
        f"conduit-widget: Port {port} is taken: choose another with --port, or leave it out."
    )
