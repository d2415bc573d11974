"""An answer as the output of a cell, in a real kernel: filled as it comes, rendered when it is finished."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.errors import ProviderError
from tests.support.chat.server import chat_server
from tests.support.hub.server import token
from tests.support.kernel.ipython import LiveKernel, live_kernel
from tests.support.network.ports import free_port
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

OPEN = "from conduit_widget import Chat\nchat = Chat('answers')\nchat.wait_connected(30)"


class Gates:
    """What holds the model back, and lets it go on."""

    def __init__(self) -> None:
        self.middle, self.end = asyncio.Event(), asyncio.Event()


@pytest.fixture
def gates() -> Gates:
    """Two places where the model waits for the test."""
    return Gates()


@pytest.fixture
async def kernel(tmp_path: Path, gates: Gates) -> AsyncIterator[LiveKernel]:
    """A kernel with a chat that is connected and not shown; its model's second answer fails."""
    provider = ScriptedProvider(
        ["Some **bold", gates.middle, " words**", gates.end, " & no tags: <b>"],
        [ProviderError("The model is out.", type="server_error")],
    )
    async with chat_server(tmp_path / "history.sqlite3", provider) as server:
        environment = {"CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 300)}
        async with live_kernel(environment) as running:
            await running.run(OPEN)
            yield running


def shown(kernel: LiveKernel, cell: str, kind: str) -> list[dict[str, Any]]:
    """What a cell showed, in messages of a kind, as MIME type → text."""
    return [
        message["content"]["data"]
        for _, message in kernel.iopub
        if message["msg_type"] == kind and message["parent_header"].get("msg_id") == cell
    ]


def texts(kernel: LiveKernel) -> list[str]:
    """The text of the output that is replaced as the answer comes."""
    return kernel.replaced("text/plain")


async def test_ask_as_a_cells_last_line_fills_its_output_as_the_answer_comes(
    kernel: LiveKernel, gates: Gates
) -> None:
    """The cell ends at once; its one output grows, belongs to that cell, and ends rendered."""
    cell = kernel.start("chat.ask('How?')")
    await kernel.finished(cell)
    assert len(shown(kernel, cell, "display_data")) == 1
    await eventually(lambda: texts(kernel)[-1] == "Some **bold", what="the first piece is shown")
    await kernel.run("'another cell'")
    gates.middle.set()
    await eventually(lambda: texts(kernel)[-1] == "Some **bold words**", what="it goes on")
    gates.end.set()
    await eventually(lambda: "(script-1" in texts(kernel)[-1], what="the finished answer is shown")
    pictures = shown(kernel, cell, "update_display_data")
    assert "<strong>bold words</strong> &amp; no tags: &lt;b&gt;" in pictures[-1]["text/html"]
    assert len(shown(kernel, cell, "display_data")) == 1
    assert not shown(kernel, cell, "execute_result")


async def test_answer_that_comes_while_another_cell_runs_is_kept_by_whoever_runs_notebooks_unattended(
    kernel: LiveKernel, gates: Gates
) -> None:
    """Such programs take outputs from the running cell alone: that cell writes the answer at its end."""
    await kernel.run("pending = chat.ask('How?')\npending")
    gates.middle.set()
    gates.end.set()
    later = kernel.start("done = pending.result(30)")
    await kernel.finished(later)
    picture = shown(kernel, later, "update_display_data")[-1]
    assert "(script-1" in picture["text/plain"]


async def test_answer_that_waits_for_the_hub_says_so(tmp_path: Path) -> None:
    """In its output, in place of a mere ellipsis."""
    port = free_port()
    environment = {"CONDUIT_HUB_URL": f"http://127.0.0.1:{port}", "CONDUIT_HUB_TOKEN": token("ann", 300)}
    async with live_kernel(environment) as kernel:
        await kernel.run(
            "from conduit_widget import Chat\nchat = Chat('answers')\npending = chat.ask('How?')"
        )
        kernel.start("pending")
        await eventually(
            lambda: texts(kernel) and re.fullmatch(r"… [A-Z].+\.", texts(kernel)[-1]), what="the reason"
        )
        await kernel.run("pending.cancel(); chat.close()")


async def test_awaited_answer_is_shown_rendered(kernel: LiveKernel, gates: Gates) -> None:
    """With the model small below it; as text for whoever has no HTML."""
    gates.middle.set()
    gates.end.set()
    cell = kernel.start("await chat.ask('How?')")
    await kernel.finished(cell)
    (result,) = shown(kernel, cell, "execute_result")
    assert result["text/plain"].startswith("Some **bold words** & no tags: <b>\n\n(script-1")
    assert "<strong>bold words</strong> &amp; no tags: &lt;b&gt;" in result["text/html"]
    assert "script-1" in result["text/html"]


async def test_answer_that_fails_says_why_where_it_would_be(kernel: LiveKernel, gates: Gates) -> None:
    """Shown by the output itself, in one line, and not a second time in the log."""
    gates.middle.set()
    gates.end.set()
    await kernel.run("chat.ask('How?').result(30)")
    cell = kernel.start("chat.ask('And now?')")
    await eventually(lambda: texts(kernel) and "The model is out." in texts(kernel)[-1], what="the reason")
    await kernel.run("import gc; gc.collect()")
    assert kernel.printed(cell) == ""
