"""``python -m tests.load busy``: from a click to its effect at the hub while a cell blocks the kernel.

Real JupyterLab, Chromium, hub and kernels of each version of ipykernel that is asked for. A cell sleeps,
computes or awaits for so many seconds; meanwhile somebody types, sends, stops the answer, edits and stops
again, spread over the cell's time. Measured: ms from the browser's input event to the hub's event at another
member of the conversation. Goal: 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from playwright.async_api import Browser, async_playwright, expect

from conduit_widget.runtime_file import read_runtime
from tests.load.busy.acts import WATCH, Round
from tests.load.busy.arrivals import Arrivals
from tests.load.busy.table import GOAL_MS, INTRODUCTION, Row, rows, section
from tests.load.busy.ways import WAYS, narrow, set_up
from tests.support.browser.acting import House, configure as configure_hub
from tests.support.browser.chromium import FLAGS, ensure_chromium
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.chat.local_member import local_member
from tests.support.chat.server import Person
from tests.support.hub.local_process import stop_hub
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab, start_jupyter_lab
from tests.support.kernel.environment import kernel_python
from tests.support.network.raw_http_server import RawHttpServer
from tests.support.waiting import eventually

INSTALLED: Final = importlib.metadata.version("ipykernel")
VERSIONS: Final = ("6.31.0", "7.1.0", "7.3.0", INSTALLED)
SHOW: Final = "from conduit_widget import Chat\nchat = Chat({name!r})\nchat"
CELLS: Final = {
    "sleep": "import time\ntime.sleep({seconds})",
    "compute": "import time\nend = time.time() + {seconds}\nwhile time.time() < end: sum(range(999))",
    "await": "import asyncio\nawait asyncio.sleep({seconds})",
}
LEFT: Final = 5.0
"""Seconds of a cell in which no round begins."""
INTERRUPT: Final = "() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')"


class Place(NamedTuple):
    """Where it is measured; the folder has the data directory and JupyterLab's settings."""

    folder: Path
    lab: JupyterLab
    browser: Browser


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``busy``."""
    parser.add_argument("--kernels", nargs="+", default=VERSIONS, help="versions of ipykernel")
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS, help="what the page is left with")
    parser.add_argument("--cells", nargs="+", default=tuple(CELLS), choices=CELLS, help="what blocks")
    parser.add_argument("--seconds", type=float, default=20.0, help="for how long a cell blocks")
    parser.add_argument("--times", type=int, default=5, help="how often each is done in a cell")
    parser.add_argument("--spread", action="store_true", help="over all of the cell, and do not interrupt it")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there, as Markdown")
    parser.add_argument("--append", action="store_true", help="after what the file has")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code tells whether every median kept the goal."""
    found = asyncio.run(_measure(arguments))
    late = [row for row in found if row.median > GOAL_MS]
    print(f"goal: {GOAL_MS:g}; {len(late)} of {len(found)} rows later; load now {os.getloadavg()[0]:.1f}")
    return int(bool(late))


def _keep(found: list[Row], arguments: argparse.Namespace, before: str, load: float) -> None:
    """Write what has been measured so far: a long run that ends early has not been for nothing."""
    command = shlex.join(["python", "-m", "tests.load", *sys.argv[1:]])
    loads = f"{load:.1f} before and {os.getloadavg()[0]:.1f} after"
    table = section(found, arguments.seconds, command, loads)
    arguments.write.write_text(f"{before}{table}", encoding="utf-8")


async def _measure(arguments: argparse.Namespace) -> list[Row]:
    found: list[Row] = []
    load = os.getloadavg()[0]
    before = arguments.write.read_text(encoding="utf-8") if arguments.append else INTRODUCTION
    with tempfile.TemporaryDirectory(prefix="conduit-busy-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with _place(folder, arguments.kernels) as place:
            for version in arguments.kernels:
                for way in arguments.ways:
                    if way == "subshell" and version.startswith("6."):
                        continue
                    async for row in _one(place, version, way, arguments):
                        found.append(row)
                        print("  ".join(f"{cell:8}" for cell in row.cells), flush=True)
                    if arguments.write:
                        _keep(found, arguments, before, load)
    return found


@asynccontextmanager
async def _place(folder: Path, versions: list[str]) -> AsyncIterator[Place]:
    """JupyterLab with a kernel of each version, a model that answers without end, a browser."""
    data_dir, root = folder / "data", folder / "notebooks"
    root.mkdir()
    environment = built_extensions(folder / "extensions")
    for version in versions:
        await _add_kernel(folder / "extensions", version)
    environment |= {"CONDUIT_DETECT": "0", "CONDUIT_DATA_DIR": str(data_dir)}
    async with RawHttpServer(House()) as model, async_playwright() as playwright:
        configure_hub(data_dir, model.base_url)
        lab = await asyncio.to_thread(start_jupyter_lab, root, environment)
        browser = await playwright.chromium.launch(executable_path=ensure_chromium(), args=FLAGS)
        try:
            yield Place(folder, lab, browser)
        finally:
            await browser.close()
            await asyncio.to_thread(lab.stop)
            if (runtime := read_runtime(data_dir)) is not None:
                await asyncio.to_thread(stop_hub, runtime.pid)


async def _add_kernel(jupyter_path: Path, version: str) -> None:
    is_installed = version == INSTALLED
    python = sys.executable if is_installed else await kernel_python(version)
    command = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    home = jupyter_path / "kernels" / _kernel(version)
    home.mkdir(parents=True)
    spec = {"argv": command, "display_name": f"ipykernel {version}", "language": "python"}
    (home / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _kernel(version: str) -> str:
    return f"ipykernel-{version.replace('.', '-')}"


async def _one(place: Place, version: str, way: str, arguments: argparse.Namespace) -> AsyncIterator[Row]:
    """Measure one version and way, in a notebook and a browser profile of its own."""
    folder, lab, browser = place
    name = f"{_kernel(version)}-{way}"
    codes = [CELLS[cell].format(seconds=arguments.seconds) for cell in arguments.cells]
    write_notebook(lab.root / f"{name}.ipynb", SHOW.format(name=name), *codes, kernel=_kernel(version))
    set_up(folder / "extensions" / "settings", way)
    context = await browser.new_context(viewport={"width": 1100, "height": 900})
    try:
        await narrow(context, way)
        notebook = await NotebookPage.open(context, lab, f"{name}.ipynb")
        await notebook.run_cell(0)
        await notebook.chat_in_cell(0).wait_live()
        await notebook.page.evaluate(WATCH)
        async with local_member(folder / "data", "Observer").connection as connection:
            observer = Person(connection, "observer")
            arrivals = Arrivals(observer)
            await observer.join(name)
            for index, cell in enumerate(arguments.cells, start=1):
                times = await _times(notebook, arrivals, index, cell, arguments)
                for row in rows(version, way, cell, times):
                    yield row
    finally:
        await context.close()


async def _times(
    notebook: NotebookPage, arrivals: Arrivals, index: int, cell: str, arguments: argparse.Namespace
) -> list[tuple[str, float]]:
    """Run a cell and, while it runs, all rounds; the ms of each act."""
    chat = notebook.chat_in_cell(0)
    times: list[tuple[str, float]] = []
    await notebook.run_cell(index, wait=False)
    await eventually(lambda: notebook.is_running(index), what="the cell runs")
    began = time.monotonic()
    pause = max(arguments.seconds - LEFT, 0) / arguments.times if arguments.spread else 0.0
    for number in range(arguments.times):
        await asyncio.sleep(max(began + number * pause - time.monotonic(), 0))
        a_round = Round(chat, arrivals, f"{number} of {cell}")
        await a_round.go()
        if not await notebook.is_running(index):
            print(f"the {cell} cell ended in round {number + 1}, which does not count", flush=True)
            return times
        times += a_round.times
    if not arguments.spread:
        await notebook.page.evaluate(INTERRUPT)
    await eventually(lambda: _has_ended(notebook, index), within=arguments.seconds + 60, what="the cell ends")
    await expect(chat.badge).to_have_text("Live")
    return times


async def _has_ended(notebook: NotebookPage, index: int) -> bool:
    return not await notebook.is_running(index)
