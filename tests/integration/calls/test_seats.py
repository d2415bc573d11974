"""Seats of call pages on a real Redis: what becomes of them when their node is killed, or cut off from it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from conduit_widget.chat.calls.seats import CallSeats
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.auth.local_authority import Credential
from conduit_widget.hub.backplane.redis import RedisBackplane
from tests.support.hub.seated_node import seated_page
from tests.support.servers.redis import RedisServer
from tests.support.waiting import eventually

LEASE = 3.0
"""Of the tests: by default it is a minute."""


@pytest.fixture
def engine() -> Iterator[RedisServer]:
    """An engine of the test's own."""
    with RedisServer() as running:
        yield running


@contextlib.asynccontextmanager
async def node(engine: RedisServer) -> AsyncIterator[CallSeats]:
    """The seats of one node."""
    backplane = RedisBackplane(engine.url)
    await backplane.start()
    seats = CallSeats(backplane, lease=LEASE)
    seats.start()
    try:
        yield seats
    finally:
        await seats.aclose()
        await backplane.aclose()


async def is_good(seats: CallSeats, key: Credential) -> bool:
    """Whether a key lets its page in."""
    try:
        await seats.authenticate(key)
    except AuthenticationError:
        return False
    return True


async def test_a_seat_of_a_killed_node_ends_and_the_others_stay(engine: RedisServer) -> None:
    """``kill -9``: the node could not say that its page has gone; the page is let in elsewhere."""
    command = [sys.executable, "-m", "tests.support.hub.seated_node", engine.url, str(LEASE)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with node(engine) as seats:
            own = await seated_page(seats)
            theirs = Credential("bearer", (await process.stdout.readline()).decode().strip())
            await eventually(lambda: is_good(seats, theirs), what="the other node's page is let in here")
            process.kill()
            await process.wait()

            async def is_over() -> bool:
                return not await is_good(seats, theirs)

            await eventually(is_over, within=60, what="the dead node's seat is over")
            await eventually(lambda: is_good(seats, own), what="the living node's seat is good")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_a_page_that_stays_has_its_seat_after_the_engine_was_away(engine: RedisServer) -> None:
    """While it is away nobody is let in; the engine comes back empty, and is told of the seat again."""
    async with node(engine) as seats, node(engine) as other:
        key = await seated_page(seats)
        engine.kill()

        async def is_refused() -> bool:
            return not await is_good(other, key)

        await eventually(is_refused, what="nobody is let in")
        engine.start()
        await eventually(lambda: is_good(other, key), what="the seat is taken up again")
