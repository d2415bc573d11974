"""A request that is refused before its body has come: the client reads why. On both of uvicorn's parsers."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from conduit_widget.hub import http, server
from conduit_widget.hub.app import HubApp
from conduit_widget.transports.server.request_patience import guarded_http
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, negotiate, running, token

PATH = "/hubs/echo"
MIB = 1 << 20


@pytest.fixture(params=[HttpToolsProtocol, H11Protocol])
async def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A hub on the parser that is installed, or on the one that always is."""
    monkeypatch.setattr(server, "guarded_http", functools.partial(guarded_http, parser=request.param))
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority())) as address:
        yield address


async def _ask(url: str, head: str, body: bytes) -> bytes:
    """Send a whole request before anything is read, as many clients do; return all that was answered."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(head.replace("HOST", f"{host}:{port}").replace("TOKEN", token()).encode() + b"\r\n\r\n")
        for at in range(0, len(body), MIB // 4):
            writer.write(body[at : at + MIB // 4])
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()


def _post(path: str, length: int, *, user: bool = True, host: str = "HOST", more: str = "") -> str:
    bearer = "authorization: Bearer TOKEN\r\n" if user else ""  # made when it is sent: it lives a minute
    return f"POST {path} HTTP/1.1\r\nhost: {host}\r\n{bearer}{more}content-length: {length}"


@pytest.mark.parametrize("attempt", range(4))
@pytest.mark.parametrize("size", [MIB, 8 * MIB])
async def test_body_over_the_limit_is_told(url: str, size: int, attempt: int) -> None:
    """413 each time, to a hub's path and to any other, however much was sent."""
    length = size + MIB
    answer = await _ask(url, _post(f"{PATH}/negotiate", length), b"x" * length)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"exceeds the limit of 65536 bytes" in answer
    opened = (await negotiate(url, PATH, token())).json()["connectionToken"]
    answer = await _ask(url, _post(f"{PATH}?id={opened}", length), b"x" * length)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"exceeds the limit of 1048576 bytes" in answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (_post(f"{PATH}?id=x", 2 * MIB, user=False), 401),
        (_post(f"{PATH}?id=x", 2 * MIB), 404),
        (_post(PATH, 2 * MIB), 400),
        (_post(PATH, 2 * MIB, host="elsewhere.example"), 400),
        (_post(f"{PATH}/negotiate", 2 * MIB, more="origin: https://elsewhere.example\r\n"), 403),
        (_post(f"{PATH}?id=x", 2 * MIB).replace("POST", "PUT"), 405),
    ],
    ids=["no token", "unknown id", "no id", "host", "origin", "method"],
)
async def test_every_early_refusal_is_told_and_the_connection_goes_on(
    url: str, head: str, status: int
) -> None:
    """The body is read behind the answer, so that the next request is understood as one."""
    answer = await _ask(url, head, b"x" * 2 * MIB)
    first, _, second = answer.partition(b"HTTP/1.1 200 ")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert second.endswith(b'{"status":"ok"}')


async def test_body_without_end_is_not_read_for_ever(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So much is read behind a refusal, for so long, and then the connection ends."""
    monkeypatch.setattr(http, "DRAIN_BYTES", MIB)
    monkeypatch.setattr(http, "DRAIN_SECONDS", 0.1)
    host, _, port = url.removeprefix("http://").partition(":")
    for piece in (b"", b"x" * MIB):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(_post(f"{PATH}/negotiate", 1 << 40).replace("HOST", f"{host}:{port}").encode())
        writer.write(b"\r\n\r\n" + piece * 3)
        assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"HTTP/1.1 413 ")
        with contextlib.suppress(ConnectionError):  # reset: there is more that nobody reads
            await asyncio.wait_for(reader.read(), 30)
        writer.close()


@pytest.mark.parametrize("path", [f"{PATH}/negotiate", "/healthz", f"{PATH}?id=x"])
async def test_two_lengths_in_one_request_are_refused(url: str, path: str) -> None:
    """Nobody may guess where it ends: the connection ends with the refusal, what follows is not looked at."""
    head = _post(path, 5, more="transfer-encoding: chunked\r\n")
    smuggled = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    answer = await _ask(url, head, b"0\r\n\r\n" + smuggled)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"HTTP/1.1 200 " not in answer
