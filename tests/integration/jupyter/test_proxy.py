"""The hub behind a Jupyter server: every transport, as the signed-in user, and nothing else of it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from typing import get_args

import httpx2
import pytest

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.transport_choice import TransportName
from conduit_widget.contract import CHAT_HUB_PATH, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.runtime_file import read_runtime
from tests.support.jupyter.server import PEOPLE, JupyterServer, jupyter_server
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A server that several people use, each by their own token."""
    with jupyter_server(tmp_path_factory.mktemp("shared"), configuration=PEOPLE) as running:
        yield running


@pytest.mark.parametrize("transport", get_args(TransportName))
async def test_every_transport_goes_through(shared: JupyterServer, transport: TransportName) -> None:
    """The page's client joins, sends and hears; the hub knows it by the name that Jupyter gave."""
    heard: list[str] = []
    connection = HubConnection(
        f"{shared.url}/conduit{CHAT_HUB_PATH}", access_token="user-ann", transport=[transport], retry=None
    )
    connection.on("ReceiveMessage", lambda message: heard.append(message["content"]))
    await connection.start()
    try:
        joined = await connection.invoke("JoinConversation", f"by {transport}")
        assert [person["userName"] for person in joined["participants"]] == ["Ann of Jupyter"]
        quiet = {
            "id": f"1 {transport}",
            "role": "user",
            "content": "é" * 9000,
            "metadata": {"respond": False},
        }
        await connection.invoke("SendMessage", f"by {transport}", quiet)
        await eventually(lambda: heard == ["é" * 9000])
    finally:
        await connection.stop()


async def test_viewer_reads_and_does_not_write(shared: JupyterServer) -> None:
    """Who may not run code hears everything, and the hub itself refuses what they write or create."""
    url = f"{shared.url}/conduit{CHAT_HUB_PATH}"
    ann, viewer = (
        HubConnection(url, access_token=f"user-{name}", transport=["WebSockets"], retry=None)
        for name in ("ann", "viewer")
    )
    heard: list[str] = []
    viewer.on("ReceiveMessage", lambda message: heard.append(message["content"]))
    await ann.start()
    await viewer.start()
    try:
        await ann.invoke("JoinConversation", "seen")
        await viewer.invoke("JoinConversation", "seen")
        await ann.invoke("SendMessage", "seen", _quiet("1", "look"))
        await eventually(lambda: heard == ["look"])
        for method, arguments in (
            ("SendMessage", ("seen", _quiet("2", "me too"))),
            ("AddReaction", ("1", "👍")),
            ("StopGeneration", ("1",)),
            ("DeleteMessage", ("1",)),
            ("CreateConversation", ({},)),
            ("StartTyping", ("seen",)),
        ):
            with pytest.raises(HubException, match="may read and not write"):
                await viewer.invoke(method, *arguments)
        with pytest.raises(HubException, match="Unauthorized"):
            await viewer.invoke("JoinConversation", "never created")
    finally:
        await ann.stop()
        await viewer.stop()


async def test_files_go_through_in_pieces(shared: JupyterServer) -> None:
    """Up and down, a part of one too; where an upload goes on is said as the page sees it."""
    connection = HubConnection(f"{shared.url}/conduit{CHAT_HUB_PATH}", access_token="user-ann", retry=None)
    await connection.start()
    await connection.invoke("JoinConversation", "files")
    await connection.stop()
    content = os.urandom(5 * 1024 * 1024)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65536):
            yield content[start : start + 65536]

    files = f"{shared.url}/conduit/files"
    where = {"conversationId": "files", "name": "random.bin"}
    async with httpx2.AsyncClient(timeout=60) as http:
        stored = await http.post(files, params=where, content=pieces(), headers=_token("ann"))
        assert stored.status_code == 201, stored.text
        address = f"{files}/{stored.json()['id']}"
        assert (await http.get(address, headers=_token("ann"))).content == content
        part = await http.get(address, headers={**_token("ann"), "Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, content[1000:2000])
        assert "sandbox" in part.headers["content-security-policy"]
        begun = await http.post(files, params=where, headers={**_token("ann"), "Upload-Complete": "?0"})
        assert begun.headers["location"].startswith("/lab/of/ann/conduit/files/")
        refused = await http.post(files, params=where, content=b"x", headers=_token("viewer"))
        assert (refused.status_code, refused.json()) == (403, {"error": ErrorText.READ_ONLY})


async def test_one_user_cannot_use_the_connection_of_another(shared: JupyterServer) -> None:
    """Not even who has seen the secret token of the connection."""
    address = f"{shared.url}/conduit{CHAT_HUB_PATH}"
    async with httpx2.AsyncClient() as http:
        negotiated = await http.post(f"{address}/negotiate?negotiateVersion=1", headers=_token("ann"))
        secret = negotiated.json()["connectionToken"]
        theirs = await http.post(f"{address}?id={secret}", headers=_token("bob"), content=b"{}\x1e")
        assert theirs.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("metrics", "auth/token", "hubs/../auth/token", "hubs/..%2fmetrics", "hubs/%2e%2e/metrics"),
        *("files/../metrics", "hubs//chat", "hubsx"),
    ],
)
async def test_nothing_else_of_the_hub_can_be_had(shared: JupyterServer, path: str) -> None:
    """The way leads to the hubs and the files, however a path is written."""
    host = httpx2.URL(shared.url)
    target = f"{host.path}/conduit/{path}".encode()
    async with httpx2.AsyncClient() as http:
        url = host.copy_with(raw_path=target)
        reply = await http.get(url, headers=_token("ann"))
    assert reply.status_code == 404


async def test_credentials_of_the_page_do_not_reach_the_hub(shared: JupyterServer) -> None:
    """A token of another hub in the query is not what counts: the signed-in user is."""
    address = f"{shared.url}/conduit{CHAT_HUB_PATH}"
    async with httpx2.AsyncClient() as http:
        reply = await http.post(
            f"{address}/negotiate?negotiateVersion=1&access_token=forged&api_key=condt_forged",
            headers={**_token("ann"), "X-API-Key": "condt_forged"},
        )
    assert reply.status_code == 200
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]


async def test_hub_that_was_killed_is_there_again(shared: JupyterServer) -> None:
    """The next request finds no hub, starts one, and is answered by it."""
    address = f"{shared.url}/conduit{CHAT_HUB_PATH}/negotiate?negotiateVersion=1"
    data_dir = shared.log_file.parent / "data"
    async with httpx2.AsyncClient(timeout=60) as http:
        assert (await http.post(address, headers=_token("ann"))).status_code == 200
        before = read_runtime(data_dir)
        assert before is not None
        os.kill(before.pid, signal.SIGKILL)
        await eventually(lambda: _is_refused(before.url), what="the hub is dead")
        assert (await http.post(address, headers=_token("ann"))).status_code == 200
    after = read_runtime(data_dir)
    assert after is not None
    assert after.pid != before.pid


def _is_refused(url: str) -> bool:
    address = httpx2.URL(url)
    try:
        with socket.create_connection((address.host, address.port or 0), timeout=5):
            return False
    except OSError as error:
        return isinstance(error, ConnectionRefusedError)


def _token(name: str) -> dict[str, str]:
    return {"Authorization": f"token user-{name}"}


def _quiet(message_id: str, text: str) -> dict[str, object]:
    return {"id": message_id, "role": "user", "content": text, "metadata": {"respond": False}}
