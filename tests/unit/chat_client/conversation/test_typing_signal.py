"""Typing signals: sparse, refreshed, taken back by themselves."""

from __future__ import annotations

import asyncio

from conduit_widget.chat_client.conversation.typing_signal import TypingSignal
from tests.support.waiting import eventually


async def test_typing_ends_by_itself_when_the_keys_rest() -> None:
    """Nobody stays 'typing' because a tab was closed."""
    sent: list[bool] = []
    signal = TypingSignal(sent.append, asyncio.get_running_loop(), ttl=0.05, refresh=0.02)
    signal.touch()
    assert signal.is_typing
    await eventually(lambda: sent == [True, False])
    assert not signal.is_typing


async def test_typing_is_refreshed_while_keys_go_on() -> None:
    """The hub's expiry is kept off as long as somebody types, with few messages."""
    sent: list[bool] = []
    signal = TypingSignal(sent.append, asyncio.get_running_loop(), ttl=60, refresh=0.03)

    def typed_on() -> bool:
        signal.touch()
        return len(sent) >= 3

    await eventually(typed_on)
    assert set(sent) == {True}
    signal.forget()
    signal.clear()
    assert False not in sent
