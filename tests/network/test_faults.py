"""Our client with resume against a real hub through a network that fails: nothing lost, doubled or reordered.

A few seconds of what ``python -m tests.load soak`` does for half an hour.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.load.proof.chaos import ChaosRun, chaos_run
from tests.support.hub.live_hub import LiveHub
from tests.support.network.fault_proxy import ENDING, Chaos, Fault, FaultProxy
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)

# Without a half-open connection, which costs the 20 s after which silence counts as a loss.
SHORT_FAULTS = tuple((fault, weight) for fault, weight in Chaos(0).weights if fault is not Fault.HALF_OPEN)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A real hub; no model is asked for anything here."""
    live = LiveHub(tmp_path_factory.mktemp("hub"), {"CONDUIT_PROVIDER": "local"}).start()
    yield live
    live.stop()


async def finish(run: ChaosRun) -> None:
    """Wait until everybody has everything; fail on any loss, duplicate or change of order."""
    await run.settle()
    verdict = run.checker.verdict(await run.log())
    assert verdict.clean, verdict
    assert run.checker.acknowledged == verdict.messages > 0


async def test_nothing_is_lost_doubled_or_reordered_when_the_network_fails_at_random(hub: LiveHub) -> None:
    """Cuts at any byte, lost replies, ghosts, stalls, delays, trickles; both encodings; always a new seed."""
    seed = secrets.randbelow(2**31)
    print(f"seed {seed}")
    chaos = Chaos(seed, mean_interval=0.8, longest=0.8, weights=SHORT_FAULTS)
    async with chaos_run(hub, members=4, seed=seed, chaos=chaos, conversation="random") as run:
        run.talk(pause=0.15)
        await asyncio.sleep(6)
        await finish(run)
        assert sum(run.proxy.faults[fault] for fault in ENDING) > 4
        assert sum(member.reconnects for member in run.members) > 4


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.CUT_INSIDE, Fault.LOSE_REPLIES, Fault.GHOST, Fault.STALL])
async def test_everybody_catches_up_when_all_are_hit_at_once(hub: LiveHub, fault: Fault) -> None:
    """One fault hits every connection in the midst of a conversation; all go on where they were."""
    async with chaos_run(hub, members=3, seed=1, chaos=None, conversation=fault.name) as run:
        run.talk(pause=0.1)
        await eventually(lambda: run.checker.acknowledged > 5)
        hit = run.proxy.inflict(fault, seconds=0.4, after_bytes=100)
        assert hit >= len(run.members)
        seen = run.checker.acknowledged
        await eventually(lambda: run.checker.acknowledged > seen + 6)
        if fault is not Fault.STALL:
            await eventually(lambda: all(member.reconnects for member in run.members))
        await finish(run)


async def test_what_is_about_to_connect_is_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever cuts everything would else wait without end for a client that came a moment before."""

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    target = await asyncio.start_server(take, "127.0.0.1", 0)
    proxy = FaultProxy([target.sockets[0].getsockname()[1]], None)
    is_opening, may_open = asyncio.Event(), asyncio.Event()
    open_ = proxy._open

    async def slowly() -> Any:
        is_opening.set()
        await may_open.wait()
        return await open_()

    monkeypatch.setattr(proxy, "_open", slowly)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.sockets[0].getsockname()[1])
    try:
        await is_opening.wait()
        dropping = asyncio.ensure_future(proxy.drop_all())
        await asyncio.sleep(0)  # it has begun to wait for those that are served
        may_open.set()
        await asyncio.wait_for(dropping, 30)
        assert proxy.connections == 0
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
    finally:
        writer.close()
        listener.close()
        target.close()
