"""A Jupyter server behind a proxy that rewrites paths, and one that is restarted: the chat goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.runtime_file import read_runtime
from tests.support.hub.local_process import stop_hub
from tests.support.jupyter.server import PEOPLE, jupyter_server, start_jupyter_server
from tests.support.jupyter.view import jupyter_view

pytestmark = pytest.mark.timeout(300)

ANN = {"Authorization": "token user-ann", "Connection": "close"}


@asynccontextmanager
async def rewriting_proxy(target: str, outside: str) -> AsyncIterator[str]:
    """Serve ``target`` below another path, one request a connection; yield the address for outside."""
    inner = httpx2.URL(target)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n")
        assert f" {outside}/".encode() in head, head
        upstream, server = await asyncio.open_connection(inner.host, inner.port)
        server.write(head.replace(outside.encode(), inner.path.encode(), 1))
        ways = (pass_on(reader, server), pass_on(upstream, writer))
        await asyncio.gather(*ways, return_exceptions=True)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}{outside}"
    finally:
        listening.close()


async def test_every_way_leads_through_a_path_rewriting_proxy(tmp_path: Path) -> None:
    """Whatever path the server has for the page."""
    with jupyter_server(tmp_path, configuration=PEOPLE) as server:
        async with rewriting_proxy(server.url, "/outside/42") as url:
            async with httpx2.AsyncClient(headers=ANN, timeout=60) as http:
                me = (await http.get(f"{url}/conduit/api/me")).json()
                chat = await http.get(f"{url}{me['static'].removeprefix('/lab/of/ann')}chat.js")
                assert chat.status_code == 200
            async with jupyter_view(url.replace("http", "ws", 1), ANN, "outside") as view:
                await view.live()
                for transport in ("WebSockets", "ServerSentEvents", "LongPolling"):
                    hub = HubConnection(
                        f"{url}/conduit{CHAT_HUB_PATH}",
                        access_token="user-ann",
                        headers={"Connection": "close"} if transport != "WebSockets" else None,
                        transport=[transport],
                        retry=None,
                    )
                    await hub.start()
                    said = {"id": transport, "role": "user", "content": transport}
                    quiet = {**said, "metadata": {"respond": False}}
                    await hub.invoke("JoinConversation", "outside")
                    await hub.invoke("SendMessage", "outside", quiet)
                    await hub.stop()
                    await view.until(lambda: transport in view.texts)  # noqa: B023 - awaited at once


async def test_restarted_server_finds_its_hub_again(tmp_path: Path) -> None:
    """The hub outlives the server: what was said is there, and the person is the same."""
    first = start_jupyter_server(tmp_path, configuration=PEOPLE)
    try:
        async with jupyter_view(first.ws_url, ANN, "kept") as view:
            await view.live()
            assert (await view.ask("conversation", action="update", assistant="off"))["ok"]
            assert (await view.say("before"))["ok"]
            first.stop()
            await asyncio.wait_for(view.socket.wait_closed(), 30)
            assert view.socket.close_code == 1001
        hub = read_runtime(tmp_path / "data")
        with jupyter_server(tmp_path, configuration=PEOPLE) as second:
            async with jupyter_view(second.ws_url, ANN, "kept") as view:
                await view.live()
                assert view.texts == ["before"]
            assert hub == read_runtime(tmp_path / "data")
    finally:
        first.stop()
        runtime = read_runtime(tmp_path / "data")
        if runtime is not None:
            stop_hub(runtime.pid)
