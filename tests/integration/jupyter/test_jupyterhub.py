"""Two users of a real JupyterHub with one shared hub: each is who JupyterHub says, on every way in.

Not in the ordinary test command: it installs JupyterHub and its proxy. ``pytest -m jupyterhub`` runs it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest
from websockets.asyncio.client import connect

from tests.support.hub.live_hub import LiveHub
from tests.support.jupyter.jupyterhub import JupyterHub, jupyterhub
from tests.support.jupyter.view import jupyter_view
from tests.support.network.ports import free_port

pytestmark = [pytest.mark.jupyterhub, pytest.mark.timeout(600)]

KERNEL_CODE = """
from conduit_widget import Chat
chat = Chat("team")
chat.wait_connected(60)
print(chat.send("from a kernel", respond=False).result(60) and "sent")
"""


class Site(NamedTuple):
    """The parts of the site, and where the two users' servers are."""

    hub: LiveHub
    jupyterhub: JupyterHub
    ann: str
    bob: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A JupyterHub, a hub that asks it, and the servers of Ann and Bob."""
    folder: Path = tmp_path_factory.mktemp("site")
    port, hub_port = free_port(), free_port()
    api = f"http://127.0.0.1:{hub_port}/site/hub/api"
    hub = LiveHub(folder / "data", {"CONDUIT_PROVIDER": "local"}, ["--jupyterhub-api", api]).start()
    try:
        with jupyterhub(folder, hub.url, port, hub_port) as running:
            yield Site(hub, running, running.start_server("ann"), running.start_server("bob"))
    finally:
        hub.stop()


async def test_each_sees_the_other_by_the_right_name(site: Site) -> None:
    """In views without a kernel and from a kernel; the local hub of this machine is not needed."""
    ann, bob = (_headers(site.jupyterhub.user_token(name)) for name in ("ann", "bob"))
    async with jupyter_view(_ws(site.ann), ann, "ann's own") as own:
        assert (await own.live())["self"]["userId"] == "ann"
        made = await own.ask(
            "conversation", action="create", title="Team", visibility="open", assistant="off"
        )
        team = made["result"]["conversationId"]
    async with (
        jupyter_view(_ws(site.ann), ann, team) as anns,
        jupyter_view(_ws(site.bob), bob, team) as bobs,
    ):
        await anns.live()
        await bobs.live()
        assert (await bobs.say("hello Ann"))["ok"]
        await anns.until(lambda: anns.written)
        first = anns.written[0]
        assert (first["author"], first["content"]) == ({"userId": "bob", "userName": "bob"}, "hello Ann")
        await anns.until(lambda: anns.people == {"ann", "bob"})
        assert "sent" in await _run_in_kernel(site.ann, ann, KERNEL_CODE.replace("team", team))
        await bobs.until(lambda: "from a kernel" in bobs.texts)
        (said,) = [each for each in bobs.written if each["content"] == "from a kernel"]
        assert said["author"]["userId"] == "ann"


async def test_nobody_gets_a_token_of_another(site: Site) -> None:
    """A visitor's token speaks for the visitor at somebody's server: it buys nothing from the hub."""
    own = site.jupyterhub.user_token("ann")
    visiting = site.jupyterhub.user_token("bob", "access:servers!server=bob/", "read:users:name!user=bob")
    async with httpx2.AsyncClient(timeout=60) as http:
        exchange = f"{site.hub.url}/auth/jupyterhub"
        assert (await http.post(exchange, headers=_headers(own))).status_code == 200
        for headers in (_headers(visiting), _headers("invented"), {}):
            assert (await http.post(exchange, headers=headers)).status_code == 401
        for headers in ({}, _headers(site.jupyterhub.user_token("bob"))):
            reply = await http.get(f"{site.ann}/conduit/api/me", headers=headers)
            assert reply.status_code in {302, 403}, reply.status_code
            assert "userId" not in reply.text


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"token {token}"}


def _ws(url: str) -> str:
    return url.replace("http", "ws", 1)


async def _run_in_kernel(server: str, headers: dict[str, str], code: str) -> str:
    """Run code in a new kernel of a server; return what it printed, or its error."""
    async with httpx2.AsyncClient(timeout=60) as http:
        kernel = (await http.post(f"{server}/api/kernels", headers=headers, json={})).json()["id"]
    address = f"{_ws(server)}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}}
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "", "session": "s"}
    header |= {"version": "5.4", "date": ""}
    said = ""
    async with connect(address, additional_headers=headers, max_size=None) as socket:
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))
        async for frame in socket:
            reply = json.loads(frame)
            if reply["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            kind, told = reply["header"]["msg_type"], reply["content"]
            said += told["text"] if kind == "stream" else "\n".join(told.get("traceback", ()))
            if kind == "execute_reply":
                break
    return said
