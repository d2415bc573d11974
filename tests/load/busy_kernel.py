"""``python -m tests.load busy``: how long a view's requests take while a cell blocks the kernel.

A real kernel runs a cell that sleeps, then one that computes; a view says *send* and *typing* on a subshell,
as JupyterLab does. Wall time in ms from the view's message to the event at another member of the
conversation, and to the kernel's reply. Goal: 50 ms (the promise "busy kernel" in the design).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from conduit_widget.contract import ChatEvent
from tests.support.chat_server import Person, chat_server
from tests.support.hub_server import token
from tests.support.kernel import LiveKernel, live_kernel
from tests.support.waiting import eventually

GOAL_MS: Final = 50.0
PAUSE: Final = 0.1  # people do not send twenty messages at once
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


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``busy``."""
    parser.add_argument("--requests", type=int, default=30, help="of each kind, in each cell")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code tells whether every median kept the goal."""
    return asyncio.run(_measure(arguments.requests))


async def _measure(requests: int) -> int:
    with tempfile.TemporaryDirectory(prefix="conduit-busy-") as folder:
        module = Path(folder) / "chat.js"
        module.write_text("export default {};")
        async with chat_server(Path(folder) / "history") as server, server.person("bob") as other:
            await other.join("busy")
            environment = {"CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 300)}
            async with live_kernel(environment) as kernel:
                await kernel.run(SHOW.format(module=str(module)))
                view = _View(kernel, other, await kernel.create_subshell())
                return await _measure_cells(view, requests)


async def _measure_cells(view: _View, requests: int) -> int:
    print(f"{'cell':9}{'request':9}{'until':15}{'median':>8}{'p95':>8}{'worst':>8}   ms")
    missed = False
    for cell, code in CELLS.items():
        running = view.kernel.start(code.format(seconds=5 + requests * 2 * (PAUSE + 0.1)))
        await eventually(lambda started=running: view.kernel.is_busy_with(started))  # type: ignore[misc] # mypy cannot infer lambdas with defaults
        for request, once in (("send", view.send), ("typing", view.type)):
            seen: dict[str, list[float]] = {}
            for number in range(requests):
                for until, taken in (await once(number)).items():
                    seen.setdefault(until, []).append(taken * 1000)
                await asyncio.sleep(PAUSE)
            for until, times in seen.items():
                missed |= _print_row(cell, request, until, times)
        if not view.kernel.is_busy_with(running):
            print(f"the {cell} cell ended before the last request: use fewer --requests")
            return 1
        await view.kernel.interrupt()
    print(f"goal: {GOAL_MS:g}")
    return int(missed)


def _print_row(cell: str, request: str, until: str, times: list[float]) -> bool:
    median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    print(f"{cell:9}{request:9}{until:15}{median:8.1f}{p95:8.1f}{max(times):8.1f}", flush=True)
    return median > GOAL_MS


class _View:
    """A view of the chat in the kernel, and the member who sees what it does."""

    def __init__(self, kernel: LiveKernel, other: Person, subshell: str) -> None:
        self.kernel = kernel
        self._other = other
        self._subshell = subshell
        self._comm_id = kernel.comm_id()
        self._requests = 0
        self._arrived: dict[str, float] = {}
        other.connection.on(ChatEvent.RECEIVE_MESSAGE, lambda message: self._note(message["id"]))
        other.connection.on(ChatEvent.USER_TYPING, lambda _user, typing: self._note(f"typing {typing}"))

    async def send(self, number: int) -> dict[str, float]:
        """Send a message; return the seconds until it arrived, and until it was acknowledged."""
        self._requests += 1
        request, id_ = self._requests, f"busy-{self._requests}"
        content = {"kind": "send", "requestId": request, "id": id_, "text": f"message {number}"}
        began = self._say({**content, "metadata": {"respond": False}})
        arrived = await self._until(lambda: self._arrived.get(id_))
        replied = await self._until(lambda: self._reply(request))
        return {"other member": arrived - began, "receipt": replied - began}

    async def type(self, number: int) -> dict[str, float]:
        """Begin or stop typing; return the seconds until the other member knew."""
        typing = number % 2 == 0
        self._arrived.pop(f"typing {typing}", None)
        began = self._say({"kind": "typing", "isTyping": typing})
        return {"other member": await self._until(lambda: self._arrived.get(f"typing {typing}")) - began}

    def _say(self, content: dict[str, Any]) -> float:
        return self.kernel.view_says(self._comm_id, content, self._subshell)

    def _note(self, what: str) -> None:
        self._arrived[what] = time.monotonic()

    def _reply(self, request: int) -> float | None:
        arrived: float
        for arrived, packet in reversed(self.kernel.custom(self._comm_id)):
            if packet["kind"] == "reply" and packet["requestId"] == request:
                assert packet["ok"], packet
                return arrived
        return None

    async def _until(self, at: Callable[[], float | None]) -> float:
        arrived: float = await eventually(at, within=10, what="the request is through")
        return arrived
