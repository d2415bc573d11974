"""What a script or a notebook sends last is sent, or it is said that it was not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from conduit_widget.access.hub_access import resolve_access
from conduit_widget.chat_client import ChatHubClient
from conduit_widget.client import HubConnection
from conduit_widget.contract import ChatEvent
from conduit_widget.runtime_file import read_runtime
from tests.support.chat.server import chat_server
from tests.support.hub.local_process import stop_hub
from tests.support.hub.server import token
from tests.support.network.ports import free_port
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(400)

PRELUDE = """
import sys
from pathlib import Path
from conduit_widget.widget.browser import front_end
front_end.STATIC = Path({module!r}).parent
from conduit_widget import Chat
"""


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of its own; whatever hub serves it ends with the test."""
    for name in [each for each in os.environ if each.startswith("CONDUIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONDUIT_EXIT_WAIT", "120")  # a machine that stalls starts no hub in five seconds
    directory = tmp_path / "data"
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(directory))
    yield directory
    runtime = read_runtime(directory)
    if runtime is not None:
        stop_hub(runtime.pid)


@pytest.fixture
def prelude(tmp_path: Path) -> str:
    """The first lines of a script: a stand-in browser part, and ``Chat``."""
    module = tmp_path / "chat.js"
    module.write_text("export default {};")
    return PRELUDE.format(module=str(module))


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


async def stored() -> list[str]:
    """What people have written to the conversation, as the hub has it."""
    access = resolve_access()
    async with HubConnection(access.url, access_token=access.token) as connection:
        join = await ChatHubClient(connection).join_conversation("main")
        assert join is not None
        return [each["content"] for each in join.messages if each["role"] == "user"]


async def test_script_that_ends_on_send_has_sent(data_dir: Path, prelude: str) -> None:
    """Ten of ten: with the hub still to be started, with a fresh chat, and with a connected one."""
    for number in range(5):
        fresh = run(f"{prelude}Chat().send('fresh {number}', respond=False)")
        assert (fresh.returncode, fresh.stderr) == (0, "")
        wait = "chat = Chat(); chat.wait_connected(100)"
        connected = run(f"{prelude}{wait}; chat.send('connected {number}', respond=False); sys.exit(3)")
        assert (connected.returncode, connected.stderr) == (3, ""), "the exit code is the script's"
    assert await stored() == [f"{kind} {number}" for number in range(5) for kind in ("fresh", "connected")]


async def test_last_cell_of_a_notebook_has_sent(data_dir: Path, prelude: str) -> None:
    """Run by nbclient, which ends the kernel as soon as the cell has returned."""
    cell = f"{prelude}Chat().send('from a notebook', respond=False)"
    code = {"id": "a", "cell_type": "code", "source": cell, "metadata": {}, "outputs": []}
    code = {"id": "a", "cell_type": "code", "source": cell, "metadata": {}, "outputs": []}
    cells = [{**code, "execution_count": None}]
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    notebook = nbformat.reads(json.dumps(document), as_version=4)  # type: ignore[no-untyped-call]
    patient = Config()
    patient.KernelManager.shutdown_wait_time = 300.0  # half of it without a signal
    await NotebookClient(notebook, timeout=200, kernel_name="python3", config=patient).async_execute()
    assert await stored() == ["from a notebook"]


def test_script_says_what_it_could_not_send(data_dir: Path, prelude: str) -> None:
    """The hub is down: the script ends in time, with its own exit code, and one line with the reason.

    What it said is kept for whoever comes back to this hub with the same key.
    """
    address = f"http://127.0.0.1:{free_port()}"
    send = "chat.send('one'); chat.send('two'); sys.exit(3)"
    ended = run(f"{prelude}chat = Chat(hub_url={address!r}, token='t'); {send}", CONDUIT_EXIT_WAIT="1")
    (line,) = ended.stderr.splitlines()
    told = "conduit_widget: 2 messages to 'main' not sent within 1 s, kept until the hub is back: "
    assert line.startswith(f"{told}No answer from {address}")
    assert ended.returncode == 3


def test_script_with_a_refused_token_says_so(data_dir: Path, prelude: str) -> None:
    """What failed for good is said by the same stderr, though nobody asked for the result."""
    script = f"""{prelude}
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
class Refusing(BaseHTTPRequestHandler):
    def do_POST(self): self.send_error(401)
    def log_message(self, *args): pass
server = HTTPServer(("127.0.0.1", 0), Refusing)
Thread(target=server.serve_forever, daemon=True).start()
chat = Chat(hub_url=f"http://127.0.0.1:{{server.server_port}}", token="wrong")
chat.send("never sent")
"""
    ended = run(script)
    assert ended.returncode == 0
    assert "send failed: " in ended.stderr
    assert "refused the access token (HTTP 401)" in ended.stderr


async def test_interrupted_question_is_stopped_at_the_hub(tmp_path: Path, prelude: str) -> None:
    """Ctrl-C in a script: a KeyboardInterrupt, its own exit code, and nothing goes on being written."""
    provider = ScriptedProvider(["It begins", asyncio.Event()])
    async with chat_server(tmp_path / "history", provider) as server, server.person("bob") as other:
        await other.join("main")
        script = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", f"{prelude}Chat().ask('Why?').result()"),
            env={**os.environ, "CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 300)},
            stderr=asyncio.subprocess.PIPE,
        )
        await eventually(lambda: other.of(ChatEvent.STREAM_TOKEN), what="the answer begins")
        script.send_signal(signal.SIGINT)
        _, stderr = await asyncio.wait_for(script.communicate(), 200)
        assert script.returncode == -signal.SIGINT
        assert stderr.decode().strip().endswith("KeyboardInterrupt")
        (_, _, metadata), *_ = other.of(ChatEvent.STREAM_TOKEN)
        final = await other.final(metadata["messageId"])
        assert final["metadata"]["finishReason"] == "cancelled"
        await eventually(lambda: provider.running == 0, what="the provider's call ends")
