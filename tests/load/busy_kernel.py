"""``python -m tests.load busy``: how long a view's requests take while a cell blocks the kernel.

A real kernel, of each version of ipykernel that is asked for, runs a cell that sleeps, then one that
computes. A view says *send* and *typing* to the kernel on a subshell, as JupyterLab does, and then past
it to the Jupyter server's own view, as the page does where the kernel has not answered within 150 ms.
Wall time in ms from the view's message to the event at another member of the conversation. Goal: 50 ms
(the promise "busy kernel" in the design).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from conduit_widget.contract import ChatEvent
from tests.support.chat_server import ChatServer, Person, chat_server
from tests.support.hub_server import token
from tests.support.jupyter_server import start_jupyter_server
from tests.support.jupyter_view import jupyter_view
from tests.support.kernel import LiveKernel, live_kernel
from tests.support.kernel_environment import kernel_python
from tests.support.waiting import eventually

GOAL_MS: Final = 50.0
PAUSE: Final = 0.1  # people do not send twenty messages at once
INSTALLED: Final = "installed"
SHOW: Final = """
from pathlib import Path
from conduit_widget.widget import front_end
front_end.STATIC = Path({module!r}).parent
from conduit_widget import Chat
chat = Chat("busy")
chat.wait_connected(10)
chat
"""
CELLS: Final = {
    "sleep": "import time\ntime.sleep({seconds})",
    "compute": "import time\nend = time.time() + {seconds}\nwhile time.time() < end: sum(range(999))",
}
INTRODUCTION: Final = """\
# While a cell runs

How long what people do in a view takes to another member of the conversation while a cell blocks the
kernel, in ms of wall time. *Subshell*: through the kernel, which takes the message on a thread of its
own. *Past*: straight to the hub through the Jupyter server, as a view does when the kernel has not
answered within 150 ms; the first such request waits these 150 ms, and until the server's view is in the
conversation. A version that is listed without *subshell* has none: there, a message to the kernel waits
until the cell ends.

Made by `python -m tests.load busy --kernels 6.31.0 7.1.0 7.3.0 installed --write FILE`, all of it on the two
processors of one machine.

"""

Say = Callable[[dict[str, Any]], Awaitable[None]]
"""Sends a view's message one way."""


class Row(NamedTuple):
    """The times of one request, in ms."""

    ipykernel: str
    way: str
    cell: str
    request: str
    median: float
    worst: float

    @property
    def cells(self) -> list[str]:
        """What the table shows of it."""
        return [*self[:4], *(f"{value:.1f}" for value in self[4:])]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``busy``."""
    parser.add_argument("--requests", type=int, default=30, help="of each kind, in each cell, each way")
    parser.add_argument("--kernels", nargs="+", default=[INSTALLED], help="versions of ipykernel")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there, as Markdown")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code tells whether every median kept the goal."""
    rows = asyncio.run(_measure(arguments.kernels, arguments.requests))
    if arguments.write:
        lines = [list(Row._fields), ["---"] * len(Row._fields), *(row.cells for row in rows)]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        arguments.write.write_text(f"{INTRODUCTION}{table}\n", encoding="utf-8")
    print(f"goal: {GOAL_MS:g}")
    return int(any(row.median > GOAL_MS for row in rows))


async def _measure(versions: list[str], requests: int) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="conduit-busy-") as name:
        folder = Path(name)
        (folder / "chat.js").write_text("export default {};")
        async with chat_server(folder / "history") as server, server.person("bob") as other:
            await other.join("busy")
            arrivals = _Arrivals(other)
            async with _past(folder, server) as past:
                _print(Row._fields)
                for version in versions:
                    python = sys.executable if version == INSTALLED else await kernel_python(version)
                    async with live_kernel(_environment(server), python) as kernel:
                        await kernel.run(SHOW.format(module=str(folder / "chat.js")))
                        async for row in _measure_kernel(kernel, past, arrivals, requests):
                            rows.append(row)
                            _print(row.cells)
    return rows


def _environment(server: ChatServer) -> dict[str, str]:
    return {"CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 3600)}


@asynccontextmanager
async def _past(folder: Path, server: ChatServer) -> AsyncIterator[Say]:
    """A view of a Jupyter server, in the conversation."""
    jupyter = await asyncio.to_thread(start_jupyter_server, folder, environment=_environment(server))
    try:
        async with jupyter_view(jupyter.ws_url, jupyter.headers, "busy") as view:
            await view.live()
            yield view.send
    finally:
        await asyncio.to_thread(jupyter.stop)


async def _measure_kernel(
    kernel: LiveKernel, past: Say, arrivals: _Arrivals, requests: int
) -> AsyncIterator[Row]:
    about = await kernel.about()
    ways = {"past": past}
    if "kernel subshells" in about.get("supported_features", ()):
        comm_id, subshell = kernel.comm_id(), await kernel.create_subshell()

        async def say(content: dict[str, Any]) -> None:
            kernel.view_says(comm_id, content, subshell)

        ways = {"subshell": say, "past": past}
    version = kernel.printed(await kernel.run("import ipykernel\nprint(ipykernel.__version__)")).strip()
    for way, say_ in ways.items():
        for cell, code in CELLS.items():
            running = kernel.start(code.format(seconds=5 + requests * 2 * (PAUSE + 0.1)))
            await eventually(lambda started=running: kernel.is_busy_with(started))  # type: ignore[misc] # mypy cannot infer lambdas with defaults
            for request, once in (("send", arrivals.send), ("typing", arrivals.type)):
                times = []
                for number in range(requests):
                    times.append(await once(say_, number) * 1000)
                    await asyncio.sleep(PAUSE)
                yield Row(version, way, cell, request, statistics.median(times), max(times))
            if not kernel.is_busy_with(running):
                raise SystemExit(f"the {cell} cell ended before the last request: use fewer --requests")
            await kernel.interrupt()


def _print(cells: tuple[str, ...] | list[str]) -> None:
    print("".join(f"{cell:11}" for cell in cells), flush=True)


class _Arrivals:
    """When what a view does arrives at another member."""

    def __init__(self, other: Person) -> None:
        self._sent = 0
        self._arrived: dict[str, float] = {}
        other.connection.on(ChatEvent.RECEIVE_MESSAGE, lambda message: self._note(message["id"]))
        other.connection.on(ChatEvent.USER_TYPING, lambda _user, typing: self._note(f"typing {typing}"))

    async def send(self, say: Say, number: int) -> float:
        """Send a message; return the seconds until it arrived."""
        self._sent += 1
        id_ = f"busy-{self._sent}"
        request = {"kind": "send", "requestId": id_, "id": id_, "text": f"message {number}"}
        return await self._timed(say, {**request, "metadata": {"respond": False}}, id_)

    async def type(self, say: Say, number: int) -> float:
        """Begin or stop typing; return the seconds until the other member knew."""
        typing = number % 2 == 0
        self._arrived.pop(f"typing {typing}", None)
        return await self._timed(say, {"kind": "typing", "isTyping": typing}, f"typing {typing}")

    async def _timed(self, say: Say, content: dict[str, Any], what: str) -> float:
        began = time.monotonic()
        await say(content)
        arrived: float = await eventually(lambda: self._arrived.get(what), within=10, what=f"{what} arrives")
        return arrived - began

    def _note(self, what: str) -> None:
        self._arrived[what] = time.monotonic()
