"""The queue of what the hub has not acknowledged."""

from __future__ import annotations

import pytest

from conduit_widget.chat_client.sending.outgoing import Outgoing
from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage, SendReceipt

RECEIPT = SendReceipt(id="m", seq=1, timestamp="")


def message(id_: str = "m") -> ChatMessage:
    """A message to queue."""
    return ChatMessage(id=id_, role="user", content="hello")


async def test_one_sender_giving_up_takes_nothing_from_another_of_the_same_message() -> None:
    """It is one entry with a future for each."""
    queue = Outgoing()
    first, second = queue.add(message()), queue.add(message())
    first.cancel()
    entry = queue.first()
    assert entry is not None
    queue.settle(entry, RECEIPT)
    assert second.result() is RECEIPT
    assert len(queue) == 0


async def test_what_all_senders_gave_up_is_dropped() -> None:
    """And counts as sent."""
    queue = Outgoing()
    queue.add(message("given up")).cancel()
    queue.add(message("wanted"))
    assert queue.unsent == 1
    entry = queue.first()
    assert entry is not None
    assert entry.message.id == "wanted"
    queue.settle(entry, RECEIPT)
    assert len(queue) == 0


async def test_what_is_kept_is_sent_though_nobody_waits() -> None:
    """A sender may stop waiting without taking the message back."""
    queue = Outgoing()
    waiting = queue.add(message())
    queue.keep("m")
    waiting.cancel()
    first = queue.first()
    assert first is not None
    assert first.message.id == "m"
    assert queue.unsent == 1


async def test_all_waiters_hear_why_it_failed() -> None:
    """Each with the same reason."""
    queue = Outgoing()
    waiting = [queue.add(message()), queue.add(message()), queue.add(message("other"))]
    queue.fail_all(ConduitError("why"))
    for each in waiting:
        with pytest.raises(ConduitError, match="why"):
            await each
