"""The transcript a notebook keeps: written when the conversation rests, and when it never does."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import cast

import pytest

from conduit_widget.chat_client.state.changes import Change, MessageChange, ResetChange
from conduit_widget.kernel.cell_output import Bundle, CellOutput
from conduit_widget.types import ChatMessage
from conduit_widget.widget.backend import ChatBackend
from conduit_widget.widget.saved_transcript import MAX_UNREST, REST, SavedTranscript
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually


class Talk:
    """A conversation in which the test speaks, and what was written of it."""

    conversation_id = "main"
    withheld: str | None = None

    def __init__(self) -> None:
        self.is_being_answered = False
        self.written: list[Bundle] = []
        self._said: list[ChatMessage] = []
        self._tell: Callable[[list[Change]], None] = lambda _: None
        self.update_from_background = self.written.append

    def subscribe(self, handler: Callable[[list[Change]], None]) -> Callable[[], None]:
        self._tell = handler
        return lambda: None

    def messages(self) -> list[ChatMessage]:
        return self._said

    def remove(self, why: str) -> None:
        self.withheld = why
        self._said.clear()
        self._tell([ResetChange()])

    def say(self, text: str) -> None:
        self._said.append(ChatMessage(id=text, role="user", content=text))
        self._tell([MessageChange(message=self._said[-1])])


@pytest.fixture
def talk() -> Talk:
    """One that is kept from now on."""
    talk = Talk()
    SavedTranscript(cast("ChatBackend", talk), "c", cast("CellOutput", talk))
    return talk


async def test_conversation_at_rest_is_written(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, with all that was said."""
    clock = SkippingClock(monkeypatch)
    talk.say("one")
    talk.say("two")
    clock.skip(REST)
    await eventually(lambda: talk.written)
    assert "one" in talk.written[0]["text/plain"]
    assert "two" in talk.written[0]["text/plain"]


@pytest.mark.parametrize("is_being_answered", [False, True])
async def test_conversation_that_never_rests_is_written_all_the_same(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, is_being_answered: bool
) -> None:
    """People who go on talking, or a long answer, do not keep a notebook from its transcript."""
    talk.is_being_answered = is_being_answered
    clock = SkippingClock(monkeypatch)
    talk.say("first")
    for number in range(2 * math.ceil(MAX_UNREST / REST) + 2):
        clock.skip(REST / 2)
        talk.say(str(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert "first" in talk.written[0]["text/plain"]


async def test_transcript_is_emptied_when_the_conversation_may_not_be_read_any_more(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output that the notebook keeps then says why, and nothing else."""
    clock = SkippingClock(monkeypatch)
    talk.say("a secret")
    clock.skip(REST)
    await eventually(lambda: talk.written)
    talk.remove("You were removed from this conversation.")
    clock.skip(REST)
    await eventually(lambda: len(talk.written) > 1)
    assert talk.written[-1]["text/plain"] == "Chat main\n\nYou were removed from this conversation."
    assert "a secret" not in talk.written[-1]["text/html"]
