"""The connection pool: shared, counted, stopped with the last user."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.errors import AuthenticationError, ConduitError
from tests.support.signalr.scripted_connection import ScriptedConnection
from tests.support.waiting import eventually


async def test_one_connection_serves_all_users_of_a_key_and_stops_with_the_last() -> None:
    """Same hub and identity: one connection, opened once, stopped once."""
    pool, connection = ConnectionPool(), ScriptedConnection()
    first, second = (pool.acquire("key", connection.as_connection) for _ in range(2))
    assert connection.starts == 0, "nothing is opened before it is used"
    await asyncio.gather(first.started(), second.started())
    assert connection.starts == 1
    await first.release()
    await first.release()
    assert connection.stops == 0
    await second.release()
    assert connection.stops == 1
    assert len(pool) == 0


async def test_other_identity_gets_its_own_connection() -> None:
    """Two people never share a connection."""
    pool, ann, bob = ConnectionPool(), ScriptedConnection(), ScriptedConnection()
    leases = [pool.acquire("ann", ann.as_connection), pool.acquire("bob", bob.as_connection)]
    await asyncio.gather(*(lease.started() for lease in leases))
    assert (ann.starts, bob.starts) == (1, 1)
    await asyncio.gather(*(lease.release() for lease in leases))


async def test_new_connection_is_made_when_the_last_user_has_gone() -> None:
    """A released connection is not handed out again."""
    pool, old, new = ConnectionPool(), ScriptedConnection(), ScriptedConnection()
    lease = pool.acquire("key", old.as_connection)
    await lease.started()
    await lease.release()
    again = pool.acquire("key", new.as_connection)
    await again.started()
    assert (old.stops, new.starts) == (1, 1)
    with pytest.raises(ConduitError, match="released"):
        await lease.started()
    await again.release()


async def test_one_user_giving_up_does_not_end_the_others_start() -> None:
    """A cancelled wait leaves the start running."""
    pool, connection = ConnectionPool(), ScriptedConnection()
    connection.gate = asyncio.Event()
    first, second = (pool.acquire("key", connection.as_connection) for _ in range(2))
    impatient = asyncio.create_task(first.started())
    patient = asyncio.create_task(second.started())
    await eventually(lambda: connection.starts == 1)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    connection.gate.set()
    await asyncio.wait_for(patient, 30)
    await first.release()
    await second.release()


async def test_failed_start_is_tried_anew_when_asked_again() -> None:
    """A refused token is reported to everybody; the next wait starts over."""
    pool, connection = ConnectionPool(), ScriptedConnection()
    connection.start_error = AuthenticationError("no")
    lease = pool.acquire("key", connection.as_connection)
    with pytest.raises(AuthenticationError):
        await lease.started()
    connection.start_error = None
    await lease.started()
    assert connection.starts == 2
    await lease.release()


async def test_release_while_starting_stops_the_start() -> None:
    """Closing the only chat while it connects leaves nothing behind."""
    pool, connection = ConnectionPool(), ScriptedConnection()
    connection.gate = asyncio.Event()
    lease = pool.acquire("key", connection.as_connection)
    waiting = asyncio.create_task(lease.started())
    await eventually(lambda: connection.starts == 1)
    await asyncio.wait_for(lease.release(), 30)
    await asyncio.gather(waiting, return_exceptions=True)
    assert connection.stops == 1
    assert len(pool) == 0


async def test_caller_s_cancellation_passes_and_the_connection_is_stopped_all_the_same() -> None:
    """Who is cancelled while giving a connection back neither loses that nor leaks the connection."""
    pool, connection = ConnectionPool(), ScriptedConnection()
    lease = pool.acquire("key", connection.as_connection)
    ending, may_end = asyncio.Event(), asyncio.Event()

    async def start_that_ends_slowly(*, retry: bool = False) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await may_end.wait()

    connection.start = start_that_ends_slowly  # type: ignore[method-assign]
    starting = asyncio.create_task(lease.started())
    await asyncio.sleep(0)
    releasing = asyncio.create_task(lease.release())
    await asyncio.wait_for(ending.wait(), 30)
    releasing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await releasing
    assert connection.stops == 1
    assert connection.listeners() == 0
    may_end.set()
    await asyncio.gather(starting, return_exceptions=True)


async def test_start_that_breaks_does_not_keep_the_connection_from_being_stopped() -> None:
    """Whatever it raises."""
    pool, connection = ConnectionPool(), ScriptedConnection()
    connection.start_error = RuntimeError("of a user's function")
    lease = pool.acquire("key", connection.as_connection)
    with pytest.raises(RuntimeError):
        await lease.started()
    await lease.release()
    assert connection.stops == 1
