"""What keeps a conversation live: writes, until they are done, also when nobody waits for them any more."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.chat.live import conversation_work
from conduit_widget.chat.live.conversation_work import ConversationWork
from tests.support.waiting import eventually


async def _nothing_comes() -> str:
    await asyncio.get_running_loop().create_future()
    return ""


async def _cancelled(work: ConversationWork, done: asyncio.Future[str] | None = None) -> None:
    caller = asyncio.create_task(work.to_the_end(_nothing_comes(), done))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_write_is_counted_until_its_listener_hears_when_its_caller_has_gone() -> None:
    """The conversation stays until the commit is told, and no longer."""
    ends: list[bool] = []
    work = ConversationWork(lambda: ends.append(True))
    done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    await _cancelled(work, done)
    assert ends == []
    assert work.pending is True
    done.set_result("committed")
    await eventually(lambda: ends == [True] and not work.pending)


@pytest.mark.parametrize("has_listener", [True, False])
async def test_write_is_given_up_when_nobody_hears_of_it(
    monkeypatch: pytest.MonkeyPatch, has_listener: bool
) -> None:
    """A write that was refused, or never queued, does not keep a conversation for ever."""
    monkeypatch.setattr(conversation_work, "LINGER", 0.01)
    ends: list[bool] = []
    work = ConversationWork(lambda: ends.append(True))
    await _cancelled(work, asyncio.get_running_loop().create_future() if has_listener else None)
    assert work.pending is True
    await eventually(lambda: ends == [True] and not work.pending)


async def test_write_is_counted_no_more_when_it_was_refused() -> None:
    """Its error reaches the caller."""
    work = ConversationWork(lambda: None)

    async def refused() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await work.to_the_end(refused())
    assert not work.pending
