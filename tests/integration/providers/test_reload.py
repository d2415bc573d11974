"""A running hub follows ``config.toml``: a real process, an answer open over the change."""

from __future__ import annotations

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from tests.support.hub.live_hub import LiveHub
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.processes.pseudo_terminal import pseudo_terminal
from tests.support.waiting import eventually

CONVERSATION = "reload"


def entry(name: str, server: RawHttpServer, more: str = "") -> str:
    """One table of the file."""
    return f'[[providers]]\nname = "{name}"\nbase_url = "{server.base_url}"\n{more}\n'


def write(data_dir: Path, text: str) -> None:
    """Replace the file in one step, as editors do."""
    aside = data_dir / "config.new"
    aside.write_text(text)
    aside.chmod(0o600)
    aside.replace(data_dir / "config.toml")


class Scripted:
    """A model that says its name, then waits until it may end the answer."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.may_end = asyncio.Event()

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        """List the model, or answer."""
        if request.method == "GET":
            await reply.json({"data": [{"id": f"{self.name}-model"}]})
            return
        await reply.start_stream()
        await reply.delta(f"I am {self.name}")
        await self.may_end.wait()
        await reply.delta(", truly.", finish_reason="stop")


class Person:
    """Somebody in the conversation."""

    def __init__(self, connection: HubConnection) -> None:
        self.connection = connection
        self.answers: list[dict[str, Any]] = []
        self.text: list[str] = []
        self.statuses: list[dict[str, Any]] = []
        self.models: list[dict[str, Any]] = []
        connection.on("MessageUpdated", self.answers.append)
        connection.on("StreamToken", lambda _conversation, token, _metadata: self.text.append(token))
        connection.on("ProviderStatusUpdate", lambda _name, status: self.statuses.append(status))
        connection.on("ModelAvailabilityChanged", self.models.append)

    async def ask(self) -> None:
        """Send a question."""
        self.text.clear()
        question = {"id": str(uuid.uuid4()), "role": "user", "content": "Who are you?"}
        await self.connection.invoke("SendMessage", CONVERSATION, question)

    def states(self) -> list[tuple[str, str]]:
        """The states announced so far."""
        return [(status["provider"], status["state"]) for status in self.statuses]

    async def providers(self) -> list[str]:
        """The providers there are now."""
        return [status["provider"] for status in await self.connection.invoke("RequestProviderStatus")]


@asynccontextmanager
async def person(hub: LiveHub) -> AsyncIterator[Person]:
    """Join the conversation."""
    connection = HubConnection(hub.url + CHAT_HUB_PATH, access_token=hub.token("ada"), retry=None)
    ada = Person(connection)
    async with connection:
        await connection.invoke("JoinConversation", CONVERSATION)
        yield ada


async def test_open_answer_ends_with_what_it_began_with_and_the_next_uses_the_new_file(
    tmp_path: Path,
) -> None:
    """The provider that vanishes finishes its answer; everybody hears that it is gone and which one came."""
    old, new = Scripted("old"), Scripted("new")
    new.may_end.set()
    async with RawHttpServer(old) as old_server, RawHttpServer(new) as new_server:
        write(tmp_path, entry("old", old_server))
        hub = await asyncio.to_thread(LiveHub(tmp_path, {"CONDUIT_DETECT": "0"}).start)
        try:
            async with person(hub) as ada:
                await ada.ask()
                await eventually(lambda: "".join(ada.text) == "I am old")
                write(tmp_path, entry("new", new_server))
                await eventually(lambda: ("old", "disabled") in ada.states())
                await eventually(lambda: ("new", "healthy") in ada.states())
                assert (await ada.providers())[0] == "new"
                assert "old" not in await ada.providers()
                old.may_end.set()
                await eventually(lambda: len(ada.answers) == 1)
                assert ada.answers[0]["content"] == "I am old, truly."
                assert ada.answers[0]["metadata"]["provider"] == "old"
                assert ada.answers[0]["metadata"]["status"] == "complete"
                await ada.ask()
                await eventually(lambda: len(ada.answers) == 2)
                assert ada.answers[1]["content"] == "I am new, truly."
        finally:
            await asyncio.to_thread(hub.stop)


async def test_wrong_file_keeps_what_was_set_and_says_so_in_one_line(tmp_path: Path) -> None:
    """SIGHUP reads at once; what is wrong with the file stands in the log, and the hub goes on."""
    model = Scripted("old")
    model.may_end.set()
    async with RawHttpServer(model) as server:
        write(tmp_path, entry("old", server))
        hub = await asyncio.to_thread(LiveHub(tmp_path, {"CONDUIT_DETECT": "0"}).start)
        try:
            async with person(hub) as ada:
                write(tmp_path, entry("new", server, "api_key = 'sk-secret'"))
                hub.process.send_signal(signal.SIGHUP)
                await eventually(lambda: "What was set before stays in use." in hub.log)
                assert hub.process.poll() is None
                await ada.ask()
                await eventually(lambda: len(ada.answers) == 1)
                assert ada.answers[0]["metadata"]["provider"] == "old"
                (line,) = [line for line in hub.log.splitlines() if "stays in use" in line]
                assert "providers[0].api_key: no key may stand here" in line
                assert "sk-secret" not in hub.log
                write(tmp_path, entry("new", server))
                hub.process.send_signal(signal.SIGHUP)
                await eventually(lambda: ("new", "healthy") in ada.states())
        finally:
            await asyncio.to_thread(hub.stop)


async def test_terminal_that_closes_takes_no_hub_with_it(tmp_path: Path) -> None:
    """The window that it was begun in is shut: the hub goes on, follows its file, and ends in order."""
    old, new = Scripted("old"), Scripted("new")
    command = (sys.executable, "-m", "conduit_widget", "serve", "--log-level", "info", "--port", "0")
    async with RawHttpServer(old) as old_server, RawHttpServer(new) as new_server:
        write(tmp_path, entry("old", old_server))
        with pseudo_terminal(
            *command, "--data-dir", str(tmp_path), environment={"CONDUIT_DETECT": "0"}
        ) as terminal:
            await eventually(lambda: "listening on" in terminal.read(), within=60)
            terminal.hang_up()
            write(tmp_path, entry("new", new_server))
            await eventually(lambda: new_server.requests, within=60)
            assert terminal.process.poll() is None
            terminal.process.terminate()
            assert await asyncio.to_thread(terminal.process.wait, 60) == 0
