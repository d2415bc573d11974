"""The chat in real kernels of several ipykernel versions: it opens, and the stop button stops.

In the ordinary run the installed version; ``pytest -m kernels`` makes a virtual environment for each other.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.environment import kernel_python
from tests.support.kernel.ipython import LiveKernel, live_kernel
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

OTHERS = ("6.31.0", "7.0.1", "7.1.0", "7.3.0")
VERSIONS = ["installed", *(pytest.param(version, marks=pytest.mark.kernels) for version in OTHERS)]

SHOW = """
from pathlib import Path
from conduit_widget.widget.browser import front_end
front_end.STATIC = Path({module!r}).parent
from conduit_widget import Chat
import asyncio, time
chat = Chat("kernels")
chat.wait_connected(30)
chat
"""
# Touches a file once the cell has read everything and waits for more, or is in its own code for good.
TELL = """
import pathlib, sys, threading
read, before = "", chat.messages
def tell(is_there):
    while not is_there(sys._current_frames()[threading.main_thread().ident].f_code.co_name):
        time.sleep(0.01)
    pathlib.Path({told!r}).touch()
"""
WAITS = (
    "lambda where: where in ('wait', 'select') "
    "and [m.text for m in chat.messages][len(before):] == ['count', 'One two three']"
)
READ_ALL = "lambda where: where in ('wait', 'select') and read == 'One two three'"
FORMS = {
    "await": (WAITS, "await chat.ask('count')"),
    "async for": (READ_ALL, "async for piece in chat.stream('count'): read += piece"),
    "for": (READ_ALL, "for piece in chat.stream('count'): read += piece"),
    "result": (WAITS, "chat.ask('count').result()"),
    "between two pieces": ("lambda where: read", "for read in chat.stream('count'): time.sleep(600)"),
}


@pytest.fixture
def end() -> asyncio.Event:
    """Set by a test that lets the model come to the end of its answers."""
    return asyncio.Event()


@pytest.fixture
def provider(end: asyncio.Event) -> ScriptedProvider:
    """A model that begins to write and does not end by itself."""
    return ScriptedProvider(["One", 0.01, " two", 0.01, " three", end, " four"])


@pytest.fixture
async def server(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[ChatServer]:
    """A hub with that model."""
    async with chat_server(tmp_path / "history.sqlite3", provider) as running:
        yield running


@pytest.fixture(params=VERSIONS)
async def kernel(
    request: pytest.FixtureRequest, server: ChatServer, tmp_path: Path
) -> AsyncIterator[LiveKernel]:
    """A kernel with a live chat shown in its first cell."""
    python = sys.executable if request.param == "installed" else await kernel_python(request.param)
    module = tmp_path / "chat.js"
    module.write_text("export default {};")
    environment = {"CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 300)}
    async with live_kernel(environment, python) as running:
        await running.run(SHOW.format(module=str(module)))
        yield running


async def test_chat_opens_and_the_notebook_keeps_what_was_said(kernel: LiveKernel) -> None:
    """The view gets the conversation, and a rest later so does the output that is saved."""

    def snapshots() -> list[dict[str, Any]]:
        packets = [packet for _, packet in kernel.custom(kernel.comm_id())]
        return [packet for packet in packets if packet["kind"] == "snapshot"]

    await eventually(snapshots, what="the view has the conversation")
    assert snapshots()[-1]["state"]["connection"]["state"] == "live"
    await kernel.run("receipt = chat.send('hello from a cell', respond=False).result(30)")

    def saved() -> bool:
        return any("hello from a cell" in text for text in kernel.replaced("text/plain"))

    await eventually(saved, what="the saved transcript is replaced")


async def test_stop_button_ends_the_wait_and_the_providers_work(
    kernel: LiveKernel, provider: ScriptedProvider, tmp_path: Path
) -> None:
    """In every form of the API, one after the other, with a traceback of one line; the kernel goes on."""
    for number, (form, (is_there, cell)) in enumerate(FORMS.items(), start=1):
        told = tmp_path / f"told-{number}"
        begin = f"threading.Thread(target=tell, args=({is_there},)).start()"
        running = kernel.start(f"{TELL.format(told=str(told))}{begin}\n{cell}")
        await eventually(told.exists, within=60, what=f"{form}: the cell has read what there is")
        await kernel.interrupt()
        await eventually(lambda: provider.closed_early, what=f"{form}: the provider's work ends")
        assert (provider.closed_early, provider.running) == (1, 0), form
        provider.closed_early = 0
        (error,) = kernel.errors(running)
        if form != "between two pieces":  # there the reader's own frame is what was interrupted
            assert len(error["traceback"]) == 1, form
            assert "its work stopped" in error["traceback"][0], form
        assert error["ename"] in {"KeyboardInterrupt", "CancelledError"}, form


async def test_break_lets_the_answer_go_on(
    kernel: LiveKernel, provider: ScriptedProvider, end: asyncio.Event
) -> None:
    """Leaving a loop is no wish to stop: the answer is written to its end."""
    await kernel.run("for piece in chat.stream('count'): break")
    end.set()
    await kernel.run("while chat.messages[-1].text != 'One two three four': time.sleep(0.01)")
    assert provider.closed_early == 0
