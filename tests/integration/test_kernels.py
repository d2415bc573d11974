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

from tests.support.chat_server import ChatServer, chat_server
from tests.support.hub_server import token
from tests.support.kernel import LiveKernel, live_kernel
from tests.support.kernel_environment import kernel_python
from tests.support.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

OTHERS = ("6.31.0", "7.0.1", "7.1.0", "7.3.0")
VERSIONS = ["installed", *(pytest.param(version, marks=pytest.mark.kernels) for version in OTHERS)]

SHOW = """
from pathlib import Path
from conduit_widget.widget import front_end
front_end.MODULE = Path({module!r})
from conduit_widget import Chat
import asyncio, time
chat = Chat("kernels")
chat.wait_connected(30)
chat
"""
FORMS = {
    "await": "await chat.ask('count')",
    "async for": "async for piece in chat.stream('count'): pass",
    "for": "for piece in chat.stream('count'): pass",
    "result": "chat.ask('count').result()",
    "between two pieces": "for piece in chat.stream('count'): time.sleep(600)",
}


@pytest.fixture
def provider() -> ScriptedProvider:
    """A model that begins to write and never ends by itself."""
    return ScriptedProvider(["One", 0.01, " two", 0.01, " three", asyncio.Event()])


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
    module = tmp_path / "widget.js"
    module.write_text("export default {};")
    environment = {"CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 300)}
    async with live_kernel(environment, python) as running:
        await running.run(SHOW.format(module=str(module)))
        yield running


def ops(kernel: LiveKernel, kind: str) -> list[dict[str, Any]]:
    """The ops of a kind that left for the views."""
    packets = [packet for _, packet in kernel.custom(kernel.comm_id())]
    return [op for packet in packets for op in packet.get("ops", ()) if op["op"] == kind]


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


@pytest.mark.parametrize("form", FORMS)
async def test_stop_button_ends_the_wait_and_the_providers_work(
    kernel: LiveKernel, provider: ScriptedProvider, form: str
) -> None:
    """In every form of the API, with a traceback of one line, and the kernel goes on."""
    cell = kernel.start(FORMS[form])
    await eventually(lambda: ops(kernel, "token"), within=60, what="the answer is being written")
    await asyncio.sleep(0.2)  # into the wait for the next piece
    await kernel.interrupt()
    await eventually(lambda: provider.closed_early == 1, what="the provider's work ends")
    (error,) = kernel.errors(cell)
    if form != "between two pieces":  # there the reader's own frame is what was interrupted
        assert len(error["traceback"]) == 1
        assert "its work stopped" in error["traceback"][0]
    assert error["ename"] in {"KeyboardInterrupt", "CancelledError"}
    await kernel.run("after = len(chat.messages)")


async def test_break_lets_the_answer_go_on(kernel: LiveKernel, provider: ScriptedProvider) -> None:
    """Leaving a loop is no wish to stop."""
    await kernel.run("for piece in chat.stream('count'): break")
    await kernel.run("time.sleep(0.3)")
    assert (provider.running, provider.closed_early) == (1, 0)
    await kernel.run("chat.stop().result(30)")
