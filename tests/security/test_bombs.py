"""Small things that want to become large: deflate, fragments, pings, nesting, claimed sizes, floods.

Each ends in a clear close or an answer, in bounded memory, while others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.door.pending_connections import PendingConnections
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Close, Completion
from tests.support.chat.server import FAST, chat_server
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, stopped_reader, token

PATH = "/hubs/echo"
MIB = 1 << 20
MASK = b"\0\0\0\0"
TEXT, CONTINUATION, PING = 1, 0, 9


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A hub with the contract's limits."""
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority())) as address:
        yield address


@contextlib.contextmanager
def at_most(limit_bytes: int) -> Iterator[None]:
    """Fail if Python objects weigh ``limit_bytes`` more at some moment than at the start."""
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        yield
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak <= limit_bytes, f"{peak / MIB:.1f} MiB"


def frame(opcode: int, payload: bytes, *, fin: bool = True, compressed: bool = False) -> bytes:
    """Return a client's frame."""
    first = (0x80 if fin else 0) | (0x40 if compressed else 0) | opcode
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    return head + MASK + payload


def deflated(size: int) -> bytes:
    """Return the payload of a compressed frame that inflates to ``size`` spaces."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = b" " * MIB
    data = b"".join(packer.compress(piece) for _ in range(size // MIB))
    return (data + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


class Bare:
    """A hub connection on a bare socket, past its handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def write(self, data: bytes) -> None:
        """Send, and wait until most of it is gone."""
        self.writer.write(data)
        await self.writer.drain()

    async def ended(self) -> bytes:
        """Return all the hub said until it closed."""
        data = b""
        with contextlib.suppress(ConnectionError):
            while piece := await asyncio.wait_for(self.reader.read(65536), 30):
                data += piece
        return data


@contextlib.asynccontextmanager
async def bare(url: str, *, compression: bool = False) -> AsyncIterator[Bare]:
    """Open a WebSocket by hand, with permessage-deflate if asked for."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if compression else ""
    writer.write(
        f"GET {PATH}?access_token={token()} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{extension}"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert (b"permessage-deflate" in head) is compression
    writer.write(frame(TEXT, b'{"protocol":"json","version":1}\x1e'))
    await reader.readexactly(5)
    try:
        yield Bare(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def undisturbed(url: str) -> AsyncIterator[None]:
    """Somebody else, whose calls are answered before and after."""
    async with hub_client(url, PATH, token("bob")) as other:
        assert (await other.invoke("Echo", "before")).result == "before"
        yield
        assert (await other.invoke("Echo", "after")).result == "after"


def close_code(said: bytes) -> int:
    """Return the code of the close frame at the end of what a server said."""
    at = said.rindex(b"\x88")
    return int.from_bytes(said[at + 2 : at + 4], "big")


async def test_message_that_inflates_is_refused_in_bounded_memory(url: str) -> None:
    """A quarter of a gigabyte in 250 KB: 1009 and a Close that names the limit."""
    bomb = frame(TEXT, deflated(256 * MIB), compressed=True)
    assert len(bomb) < 300_000
    async with undisturbed(url), bare(url, compression=True) as attacker:
        with at_most(8 * MIB):
            await attacker.write(bomb)
            said = await attacker.ended()
    assert b"limit of 65536 bytes" in said
    assert close_code(said) == 1009


async def test_fragments_that_inflate_are_refused_in_bounded_memory(url: str) -> None:
    """The limit is the message's, whatever its pieces: each small, together a bomb."""
    whole = deflated(256 * MIB)
    pieces = [whole[at : at + 1000] for at in range(0, len(whole), 1000)]
    async with undisturbed(url), bare(url, compression=True) as attacker:
        with at_most(8 * MIB):
            await attacker.write(frame(TEXT, pieces[0], fin=False, compressed=True))
            with contextlib.suppress(ConnectionError):
                for piece in pieces[1:]:
                    await attacker.write(frame(CONTINUATION, piece, fin=False))
            said = await attacker.ended()
    assert close_code(said) == 1009


@pytest.mark.parametrize("piece", [b"", b"ab"], ids=["empty", "tiny"])
async def test_endless_fragments_end_the_connection(piece: bytes) -> None:
    """Pieces without end, of nothing or of little: their number takes no memory, and somebody who goes on
    sending them is sent away.
    """
    swarm = frame(CONTINUATION, piece, fin=False) * 4000
    limits = HubLimits(rate_limit_patience=0.5)
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits)) as url:
        async with undisturbed(url), bare(url) as attacker:
            with at_most(MIB):
                await attacker.write(frame(TEXT, b"x", fin=False))
                sending = asyncio.create_task(_send_without_end(attacker, swarm))
                said = await attacker.ended()
            await sending
        assert close_code(said) == 3005


async def _send_without_end(attacker: Bare, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await attacker.write(data)
            await asyncio.sleep(0)


async def test_pings_nobody_reads_the_answers_of_end_the_connection() -> None:
    """Pongs are not queued without bound for a client that does not read."""
    swarm = frame(PING, b"p" * 125) * 1000
    limits = HubLimits(lagging_timeout=0.5)
    app = HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits, wheel=TimerWheel(0.05))
    async with running(app) as url, undisturbed(url):
        reader, writer = await stopped_reader(url, PATH, token())
        with at_most(12 * MIB), contextlib.suppress(ConnectionError):
            for _ in range(400):
                writer.write(swarm)
                await asyncio.wait_for(writer.drain(), 60)
        assert writer.transport.is_closing()
        assert reader.at_eof() or reader.exception() is not None


async def test_record_over_the_limit_is_answered_and_a_frame_over_it_closes(url: str) -> None:
    """Before inflation as after: 64 KiB a record, named in the answer; sixteen times that a frame."""
    async with undisturbed(url), connect(_ws(url), proxy=None, compression="deflate") as socket:
        await _shake(socket)
        call = {"type": 1, "invocationId": "1", "target": "Echo", "arguments": [" " * 70_000]}
        await socket.send(json.dumps(call) + "\x1e")
        assert "65536" in json.loads(str(await socket.recv())[:-1])["error"]
        await socket.send(" " * (2 * MIB))
        assert "65536" in str(await socket.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_compressed_http_body_is_not_inflated(url: str) -> None:
    """The hub takes bodies as they come; a bomb by name is a few hundred bytes of nonsense."""
    bomb = gzip.compress(b" " * (32 * MIB))
    async with (
        undisturbed(url),
        hub_client(url, PATH, transport="LongPolling") as client,
        httpx2.AsyncClient(trust_env=False, headers={"Content-Encoding": "gzip"}) as http,
    ):
        with at_most(8 * MIB):
            address = {"id": client.connection_token, "access_token": token()}
            answer = await http.post(url + PATH, params=address, content=bomb)
            assert answer.status_code == 202, "taken as it is"
            await http.post(url + PATH, params=address, content=b"\x1e")
            close = await client.read()
            assert close.error
            answer = await http.post(
                f"{url}{PATH}/negotiate", content=bomb, headers={"Authorization": f"Bearer {token()}"}
            )
            assert answer.status_code in {200, 413}


NESTED: dict[str, bytes] = {
    "arrays": b'{"type":1,"target":"Echo","arguments":' + b"[" * 30_000 + b"\x1e",
    "closed arrays": b'{"type":1,"target":"Echo","arguments":' + b"[" * 20_000 + b"]" * 20_000 + b"}\x1e",
    "objects": b'{"type":1,"target":"Echo","arguments":[' + b'{"a":' * 10_000 + b"\x1e",
    "in an unknown key": b'{"type":6,"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}\x1e",
    "a type": b'{"type":' + b"[" * 30_000 + b"\x1e",
    "nothing else": b"[" * 60_000 + b"\x1e",
}


@pytest.mark.parametrize("name", NESTED)
async def test_deep_json_is_refused_by_its_connection_only(url: str, name: str) -> None:
    """Nesting is no way to the recursion limit of the process: a Close or nothing, and others go on."""
    async with undisturbed(url), connect(_ws(url), proxy=None) as socket:
        await _shake(socket)
        with at_most(16 * MIB):
            await socket.send(NESTED[name], text=True)
            await socket.send('{"type":1,"invocationId":"1","target":"Echo","arguments":[1]}\x1e')
            reply = json.loads(str(await socket.recv())[:-1])
    assert reply["type"] in (3, 7)
    assert reply["type"] == 3 or reply["error"]


@pytest.mark.parametrize("depth", [100, 900, 3500])
async def test_deep_metadata_reaches_all_or_nobody(tmp_path: Path, depth: int) -> None:
    """What one member nests is stored, read again and sent to everybody, or refused by name."""
    settings = dataclasses.replace(FAST, assistant="off")
    nested = "[" * depth + "]" * depth
    message = f'{{"id":"deep","role":"user","content":"x","metadata":{{"a":{nested}}}}}'
    call = f'{{"type":1,"invocationId":"9","target":"SendMessage","arguments":["c",{message}]}}\x1e'
    binary = MessagePackHubProtocol()
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        hub_client(server.url, CHAT_HUB_PATH, token("bob"), protocol=binary) as bob,
        hub_client(server.url, CHAT_HUB_PATH, token("ann")) as ann,
    ):
        for person in (ann, bob):
            assert (await person.invoke("JoinConversation", "c")).error is None
        await ann.put(call.encode())
        answer = await ann.read()
        while not isinstance(answer, Completion | Close):
            answer = await ann.read()
        joined = await bob.invoke("JoinConversation", "c")
        stored: Any = joined.result
        assert [message["id"] for message in stored["messages"]] == ([] if answer.error else ["deep"])
        if answer.error and isinstance(answer, Completion):
            assert "metadata" in answer.error


def record(body: bytes) -> bytes:
    """Return a MessagePack record: its length as a varint, then itself."""
    size, prefix = len(body), b""
    while True:
        prefix += bytes(((size & 0x7F) | (0x80 if size > 0x7F else 0),))
        size >>= 7
        if not size:
            return prefix + body


CALL = b"\x96\x01\x80\xa11\xa4Echo"
CLAIMS: dict[str, bytes] = {
    "array of four billion": record(b"\xdd\xff\xff\xff\xff"),
    "map of four billion": record(b"\x96\x01\xdf\xff\xff\xff\xff"),
    "arguments of four billion": record(CALL + b"\xdd\xff\xff\xff\xff"),
    "argument map of four billion": record(CALL + b"\x91\xdf\xff\xff\xff\xff"),
    "text of four billion": record(CALL + b"\x91\xdb\xff\xff\xff\xff"),
    "bytes of four billion": record(CALL + b"\x91\xc6\xff\xff\xff\xff"),
    "extension of four billion": record(CALL + b"\x91\xc9\xff\xff\xff\xff\x01"),
    "deep arrays": record(CALL + b"\x91" * 30_000),
    "deep closed arrays": record(CALL + b"\x91" * 30_000 + b"\x90\x90"),
    "deep maps": record(CALL + b"\x91" + b"\x81\xa1a" * 15_000 + b"\xc0\x90"),
    "record of two gigabytes": b"\xff\xff\xff\xff\x07" + b"x" * 100,
    "length without end": b"\xff" * 100,
}


@pytest.mark.parametrize("name", CLAIMS)
async def test_messagepack_that_claims_or_nests_is_refused(url: str, name: str) -> None:
    """A size claimed is not a size allocated; nesting ends at a limit."""
    protocol = MessagePackHubProtocol()
    async with undisturbed(url), hub_client(url, PATH, protocol=protocol) as client:
        with at_most(8 * MIB):
            await client.put(CLAIMS[name])
            answer = await client.read()
    assert answer.error
    assert len(answer.error) < 300


def _ws(url: str) -> str:
    return f"{url.replace('http', 'ws', 1)}{PATH}?access_token={token()}"


async def _shake(socket: ClientConnection) -> None:
    await socket.send('{"protocol":"json","version":1}\x1e')
    assert await socket.recv() == "{}\x1e"


async def test_negotiates_that_are_never_used_are_bounded() -> None:
    """As many promises as there may be connections, a short time each: the oldest give way, memory stays."""
    limits = HubLimits(connections_per_process=20, negotiates_per_minute=0)
    app = HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits)
    async with running(app) as url:
        headers = {"Authorization": f"Bearer {token()}"}
        async with httpx2.AsyncClient(trust_env=False, headers=headers) as http:

            async def promised() -> str:
                answer = await http.post(f"{url}{PATH}/negotiate", params={"negotiateVersion": "1"})
                return str(answer.json()["connectionToken"])

            secrets = [await promised() for _ in range(30)]
            for secret, status in ((secrets[0], 404), (secrets[-1], 200)):
                assert (await http.get(url + PATH, params={"id": secret})).status_code == status
            await http.delete(url + PATH, params={"id": secrets[-1]})  # a hub that ends waits for its pollers
    store = PendingConnections(ttl=15, limit=1000)
    with at_most(MIB):
        for _ in range(5000):
            store.create(PATH, "ann", public=True)
