"""Slow and endless requests end; what is in order may take its time. On both of uvicorn's parsers."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from conduit_widget.hub import server
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.http import HttpRequest, HttpResponse
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.routes import Route
from conduit_widget.transports.server.request_patience import guarded_http
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, raw_client, running
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually, ticks

PATH = "/hubs/echo"
LIMITS = HubLimits(head_timeout=0.3, body_timeout=0.3, max_head_bytes=4096)
PATIENT = HubLimits(head_timeout=30.0, body_timeout=30.0, max_head_bytes=4096, client_timeout=3600.0)
HEAD = b"POST /slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n"


async def _slow(request: HttpRequest) -> HttpResponse:
    """Answer later than any head or body may take, by the clock that those are held to."""
    body = await request.body.read()
    await asyncio.sleep(LIMITS.head_timeout + 0.2)
    return HttpResponse(200, body)


@pytest.fixture(params=[HttpToolsProtocol, H11Protocol])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve with the parser that is installed, or with the one that always is."""
    monkeypatch.setattr(server, "guarded_http", functools.partial(guarded_http, parser=request.param))


@pytest.fixture
async def url(parser: None) -> AsyncIterator[str]:
    """A hub with little patience."""
    app = HubApp(
        {PATH: EchoHub()},
        authenticator=authority(),
        limits=LIMITS,
        routes=[Route("/slow", _slow, methods=("POST",))],
    )
    async with running(app) as address:
        yield address


class _Patient:
    """A hub with much patience, whose time the test moves; ``/slow`` answers when it is told to."""

    def __init__(self, url: str, clock: SkippingClock) -> None:
        self.url = url
        self.clock = clock
        self.asked = 0
        self.answers = asyncio.Event()

    async def slow(self, request: HttpRequest) -> HttpResponse:
        body = await request.body.read()
        self.asked += 1
        await self.answers.wait()
        return HttpResponse(200, body)


@pytest.fixture
async def patient(parser: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Patient]:
    """Where nothing may end because this machine is slow."""
    hub = _Patient("", SkippingClock(monkeypatch))
    routes = [Route("/slow", hub.slow, methods=("POST",))]
    async with running(
        HubApp({PATH: EchoHub()}, authenticator=authority(), limits=PATIENT, routes=routes)
    ) as hub.url:
        yield hub


class _Bare:
    """A bare HTTP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, url: str) -> _Bare:
        host, port = url.removeprefix("http://").split(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def answer(self) -> tuple[int, bytes]:
        """Return the status and the body of the next response."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 30)
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        return int(head.split()[1]), await self.reader.readexactly(length)

    async def ended(self) -> bool:
        """Wait until the hub ends the connection."""
        return await asyncio.wait_for(self.reader.read(), 30) == b""

    async def drip(self, piece: bytes) -> None:
        """Send ``piece`` again and again until the hub has had enough."""
        async for _ in ticks(0.02):
            if self.reader.at_eof() or self.writer.is_closing():
                return
            self.writer.write(piece)


async def test_connection_that_says_nothing_ends(url: str) -> None:
    """Nobody holds a socket for nothing."""
    client = await _Bare.connect(url)
    assert await client.answer() == (408, b"")
    assert await client.ended()
    client.writer.close()


@pytest.mark.parametrize("first", [True, False])
async def test_head_that_drips_ends_however_it_goes_on(url: str, first: bool) -> None:
    """A byte now and then does not keep a connection, on its first request nor on a later one."""
    client = await _Bare.connect(url)
    if not first:
        client.writer.write(HEAD + b"\r\nbody")
        assert await client.answer() == (200, b"body")
    client.writer.write(HEAD)
    dripping = asyncio.create_task(client.drip(b"x: y\r\n"))
    assert await client.answer() == (408, b"")
    dripping.cancel()
    client.writer.close()


async def test_body_that_drips_ends(url: str) -> None:
    """The body has its own time."""
    client = await _Bare.connect(url)
    client.writer.write(HEAD + b"\r\nbo")
    assert await client.answer() == (408, b"")
    assert await client.ended()
    client.writer.close()


async def test_answer_may_take_longer_than_any_request(patient: _Patient) -> None:
    """Patience is about what the client owes; requests after it work as well."""
    client = await _Bare.connect(patient.url)
    for number in (1, 2):
        patient.answers.clear()
        for piece in (HEAD, b"\r\nbo", b"dy"):
            client.writer.write(piece)
            await patient.clock.let_pass(10)  # within the patience for each part
        await eventually(lambda number=number: patient.asked == number)  # type: ignore[misc]
        await patient.clock.let_pass(100)
        patient.answers.set()
        assert await client.answer() == (200, b"body")
    client.writer.close()


@pytest.mark.parametrize("pieces", [1, 50])
async def test_head_over_the_limit_is_refused(patient: _Patient, pieces: int) -> None:
    """At once or little by little; the application never sees it."""
    client = await _Bare.connect(patient.url)
    head = HEAD + b"cookie: " + b"c" * 5000 + b"\r\n\r\nbody"
    step = len(head) // pieces
    for start in range(0, len(head), step):
        client.writer.write(head[start : start + step])
        await asyncio.sleep(0)
    assert await client.answer() == (431, b"")
    assert patient.asked == 0
    client.writer.close()


async def test_large_bodies_and_many_requests_do_not_count_as_head(patient: _Patient) -> None:
    """The limit is for each head, not for the connection."""
    patient.answers.set()
    client = await _Bare.connect(patient.url)
    body = b"b" * 20_000
    head = b"POST /slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20000\r\n\r\n"
    for _ in range(2):
        client.writer.write(head + body)
        assert await client.answer() == (200, body)
    client.writer.close()


async def test_websocket_outlives_the_patience_for_its_head(patient: _Patient) -> None:
    """Once it is a WebSocket, the hub's own deadlines hold."""
    async with raw_client(patient.url, PATH) as client:
        await patient.clock.let_pass(100)
        assert (await client.invoke("Echo", 1))["result"] == 1
