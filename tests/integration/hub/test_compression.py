"""permessage-deflate on the server: negotiated without context takeover, once per broadcast, no bombs."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import Close, Invocation
from tests.support.hub.client import MESSAGEPACK, hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, token

PATH = "/hubs/echo"


def _app(**limits: Any) -> HubApp:
    return HubApp({PATH: EchoHub()}, authenticator=authority(), limits=HubLimits(**limits))


@pytest.mark.parametrize("window_bits", [None, 10])
async def test_compression_is_negotiated_without_context_takeover(window_bits: int | None) -> None:
    """Both directions; the client's wish for a smaller window is granted."""
    factory = ClientPerMessageDeflateFactory(server_max_window_bits=window_bits)
    async with running(_app()) as url:
        address = f"{url.replace('http', 'ws', 1)}{PATH}?access_token={token()}"
        async with connect(address, proxy=None, compression=None, extensions=[factory]) as socket:
            assert socket.response is not None
            agreed = socket.response.headers["Sec-WebSocket-Extensions"]
            assert "server_no_context_takeover" in agreed
            assert "client_no_context_takeover" in agreed
            await socket.send('{"protocol":"json","version":1}\x1e')
            assert await socket.recv() == "{}\x1e"
            for text in ("short", "long " * 1000, "long " * 2000):
                await socket.send(
                    f'{{"type":1,"invocationId":"1","target":"Echo","arguments":["{text}"]}}\x1e'
                )
                assert await socket.recv() == f'{{"type":3,"invocationId":"1","result":"{text}"}}\x1e'


async def test_broadcast_is_compressed_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """One compression per encoding, however many receive it."""
    compressions = 0
    original = zlib.compressobj

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal compressions
        compressions += args[:1] == (1,)  # the server's level; the test's clients use the default
        return original(*args, **kwargs)

    app = _app()
    async with (
        running(app) as url,
        hub_client(url, PATH, token("ann")) as ann,
        hub_client(url, PATH, token("bob")) as bob,
        hub_client(url, PATH, token("cy")) as cy,
        hub_client(url, PATH, token("dee"), protocol=MESSAGEPACK) as dee,
    ):
        monkeypatch.setattr(zlib, "compressobj", counting)
        app.hub_context(PATH).clients.all().send("News", "all of it " * 500)
        for client in (ann, bob, cy, dee):
            assert await client.read() == Invocation("News", ["all of it " * 500])
    assert compressions == 2


async def test_decompression_bomb_is_refused_by_its_size_after_inflation() -> None:
    """A frame of kilobytes that inflates to megabytes ends the connection; little of it is inflated."""
    async with running(_app(max_message_bytes=10_000)) as url, hub_client(url, PATH) as client:
        await client.send(Invocation("Echo", ["x" * 50_000_000], "1"))
        close = await client.read()
        assert isinstance(close, Close)
        assert "10000 bytes" in (close.error or "")
        assert client.socket is not None
        await client.socket.wait_closed()
        assert client.socket.close_code == 1009
