"""The title of a notebook's own conversation: the notebook's name, on a real Jupyter server and its hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from conduit_widget.access.notebooks import notebook_conversation, notebook_moved, title_given
from conduit_widget.contract import ACCESS_CLAIM
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.support.browser.notebook_page import write_notebook
from tests.support.chat.server import FAST, ChatServer, chat_server
from tests.support.hub.server import token, token_with
from tests.support.jupyter.server import JupyterServer, jupyter_server
from tests.support.jupyter.view import JupyterView, jupyter_view
from tests.support.kernel.comm import recorded_comms
from tests.support.waiting import eventually


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JupyterServer]:
    """A server with a notebook."""
    with jupyter_server(tmp_path, base_url="/") as running:
        write_notebook(tmp_path / "root" / "one.ipynb", "1")
        yield running


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A kernel's side of chats, with its data in a folder of the test."""
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(tmp_path))
    (tmp_path / "chat.js").write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", tmp_path)
    with recorded_comms(monkeypatch):
        yield
    stop_loop_thread()


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[ChatServer]:
    """A hub."""
    async with chat_server(tmp_path / "history.sqlite3", settings=FAST) as running:
        yield running


def titles(view: JupyterView) -> list[str]:
    """The titles that a view was told, in turn."""
    told: list[str] = []
    for message in view.messages:
        ops = [op for op in message.get("ops", ()) if op["op"] == "conversation"]
        for state in [message["state"], *ops] if message["kind"] == "snapshot" else ops:
            title = (state["conversation"] or {}).get("title")
            if title and title not in told[-1:]:
                told.append(title)
    return told


async def test_panel_shows_the_name_of_the_notebook(server: JupyterServer, tmp_path: Path) -> None:
    """From the beginning, and while it is renamed before one's eyes; not once somebody has named it."""
    noted = tmp_path / "data" / "notebooks.json"
    async with httpx2.AsyncClient(headers=server.headers, base_url=server.url, timeout=60) as http:
        reply = await http.get("/conduit/api/notebook", params={"path": "one.ipynb"})
        own = reply.json()["conversation"]

        async def rename(old: str, new: str) -> None:
            assert (await http.patch(f"/api/contents/{old}", json={"path": new})).status_code == 200
            await eventually(lambda: new in noted.read_text(), what="it is noted where the file is")

        async def call(view: JupyterView, title: str) -> None:
            assert "error" not in await view.ask("conversation", action="rename", title=title)

        async with jupyter_view(server.ws_url, server.headers, own) as view:
            await view.live()
            await view.until(lambda: titles(view)[-1:] == ["one"])
            await eventually(lambda: f'"{own}":"one"' in noted.read_text(), what="the title is noted")
            await rename("one.ipynb", "two.ipynb")
            await view.until(lambda: titles(view)[-1] == "two")
            await eventually(lambda: f'"{own}":"two"' in noted.read_text(), what="the title is noted")
            await call(view, "Plans")
            await rename("two.ipynb", "three.ipynb")
            await call(view, "Our plans")
            await view.until(lambda: titles(view)[-1] == "Our plans")
            assert titles(view)[-4:] == ["one", "two", "Plans", "Our plans"]


async def shows(hub: ChatServer, conversation_id: str, access_token: str) -> Chat:
    """Show a chat, and wait until it is live."""
    chat = Chat(conversation_id, hub_url=hub.url, token=access_token)
    await asyncio.to_thread(chat.wait_connected, 30)
    return chat


@pytest.mark.usefixtures("comms")
async def test_chat_of_a_kernel_has_it_too(hub: ChatServer) -> None:
    """At whatever hub; a notebook that was moved is called by its new name when its chat is shown again."""
    own = notebook_conversation("/work/one.ipynb")
    async with hub.person("ann") as ann:
        await ann.join(own)
        for count, name in enumerate(("one", "two"), start=1):
            chat = await shows(hub, own, token("ann"))
            told = await ann.got("ConversationUpdated", count)
            assert told[-1][0]["title"] == name
            await asyncio.to_thread(chat.close)
            title_given(own, name)  # closed perhaps before it was noted
            notebook_moved("/work/one.ipynb", "/work/two.ipynb")


@pytest.mark.usefixtures("comms")
async def test_refusal_changes_nothing(hub: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    """Of the owner whose token may only read: the chat is there, and nothing is said of it."""
    own = notebook_conversation("/work/one.ipynb")
    async with hub.person("ann") as ann:
        await ann.join(own)
        caplog.set_level("DEBUG", "conduit_widget.widget.notebook_title")
        chat = await shows(hub, own, token_with("ann", **{ACCESS_CLAIM: "read"}))
        await eventually(lambda: "keeps its title" in caplog.text, what="the hub refuses")
        await asyncio.to_thread(chat.wait_connected, 30)
        assert [each["title"] for each in await ann.invoke("ListConversations")] == [None]
        assert [each.levelname for each in caplog.records if "title" in each.message] == ["DEBUG"]
        await asyncio.to_thread(chat.close)
