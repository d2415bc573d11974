"""The transcript a notebook keeps: written when the conversation rests, and when it never does."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from conduit_widget.chat_client.state.changes import Change, MessageChange, ResetChange
from conduit_widget.kernel.cell_output import Bundle, CellOutput
from conduit_widget.types import ChatMessage, HistoryPage
from conduit_widget.widget.chat.backend import ChatBackend
from conduit_widget.widget.chat.saved_transcript import (
    MAX_ANSWERING,
    MAX_UNREST,
    REST,
    SavedTranscript,
    wholly_kept_of,
)
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


async def test_conversation_that_never_rests_is_written_all_the_same(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People who go on talking do not keep a notebook from its transcript."""
    clock = SkippingClock(monkeypatch)
    talk.say("first")
    for number in range(2 * math.ceil(MAX_UNREST / REST) + 2):
        clock.skip(REST / 2)
        talk.say(str(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert "first" in talk.written[0]["text/plain"]


async def test_answer_that_takes_long_leaves_the_notebook_alone_until_it_ends(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often something else is said meanwhile; then it is written at once, and once."""
    talk.is_being_answered = True
    clock = SkippingClock(monkeypatch)
    for number in range(int(2 * MAX_UNREST / REST)):
        talk.say(str(number))
        clock.skip(REST)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert talk.written == []
    talk.is_being_answered = False
    talk.say("the end")
    await eventually(lambda: talk.written)
    clock.skip(REST)
    await asyncio.sleep(0)
    assert len(talk.written) == 1
    assert "the end" in talk.written[0]["text/plain"]


async def test_answers_without_an_end_keep_no_notebook_from_its_transcript(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With many people there may always be one on its way."""
    talk.is_being_answered = True
    clock = SkippingClock(monkeypatch)
    talk.say("first")
    for _ in range(math.ceil(MAX_ANSWERING / REST) + 2):
        clock.skip(REST)
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


class LongTalk(Talk):
    """One of which only the newest message is loaded; somebody deletes an earlier one while it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.transcript = SimpleNamespace(seq=9, oldest_seq=3, has_more=True)
        self.conversation = self
        self.requests = self
        self.pages = 0
        self._said.append(ChatMessage(id="new", role="user", content="new", metadata={"seq": 3}))

    async def page_after(self, _seq: int) -> HistoryPage:
        self.pages += 1
        old = {"id": "old", "role": "user", "content": "a secret", "metadata": {"seq": 2}}
        if self.pages > 1:
            old |= {"content": "", "metadata": {"seq": 2, "deletedAt": "2026-11-30T00:00:00Z"}}
        else:
            self.transcript.seq += 1
        return HistoryPage(messages=[old], has_more=False)


async def test_message_deleted_while_the_earlier_ones_are_read_is_not_kept() -> None:
    """What was read before is read again: a deleted text is gone."""
    talk = LongTalk()
    kept = await wholly_kept_of(cast("ChatBackend", talk), "conduit-0123456789ab")
    assert "new" in kept["text/plain"]
    assert "a secret" not in str(kept)
    assert talk.pages == 2
