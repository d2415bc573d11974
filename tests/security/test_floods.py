"""One client sends whatever it likes as fast as it can: the others are served, and it is sent away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import zlib
from typing import Any

import pytest

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.calls.dispatcher import Dispatcher
from conduit_widget.hub.limits.hub_limits import HubLimits
from tests.security.test_bombs import PATH, Bare, bare, close_code, frame
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, token
from tests.support.waiting import eventually, ticks

TEXT, PING, PONG = 1, 9, 10


def _record(**message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\x1e"


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


HUB_PING = _record(type=6)
FLOODS = {
    "pings": frame(PING, b"") * 4000,
    "pongs": frame(PONG, b"") * 4000,
    "empty frames": frame(TEXT, b"") * 4000,
    "one-byte frames": frame(TEXT, b" ") * 4000,
    "hub pings": frame(TEXT, HUB_PING * 4000),
    "compressed hub pings": frame(TEXT, _deflated(HUB_PING * 20_000), compressed=True),
    "cancels": frame(TEXT, _record(type=5, invocationId="1") * 1500),
    "acks": frame(TEXT, _record(type=8, sequenceId=1) * 2000),
    "items for nobody": frame(TEXT, _record(type=2, invocationId="1", item=1) * 1500),
    "results nobody asked for": frame(TEXT, _record(type=3, invocationId="1", result=1) * 1500),
    "unknown types": frame(TEXT, _record(type=99) * 4000),
    "unknown methods": frame(TEXT, _record(type=1, target="Nobody", arguments=[]) * 1000),
    "refused calls": frame(TEXT, _record(type=1, target="Echo", arguments=[1]) * 1000),
}


async def _send_without_end(attacker: Bare, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await attacker.write(data)
            await asyncio.sleep(0)


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_flood_ends_with_a_numbered_close_and_others_are_served(
    flood: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls of others are answered meanwhile; 3005 in the end; few lines in the log."""
    caplog.set_level(logging.INFO)
    limits = HubLimits(rate_limit_patience=1.0)
    async with (
        running(HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits)) as url,
        hub_client(url, PATH, token("bob")) as other,
        bare(url, compression=True) as attacker,
    ):
        sending = asyncio.create_task(_send_without_end(attacker, flood))
        reading = asyncio.create_task(attacker.ended())
        async for number in ticks(0.06):  # within what the hub takes of anybody
            if reading.done():
                break
            assert (await other.invoke("Echo", number)).result == number
        await sending
        said = await reading
        assert close_code(said) == 3005
    hub_lines = [record for record in caplog.records if record.name.startswith(("conduit", "asyncio"))]
    assert len(hub_lines) < 20


async def test_call_is_answered_before_a_long_frame_is_worked_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One frame of many records does not keep the loop: another connection's call overtakes them."""
    cancelled = 0
    original = Dispatcher.cancel

    def counting(self: Dispatcher, invocation_id: str) -> None:
        nonlocal cancelled
        cancelled += 1
        original(self, invocation_id)

    monkeypatch.setattr(Dispatcher, "cancel", counting)
    limits = HubLimits(records_per_call=1_000_000)
    record = _record(type=5, invocationId="1")
    total = (1 << 20) // len(record)
    async with (
        running(HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits)) as url,
        hub_client(url, PATH, token("bob")) as other,
        bare(url) as attacker,
    ):
        await attacker.write(frame(TEXT, record * total))
        await eventually(lambda: cancelled)
        assert (await other.invoke("Echo", 1)).result == 1
        assert cancelled < total
        await eventually(lambda: cancelled == total)


async def test_pongs_to_somebody_who_left_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A flood of pings, then a reset, ten times: not a line of asyncio's."""
    limits = HubLimits(records_per_call=1_000_000)
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits)) as url:
        for _ in range(10):
            async with bare(url) as attacker:
                for _ in range(5):
                    attacker.writer.write(frame(PING, b"p" * 100) * 2000)
                    await asyncio.sleep(0)
                attacker.writer.transport.abort()
        async with hub_client(url, PATH, token("bob")) as other:
            assert (await other.invoke("Echo", "after")).result == "after"
    assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_pongs_come_in_order_and_together() -> None:
    """Each ping of a burst is answered with its own data, whatever the number of turns it takes."""
    limits = HubLimits(records_per_call=1_000_000)
    pings = [b"%d" % number for number in range(5000)]
    async with (
        running(HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits)) as url,
        bare(url) as client,
    ):
        await client.write(b"".join(frame(PING, data) for data in pings))
        wanted = b"".join(bytes((0x8A, len(data))) + data for data in pings)
        assert await asyncio.wait_for(client.reader.readexactly(len(wanted)), 60) == wanted


async def test_compressed_frame_grows_to_a_few_messages_at_most() -> None:
    """Four times the limit of a message; plainly sent it may be sixteen times as large."""
    spaces = b" " * 1000
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority())) as url:
        async with bare(url, compression=True) as client:
            await client.write(frame(TEXT, _deflated(HUB_PING * 23_000), compressed=True))
            await client.write(frame(PING, b"done"))
            assert await client.reader.readuntil(b"done")
        for pieces in (1, 400):
            async with bare(url, compression=True) as client:
                whole = _deflated(spaces * 400)
                step = len(whole) // pieces + 1
                parts = [whole[at : at + step] for at in range(0, len(whole), step)]
                for number, part in enumerate(parts):
                    opcode = 0 if number else TEXT
                    last = number == len(parts) - 1
                    client.writer.write(frame(opcode, part, fin=last, compressed=number == 0))
                assert close_code(await client.ended()) == 1009
