"""What keeps a conversation live: work, until it is done."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.chat.live import conversation_work
from conduit_widget.chat.live.conversation_work import ConversationWork
from conduit_widget.errors import StoreUnavailableError
from tests.support.waiting import eventually


async def test_work_is_counted_until_it_ends_however_it_ends() -> None:
    """Its error reaches the caller."""
    ends: list[bool] = []
    work = ConversationWork(lambda: ends.append(True))

    async def refused() -> None:
        assert work.pending
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await work.pinned(refused())
    assert ends == [True]
    assert not work.pending


async def test_work_in_the_background_is_tried_until_the_store_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is counted from the first try to the last."""
    monkeypatch.setattr(conversation_work, "RETRY", 0.01)
    tries: list[bool] = []
    ends: list[int] = []
    work = ConversationWork(lambda: ends.append(len(tries)))

    async def store() -> None:
        tries.append(work.pending)
        if len(tries) < 3:
            raise StoreUnavailableError

    work.persistently(store)
    await eventually(lambda: ends == [3])
    assert tries == [True, True, True]
    assert not work.pending


async def test_work_in_the_background_ends_with_the_conversation() -> None:
    """What nobody waits for is given up."""
    work = ConversationWork(lambda: None)

    async def for_ever() -> None:
        await asyncio.Event().wait()

    work.persistently(for_ever)
    await asyncio.sleep(0)
    work.close()
    await eventually(lambda: not work.pending)


async def test_whole_work_comes_to_its_end_without_its_caller() -> None:
    """A caller that is cancelled between the commit and the telling takes neither away."""
    began, commit, told = asyncio.Event(), asyncio.Event(), asyncio.Event()
    work = ConversationWork(lambda: None)

    async def change() -> None:
        began.set()
        await commit.wait()
        told.set()

    caller = asyncio.create_task(work.whole(change()))
    await began.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert work.pending
    commit.set()
    await asyncio.wait_for(told.wait(), 10)
    await eventually(lambda: not work.pending)


async def test_whole_work_that_fails_without_its_caller_is_told_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A caller who is there gets the error instead, and the log stays empty."""
    work, refused = ConversationWork(lambda: None), asyncio.Event()

    async def refuse() -> None:
        await refused.wait()
        raise ValueError("no")

    caller = asyncio.create_task(work.whole(refuse()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    refused.set()
    await eventually(lambda: len(caplog.records) == 1)
    with pytest.raises(ValueError, match="no"):
        await work.whole(refuse())
    assert len(caplog.records) == 1
