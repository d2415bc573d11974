"""Direct connections, over real sockets and TLS: what a server frames in any way is read whole."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from conduit_widget.providers.http_api.direct_transport import DirectTransport
from tests.support.network.ports import free_port
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.network.self_signed import self_signed

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NO_TLS = httpx2.create_ssl_context(verify=False)


def client(**timeouts: float | None) -> httpx2.AsyncClient:
    """A client over the transport."""
    return httpx2.AsyncClient(
        transport=DirectTransport(NO_TLS, httpx2.Limits()),
        timeout=httpx2.Timeout(None, **timeouts),
        trust_env=False,
    )


@asynccontextmanager
async def answering(*writes: bytes, abort: bool = False) -> AsyncIterator[RawHttpServer]:
    """A server that writes these bytes for every request, and then closes."""

    async def script(_request: RawRequest, reply: RawReply) -> None:
        for piece in writes:
            await reply.raw(piece)
            await asyncio.sleep(0.01)  # each write a read of its own, most times
        if abort:
            reply.abort()

    async with RawHttpServer(script) as server:
        yield server


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    """A server of bare connections, its port; all of them are closed when it ends."""
    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # the client is done
            await handler(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    "writes",
    [
        [CHUNKED, b"3\r\none\r\n", b"3\r\ntwo\r\n", b"0\r\n\r\n"],
        [CHUNKED + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"],
        [bytes([byte]) for byte in CHUNKED + b"6\r\nonetwo\r\n0\r\n\r\n"],
        [CHUNKED, b"3\r\none\r\n3;ext=1\r\ntwo\r\n", b"0\r\nTrailer: x\r\n\r\n"],
        [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", CHUNKED, b"6\r\nonetwo\r\n0\r\n\r\n"],
        [b"HTTP/1.1 103 Early Hints\r\n\r\n" + CHUNKED + b"6\r\nonetwo\r\n0\r\n\r\n"],
        [HEAD + b"Content-Length: 6\r\n\r\n", b"one", b"two"],
        [HEAD + b"Connection: close\r\n\r\n", b"one", b"two"],
        [b"HTTP/1.0 200 OK\n\none", b"two"],
    ],
)
async def test_body_is_read_whole_however_it_is_framed(writes: list[bytes]) -> None:
    """Chunks plain and odd, bodies with a length and without."""
    async with answering(*writes) as server, client() as http:
        response = await http.post(server.base_url)
    assert response.content == b"onetwo"


@pytest.mark.parametrize(
    "writes",
    [
        [CHUNKED, b"3\r\none\r\n"],
        [CHUNKED, b"3\r\none\r\n3\r\ntw"],
        [CHUNKED, b"3\r\none\r\nnonsense\r\n"],
        [HEAD + b"Content-Length: 6\r\n\r\n", b"one"],
    ],
)
async def test_cut_or_broken_body_is_an_error_after_its_beginning(writes: list[bytes]) -> None:
    """What came is read before that."""
    seen = b""

    async def read(http: httpx2.AsyncClient, url: str) -> None:
        nonlocal seen
        async with http.stream("POST", url) as response:
            async for piece in response.aiter_raw():
                seen += piece

    async with answering(*writes) as server, client() as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await read(http, server.base_url)
    assert seen == b"one" or (seen, writes[-1][-2:]) == (b"onetw", b"tw")


async def test_reset_is_a_read_error() -> None:
    """In the head as in the body."""
    async with answering(CHUNKED, b"3\r\none\r\n", abort=True) as server, client() as http:
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await http.post(server.base_url)


async def test_connection_serves_the_next_request_after_a_chunked_body() -> None:
    """The library has seen its end, though not its chunks; one that the server has closed is not used."""
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            connections[-1] += 1
            writer.write(CHUNKED + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")

    async with serving(serve) as port, client() as http:
        for _ in range(3):
            assert (await http.get(f"http://127.0.0.1:{port}/")).content == b"onetwo"
    assert connections == [2, 1]


async def test_large_body_waits_for_its_reader() -> None:
    """The server is made to wait, and every byte comes."""
    block = b"x" * 65536
    sent = 0

    async def large(_request: RawRequest, reply: RawReply) -> None:
        nonlocal sent
        await reply.raw(CHUNKED)
        for _ in range(400):
            await reply.raw(b"10000\r\n%b\r\n" % block)
            sent += len(block)
        await reply.raw(b"0\r\n\r\n")

    async with (
        RawHttpServer(large) as server,
        client() as http,
        http.stream("POST", server.base_url) as response,
    ):
        pieces = response.aiter_raw()
        size = len(await anext(pieces))
        await asyncio.sleep(0.5)  # a slow reader
        assert sent < 400 * len(block)
        async for piece in pieces:
            size += len(piece)
    assert size == 400 * len(block)


async def test_large_request_is_sent_whole() -> None:
    """More than fits into the socket's buffer."""

    async def count(request: RawRequest, reply: RawReply) -> None:
        await reply.json(len(request.body))

    async with RawHttpServer(count) as server, client() as http:
        assert (await http.post(server.base_url, content=b"x" * 20_000_000)).json() == 20_000_000


async def test_time_limits_have_their_errors() -> None:
    """The limits of the client hold where they are set."""

    async def silent(request: RawRequest, _reply: RawReply) -> None:
        await request.closed.wait()

    async with RawHttpServer(silent) as server, client(read=0.1) as http:
        with pytest.raises(httpx2.ReadTimeout):
            await http.post(server.base_url)


async def test_closed_port_is_a_connect_error() -> None:
    """And no other."""
    async with client() as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"http://127.0.0.1:{free_port()}/")


async def test_server_that_says_nothing_has_its_own_error() -> None:
    """It closed before its answer."""
    async with answering() as server, client() as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await http.get(server.base_url)


async def test_body_comes_over_tls(tmp_path: Path) -> None:
    """With a certificate that is trusted; without, and without TLS, it is a connect error."""
    server_context, trust = self_signed(tmp_path)

    async def script(_request: RawRequest, reply: RawReply) -> None:
        await reply.raw(CHUNKED + b"3\r\none\r\n")
        await reply.raw(b"30000\r\n%b\r\n0\r\n\r\n" % (b"x" * 0x30000))

    async with RawHttpServer(script, tls=server_context) as server:
        url = server.base_url.replace("http:", "https:")
        async with httpx2.AsyncClient(transport=DirectTransport(trust, httpx2.Limits())) as http:
            assert len((await http.post(url)).content) == 3 + 0x30000
        async with httpx2.AsyncClient(
            transport=DirectTransport(httpx2.create_ssl_context(), httpx2.Limits())
        ) as http:
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await http.post(url)


async def test_server_without_tls_is_a_connect_error() -> None:
    """It speaks, but not TLS."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(serve) as port, client() as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"https://127.0.0.1:{port}/")


async def test_handshake_has_the_time_to_connect() -> None:
    """A server that never answers it."""

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass

    async with serving(serve) as port, client(connect=0.2) as http:
        with pytest.raises(httpx2.ConnectTimeout):
            await http.get(f"https://127.0.0.1:{port}/")
