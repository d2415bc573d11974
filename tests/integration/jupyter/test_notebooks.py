"""A notebook's own conversation in a real Jupyter server: kernels, renames, folders, deletions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient

from conduit_widget.access.notebooks import notebook_conversation
from tests.support.browser.notebook_page import write_notebook
from tests.support.jupyter.server import JupyterServer, jupyter_server
from tests.support.waiting import eventually

NAME: Final = "from conduit_widget.widget.own_conversation import own_conversation\nprint(own_conversation())"


class Folder:
    """The folder of a Jupyter server, and what a page does to its files."""

    def __init__(self, server: JupyterServer, folder: Path, http: httpx2.AsyncClient) -> None:
        self.root = folder / "root"
        self._data = folder / "data"
        self._runtime = folder / "runtime"
        self._url = server.url
        self._http = http

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the server's API."""
        reply = await self._http.request(method, f"{self._url}/api/{path}", json=body)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None

    def noted(self) -> str:
        """What is noted of notebooks."""
        return (self._data / "notebooks.json").read_text()

    def conversation(self, notebook: str) -> str:
        """The conversation of a notebook whose kernel begins now."""
        return notebook_conversation(str(self.root / notebook), data_dir=self._data)

    async def becomes(self, notebook: str, conversation: str) -> None:
        """Wait until a notebook has a conversation."""

        def has() -> bool:
            return f'{self.root / notebook}":"{conversation}"' in (self._data / "notebooks.json").read_text()

        await eventually(has, what="the conversation follows the notebook")

    async def open(self, notebook: str) -> dict[str, Any]:
        """Open a session, as a page does that shows a shared document on a drive of its own."""
        session: dict[str, Any] = await self.ask(
            "POST",
            "sessions",
            {
                "path": notebook,
                "name": Path(notebook).name,
                "type": "notebook",
                "kernel": {"name": "python3"},
            },
        )
        return session

    async def told(self, path: str) -> httpx2.Response:
        """Ask the extension which conversation a notebook has."""
        return await self._http.get(f"{self._url}/conduit/api/notebook", params={"path": path})

    async def said(self, session: dict[str, Any]) -> str:
        """What a kernel says its notebook's conversation is."""
        client = AsyncKernelClient(
            connection_file=str(self._runtime / f"kernel-{session['kernel']['id']}.json")
        )
        client.load_connection_file()
        client.start_channels()
        try:
            await eventually(lambda: _is_ready(client), within=90, what="the kernel answers")
            heard: list[str] = []

            def hear(message: dict[str, Any]) -> None:
                if message["msg_type"] == "stream":
                    heard.append(message["content"]["text"])

            await client.execute_interactive(NAME, output_hook=hear, timeout=60)
            return "".join(heard).strip()
        finally:
            client.stop_channels()


async def _is_ready(client: AsyncKernelClient) -> bool:
    try:
        await client.wait_for_ready(timeout=10)
    except RuntimeError:
        return False  # it has not begun, or not begun again
    return True


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Folder]:
    """An empty folder, served."""
    with jupyter_server(tmp_path, base_url="/") as server:
        async with httpx2.AsyncClient(headers=server.headers, timeout=60) as http:
            yield Folder(server, tmp_path, http)


async def test_conversation_stays_with_the_file(folder: Folder) -> None:
    """Renamed, moved with its folder, replaced by another; a file that is copied has its own."""
    (folder.root / "old").mkdir()
    write_notebook(folder.root / "old" / "a.ipynb", "1")
    mine = folder.conversation("old/a.ipynb")
    await folder.ask("PATCH", "contents/old/a.ipynb", {"path": "old/b.ipynb"})
    await folder.becomes("old/b.ipynb", mine)
    await folder.ask("PATCH", "contents/old", {"path": "new"})
    await folder.becomes("new/b.ipynb", mine)
    await folder.ask("POST", "contents/new", {"copy_from": "new/b.ipynb"})
    assert folder.conversation("new/b-Copy1.ipynb") != mine
    await folder.ask("DELETE", "contents/new/b.ipynb")
    await eventually(
        lambda: mine not in (folder.root.parent / "data" / "notebooks.json").read_text(),
        what="it is forgotten",
    )
    assert folder.conversation("new/b.ipynb") != mine


@pytest.mark.parametrize("drive", ["", "RTC:"])
async def test_page_is_told_the_conversation_of_the_kernel(folder: Folder, drive: str) -> None:
    """In a folder, under a name with a space in it; what is no notebook below the root has none."""
    (folder.root / "my work").mkdir()
    write_notebook(folder.root / "my work" / "a b.ipynb", "1")
    session = await folder.open(f"my work/{drive}a b.ipynb")
    told = await folder.told(f"my work/{drive}a b.ipynb")
    assert told.status_code == 200
    assert told.json() == {"conversation": await folder.said(session)}
    assert (await folder.told(f"{drive}my work/a b.ipynb")).json() == told.json()
    for path in ("", "a.txt", "../a.ipynb", "x/../../a.ipynb"):
        assert (await folder.told(path)).status_code == 400
    noted = folder.noted()
    assert (await folder.told(f"my work/{drive}none.ipynb")).status_code == 404
    assert folder.noted() == noted


@pytest.mark.parametrize("drive", ["", "RTC:"])
async def test_kernel_keeps_its_notebooks_conversation(folder: Folder, drive: str) -> None:
    """Renamed while it lives, before its first chat and after, and restarted then."""
    write_notebook(folder.root / "a.ipynb", "1")
    session = await folder.open(f"{drive}a.ipynb")
    await folder.ask("PATCH", "contents/a.ipynb", {"path": "b.ipynb"})
    await folder.ask("PATCH", f"sessions/{session['id']}", {"path": f"{drive}b.ipynb"})
    kernels = folder.root.parent / "data" / "notebooks.json"
    await eventually(kernels.exists, what="the server has noted it")
    mine = await folder.said(session)
    assert mine.startswith("b-")
    assert folder.conversation("b.ipynb") == mine
    await folder.ask("PATCH", "contents/b.ipynb", {"path": "c.ipynb"})
    await folder.becomes("c.ipynb", mine)
    assert await folder.said(session) == mine
    await folder.ask("POST", f"kernels/{session['kernel']['id']}/restart")
    assert await folder.said(session) == mine
    write_notebook(folder.root / "a.ipynb", "1")
    another = await folder.open("a.ipynb")
    assert await folder.said(another) not in {mine, ""}
