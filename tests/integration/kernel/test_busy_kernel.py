"""A real kernel that is busy: tokens leave, requests get in, prints stay where they belong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.contract import COMM_INTERVAL
from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.ipython import LiveKernel, live_kernel
from tests.support.providers.scripted_provider import ScriptedProvider, Step
from tests.support.waiting import eventually, ticks

TOKENS = 50
SHOW = """
from functools import partial
from pathlib import Path
from conduit_widget.widget.browser import front_end
front_end.STATIC = Path({module!r}).parent
from conduit_widget import Chat
chat = Chat("busy")
chat.wait_connected(30)
chat
"""
BUSY = {"sleep": "time.sleep(0.1)", "cpu": "sum(range(1000))"}


class Model:
    """When the model begins to write, and when it may end."""

    def __init__(self) -> None:
        self.begins, self.ends = asyncio.Event(), asyncio.Event()


@pytest.fixture
async def model() -> Model:
    """The gates of the model's answer."""
    return Model()


@pytest.fixture
async def server(tmp_path: Path, model: Model) -> AsyncIterator[ChatServer]:
    """A hub whose model writes a token every 50 ms for 2.5 s, once it is let."""
    script: list[Step] = [model.begins]
    for number in range(TOKENS):
        script += [f"{number:02d} ", 0.05]
    script.append(model.ends)
    async with chat_server(tmp_path / "h", ScriptedProvider(script)) as running:
        yield running


@pytest.fixture
async def kernel(server: ChatServer, tmp_path: Path) -> AsyncIterator[LiveKernel]:
    """A kernel with a live chat shown in its first cell."""
    module = tmp_path / "chat.js"
    module.write_text("export default {};")
    environment = {"CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 300)}
    async with live_kernel(environment) as running:
        await running.run(SHOW.format(module=str(module)))
        yield running


def start_busy(kernel: LiveKernel, what: str, until: Path) -> str:
    """Start a cell that does something over and over until a file is there; return its message id."""
    code = f"import pathlib, time\nwhile not pathlib.Path({str(until)!r}).exists(): {what}"
    return kernel.start(code)


def tokens(custom: list[tuple[float, dict[str, Any]]]) -> list[tuple[float, str]]:
    """Arrival time and text of every token op."""
    return [
        (arrived, op["text"])
        for arrived, packet in custom
        if packet["kind"] == "ops"
        for op in packet["ops"]
        if op["op"] == "token"
    ]


def written(custom: list[tuple[float, dict[str, Any]]]) -> str:
    """The answer as a view has it in the end: from the newest snapshot's text on, tokens at their offsets."""
    text = ""
    for _, packet in custom:
        if packet["kind"] == "snapshot":
            text = "".join(stream["text"] for stream in packet["state"]["streams"].values())
        for op in packet.get("ops", []):
            if op["op"] == "token":
                assert op["offset"] == len(text), "a token's offset is the length of the text before it"
                text += op["text"]
    return text


@pytest.mark.parametrize("kind", ["sleep", "cpu"])
async def test_tokens_leave_while_a_cell_runs(
    kernel: LiveKernel, model: Model, kind: str, tmp_path: Path
) -> None:
    """The answer streams into the front-end in the middle of a blocking cell, numbered without a gap."""
    comm_id = kernel.comm_id()
    await kernel.run("pending = chat.ask('count', max_tokens=99)")
    cell = start_busy(kernel, BUSY[kind], tmp_path / "enough")
    await eventually(lambda: kernel.is_busy_with(cell))
    before = len(tokens(kernel.custom(comm_id)))
    model.begins.set()
    model.ends.set()
    await eventually(
        lambda: len(tokens(kernel.custom(comm_id))) > before + 20,
        within=60,
        what="tokens do not wait for the cell",
    )
    assert kernel.is_busy_with(cell)
    (tmp_path / "enough").touch()
    await kernel.finished(cell)
    await kernel.run("answer = pending.result(60).text")
    final = "".join(f"{number:02d} " for number in range(TOKENS))
    await eventually(lambda: written(kernel.custom(comm_id)) == final)
    sent = [(at, packet["n"]) for at, packet in kernel.custom_sent(comm_id) if packet["kind"] == "ops"]
    assert [n for _, n in sent] == list(range(1, len(sent) + 1))
    span = sent[-1][0] - sent[0][0]
    assert len(sent) <= span / COMM_INTERVAL + 5, "at most one message per tick"


@pytest.mark.skipif(version("ipykernel").startswith("6."), reason="this ipykernel has no subshells")
async def test_requests_of_a_view_get_in_while_a_cell_runs(kernel: LiveKernel, tmp_path: Path) -> None:
    """Send, stop and hello reach the hub through a subshell although the main shell is busy."""
    comm_id, subshell = kernel.comm_id(), await kernel.create_subshell()
    cell = start_busy(kernel, BUSY["sleep"], tmp_path / "enough")
    await eventually(lambda: kernel.is_busy_with(cell))
    async for number in ticks(0.06, 20):  # the hub's own limit is 20 a second
        kernel.view_says(
            comm_id, {"kind": "stop", "requestId": number, "messageId": f"none-{number}"}, subshell
        )
        await eventually(partial(reply, kernel, comm_id, number))
    assert kernel.is_busy_with(cell)
    (tmp_path / "enough").touch()
    await kernel.finished(cell)


def reply(kernel: LiveKernel, comm_id: str, request_id: int) -> float | None:
    """Arrival time of a request's reply."""
    for arrived, packet in kernel.custom(comm_id):
        if packet["kind"] == "reply" and packet["requestId"] == request_id:
            return arrived
    return None


async def test_background_work_prints_into_no_cell_and_listeners_into_theirs(kernel: LiveKernel) -> None:
    """A listener's output belongs to the cell that registered it, whatever cell runs now."""
    registering = kernel.start("stop_listening = chat.on_message(lambda m: print('heard', m.role))")
    await kernel.finished(registering)
    other = kernel.start("import time\nchat.send('hi', respond=False)\ntime.sleep(1)")
    await kernel.finished(other)
    await eventually(lambda: kernel.printed(registering) == "heard user\n")
    assert kernel.printed(other) == ""


async def test_closing_the_chat_closes_its_comms(kernel: LiveKernel, server: ChatServer) -> None:
    """Both the widget's and its layout's comm close, and the connection goes."""
    comm_id, layout_id = kernel.comm_id(), kernel.comm_id("LayoutModel")
    await kernel.run("chat.close()")
    closed = {m["content"]["comm_id"] for _, m in kernel.iopub if m["msg_type"] == "comm_close"}
    assert {comm_id, layout_id} <= closed


async def test_interrupting_a_cell_that_waits_stops_the_generation(kernel: LiveKernel, model: Model) -> None:
    """The notebook's stop button ends the answer, too."""
    model.begins.set()
    cell = kernel.start("chat.ask('count').result()")
    await eventually(lambda: len(tokens(kernel.custom(kernel.comm_id()))) > 3)
    kernel.client.session.send(
        kernel.client.control_channel.socket, kernel.client.session.msg("interrupt_request", {})
    )

    def cancelled() -> bool:
        return any(
            op.get("message", {}).get("metadata", {}).get("status") == "cancelled"
            for _, packet in kernel.custom(kernel.comm_id())
            for op in packet.get("ops", ())
        )

    await eventually(cancelled, what="the answer is cancelled")
    with pytest.raises(AssertionError, match="KeyboardInterrupt"):
        await kernel.finished(cell)
