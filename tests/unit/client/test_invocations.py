"""The table of pending invocations and streams."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.client.invocations import PendingInvocations
from conduit_widget.errors import ConnectionLostError, HubException
from conduit_widget.protocol.messages import Completion, StreamItem


async def test_ids_are_unique_and_completions_find_their_future() -> None:
    """Results, voids and errors each reach the right waiter, once."""
    pending = PendingInvocations()
    entries = [pending.add_result() for _ in range(3)]
    assert len({invocation_id for invocation_id, _ in entries}) == len(pending) == 3
    pending.complete(Completion(entries[2][0], error="no"))
    pending.complete(Completion(entries[0][0], result=None))
    pending.complete(Completion(entries[1][0], result=[1]))
    pending.complete(Completion(entries[1][0], result=[2]))
    assert await entries[0][1] is None
    assert await entries[1][1] == [1]
    with pytest.raises(HubException, match="no"):
        await entries[2][1]
    assert len(pending) == 0


async def test_completion_for_a_cancelled_waiter_is_ignored() -> None:
    """A caller that gave up is no error for the receive path."""
    pending = PendingInvocations()
    invocation_id, future = pending.add_result()
    future.cancel()
    pending.complete(Completion(invocation_id, result=1))
    pending.complete(Completion("unknown", result=1))
    assert pending.push_item(StreamItem("unknown", 1))


async def test_failing_all_gives_each_waiter_an_error_of_its_own() -> None:
    """Tracebacks of several waiters do not pile up on one exception."""
    pending = PendingInvocations()
    futures = [pending.add_result()[1] for _ in range(2)]
    _, stream = pending.add_stream("Count")
    stream.push(1)
    cause = OSError("cut")
    pending.fail_all("dropped", cause)
    errors = [future.exception() for future in futures]
    assert all(isinstance(error, ConnectionLostError) and error.__cause__ is cause for error in errors)
    assert errors[0] is not errors[1]
    items = stream.items()
    assert await anext(items) == 1
    with pytest.raises(ConnectionLostError, match="dropped"):
        await anext(items)
    assert len(pending) == 0


async def test_stream_wakes_its_reader_for_items_and_for_the_end() -> None:
    """A waiting reader gets an item as soon as it comes, and stops at the completion."""
    pending = PendingInvocations()
    invocation_id, stream = pending.add_stream("Count")
    items = stream.items()
    waiting = asyncio.ensure_future(anext(items))
    await asyncio.sleep(0)
    assert pending.push_item(StreamItem(invocation_id, "a"))
    assert await waiting == "a"
    pending.complete(Completion(invocation_id))
    assert [item async for item in items] == []
    assert stream.push("late")
    assert [item async for item in stream.items()] == []
