"""Standing work on the store: who is dead is judged only by who was heard all the time."""

from __future__ import annotations

import dataclasses
import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conduit_widget.chat import reaper as reaper_module
from conduit_widget.chat.history.store import Commit, ConversationRecord, HistoryStore, StoredStream
from conduit_widget.chat.live.conversations import Conversations
from conduit_widget.chat.reaper import Reaper
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.types import ChatMessage, SendReceipt
from tests.support.waiting import eventually

SETTINGS = ChatSettings(
    heartbeat_interval=0.01, reap_interval=0.01, prune_interval=0.01, dead_after=10.0, recovery_events=7
)
PLACEHOLDER = {
    "id": "a",
    "role": "assistant",
    "content": "",
    "parentId": "q",
    "metadata": {"status": "streaming", "seq": 2},
}


class FakeStore:
    """A store with one abandoned answer; ``failure`` is raised by everything."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.refused = 0
        self.beats = 0
        self.pruned: list[tuple[int, float]] = []
        self.ended: list[ChatMessage] = []

    async def heartbeat(self) -> None:
        """Count."""
        self._check()
        self.beats += 1

    async def abandoned_streams(self) -> list[StoredStream]:
        """Return the answer, until it is ended."""
        self._check()
        stream = StoredStream(conversation_id="c", message_id="a", seq=2, text="half", model="m")
        return [] if self.ended else [stream]

    async def find(self, _conversation_id: str) -> ConversationRecord:
        """Return the conversation."""
        return ConversationRecord(id="c", epoch="e", seq=2, visibility="open", assistant="always")

    async def message(self, _conversation_id: str, _message_id: str) -> dict[str, Any]:
        """Return the placeholder."""
        return PLACEHOLDER

    async def update(self, _id: str, message: ChatMessage, *, close_stream: bool, on_commit: Any) -> Commit:
        """Keep an answer's end."""
        assert close_stream
        self.ended.append(message)
        commit = Commit(receipt=SendReceipt(id="a", seq=2, timestamp="t"))
        on_commit(commit)
        return commit

    async def prune(self, *, keep_events: int, older_than: float) -> int:
        """Keep what was asked for."""
        self._check()
        self.pruned.append((keep_events, older_than))
        return 0

    def _check(self) -> None:
        if self.failure is not None:
            self.refused += 1
            raise self.failure


class FakeConversations:
    """Keeps what was committed."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Commit]] = []
        self.heard: str | None = ""
        self.is_live = True

    def live(self, _conversation_id: str) -> Any:
        """Return a conversation with what was heard of its answers, if somebody is there."""
        if not self.is_live:
            return None
        return SimpleNamespace(nodes=SimpleNamespace(text_heard=lambda _message_id: self.heard))

    def committed(self, record: ConversationRecord, commit: Commit) -> None:
        """Keep a commit."""
        self.told.append((record.id, commit))


class Clock:
    """Seconds that pass when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def make(settings: ChatSettings = SETTINGS) -> tuple[Reaper, FakeStore, FakeConversations, Clock]:
    """A reaper and what it works on."""
    store, conversations, clock = FakeStore(), FakeConversations(), Clock()
    reaper = Reaper(cast("HistoryStore", store), cast("Conversations", conversations), settings, clock=clock)
    return reaper, store, conversations, clock


async def live(reaper: Reaper, clock: Clock, seconds: int) -> None:
    """Let time pass with a heartbeat each second."""
    for _ in range(seconds):
        clock.now += 1
        await reaper.beat()


async def test_dead_nodes_answers_are_ended_with_the_text_kept() -> None:
    """An abandoned answer becomes interrupted, keeps what its placeholder said, and everybody is told."""
    reaper, store, conversations, clock = make()
    await live(reaper, clock, 12)
    await reaper.reap_dead()
    [message] = store.ended
    assert (message.id, message.content, message.parent_id) == ("a", "half", "q")
    assert message.metadata == {
        "status": "interrupted",
        "finishReason": "interrupted",
        "seq": 2,
        "model": "m",
    }
    assert [id_ for id_, _ in conversations.told] == ["c"]


@pytest.mark.parametrize(
    ("heard", "kept"), [("half of it", "half of it"), ("", "half"), ("ha", "half"), ("other text", "half")]
)
async def test_text_that_people_here_have_read_is_kept(heard: str, kept: str) -> None:
    """What the dead node told after its last checkpoint stays, where it continues that."""
    reaper, store, conversations, _ = make()
    conversations.heard = heard
    await reaper.reap()
    assert [message.content for message in store.ended] == [kept]


@pytest.mark.parametrize("is_live", [True, False], ids=["came later", "nobody is here"])
async def test_who_heard_nothing_of_an_answer_lets_others_end_it_first(is_live: bool) -> None:
    """It is left alone at the first look, at which others may know more of it, and ended at the second."""
    reaper, store, conversations, clock = make()
    conversations.heard, conversations.is_live = None, is_live
    await live(reaper, clock, 12)
    await reaper.reap_dead()
    assert store.ended == []
    await reaper.reap_dead()
    assert [message.content for message in store.ended] == ["half"]


async def test_answer_of_which_nobody_heard_is_ended_at_once_at_the_start() -> None:
    """What an earlier process left has no other node to end it."""
    reaper, store, conversations, _ = make()
    conversations.is_live = False
    await reaper.reap()
    assert [message.content for message in store.ended] == ["half"]


async def test_nobody_is_taken_for_dead_soon_after_the_start() -> None:
    """A node that has just started does not know yet who lives."""
    reaper, store, _, clock = make()
    await reaper.reap_dead()
    await live(reaper, clock, 10)
    await reaper.reap_dead()
    assert store.ended == []
    await live(reaper, clock, 1)
    await reaper.reap_dead()
    assert len(store.ended) == 1


async def test_frozen_node_ends_nobodys_answers_on_waking() -> None:
    """Who slept through everybody's heartbeats waits until it has been awake for as long as death takes."""
    reaper, store, _, clock = make()
    await live(reaper, clock, 30)
    clock.now += 60
    await reaper.reap_dead()
    await reaper.beat()
    await reaper.reap_dead()
    await live(reaper, clock, 9)
    await reaper.reap_dead()
    assert store.ended == []
    await live(reaper, clock, 1)
    await reaper.reap_dead()
    assert len(store.ended) == 1


async def test_node_cut_off_from_the_store_ends_nobodys_answers_when_it_is_back() -> None:
    """Heartbeats that failed count as silence."""
    reaper, store, _, clock = make()
    await live(reaper, clock, 30)
    store.failure = StoreUnavailableError()
    for _ in range(8):
        clock.now += 1
        with pytest.raises(StoreUnavailableError):
            await reaper.beat()
    store.failure = None
    await live(reaper, clock, 1)
    await reaper.reap_dead()
    assert store.ended == []


async def test_work_goes_on_when_the_store_comes_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is away, or fails, is logged once, and tried again; the log is pruned now and then."""
    monkeypatch.setattr(reaper_module, "FIRST_PRUNE", 0.0)
    caplog.set_level(logging.INFO, reaper_module.__name__)
    reaper, store, _, _ = make(dataclasses.replace(SETTINGS, recovery_seconds=9.0))
    store.failure = StoreUnavailableError()
    reaper.start()
    await eventually(lambda: store.refused > 10)
    store.failure = None
    await eventually(lambda: store.beats > 3 and len(store.pruned) > 3)
    assert store.pruned[0] == (7, 9.0)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(";")[0] for line in lines[:1]] == ["The history store cannot be reached"]
    assert lines[1:] == ["The history store is back."]
    await reaper.aclose()
