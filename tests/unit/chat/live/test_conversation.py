"""The join path, with a hook at every await: whatever happens there, no event is missed or comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import Commit, OnCommit, Snapshot
from conduit_widget.chat.live import posting
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import RECOVERY_SECONDS
from conduit_widget.errors import LocalProtocolError
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import Author, ChatMessage, LogEvent
from tests.support.waiting import eventually

ANN = Author(user_id="ann", user_name="Ann")


class Listener:
    """A connection that keeps the positions of committed events, and knows whether it is in the group."""

    def __init__(self, connection_id: str) -> None:
        self.connection_id = connection_id
        self.user = Principal(connection_id, connection_id.title())
        self.log: list[int] = []

    def send(self, target: str, *arguments: Any) -> None:
        if target == "ReceiveMessage":
            self.log.append(arguments[0]["metadata"]["seq"])

    send_volatile = send

    def as_caller(self) -> HubConnectionContext:
        return cast("HubConnectionContext", self)


class FakeHub:
    """Groups and clients of one group, without a network."""

    def __init__(self) -> None:
        self.inside: dict[str, Listener] = {}
        self.known: dict[str, Listener] = {}
        self.cannot_send: str | None = None
        self.groups = self.clients = self

    def add(self, connection_id: str, _group: str) -> None:
        self.inside[connection_id] = self.known[connection_id]

    def remove(self, connection_id: str, _group: str) -> None:
        self.inside.pop(connection_id, None)

    def group(self, _name: str) -> FakeHub:
        return self

    def group_except(self, _name: str, _excluded: object) -> FakeHub:
        return self

    def send(self, target: str, *arguments: Any) -> None:
        if target == self.cannot_send:
            raise LocalProtocolError("No codec writes this.")
        for listener in self.inside.values():
            listener.send(target, *arguments)

    def send_volatile(self, target: str, *arguments: Any) -> tuple[()]:
        self.send(target, *arguments)
        return ()


class HookedStore(SqliteHistoryStore):
    """Calls a hook at each await of the join path; may hold back the news of commits."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.before_read: Callable[[], Any] | None = None
        self.after_read: Callable[[], Any] | None = None
        self.held_back: list[Callable[[], None]] | None = None
        self.told = 0

    async def snapshot(self, conversation_id: str, *, limit: int, max_bytes: int) -> Snapshot | None:
        await self._call(self.before_read)
        found = await super().snapshot(conversation_id, limit=limit, max_bytes=max_bytes)
        await self._call(self.after_read)
        return found

    async def events_after(
        self,
        conversation_id: str,
        epoch: str,
        seq: int,
        *,
        limit: int,
        max_bytes: int,
        recent: float = RECOVERY_SECONDS,
    ) -> list[LogEvent] | None:
        await self._call(self.before_read)
        found = await super().events_after(
            conversation_id, epoch, seq, limit=limit, max_bytes=max_bytes, recent=recent
        )
        await self._call(self.after_read)
        return found

    async def append(
        self,
        conversation_id: str,
        author_id: str,
        message: ChatMessage,
        *,
        answer: ChatMessage | None = None,
        is_root: bool = False,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        def tell(commit: Commit) -> None:
            self.told += 1
            if on_commit is None:
                return
            if self.held_back is None:
                on_commit(commit)
            else:
                self.held_back.append(lambda: on_commit(commit))

        return await super().append(
            conversation_id, author_id, message, answer=answer, is_root=is_root, on_commit=tell
        )

    async def message(self, conversation_id: str, message_id: str) -> dict[str, Any] | None:
        await eventually(lambda: self.held_back != [])  # it has been committed, however slow the disk
        return await super().message(conversation_id, message_id)

    async def _call(self, hook: Callable[[], Any] | None) -> None:
        if hook is not None:
            await hook()


class Scene:
    """A live conversation with one listener inside."""

    def __init__(self, hub: FakeHub, store: HookedStore, conversation: Conversation) -> None:
        self.hub = hub
        self.store = store
        self.conversation = conversation
        self.told_when_unused: list[int] = []
        self._sent = 0

    def listener(self, name: str) -> Listener:
        """A connection the hub knows."""
        listener = Listener(name)
        self.hub.known[name] = listener
        return listener

    async def say(self) -> None:
        """Send a message."""
        self._sent += 1
        message = ChatMessage(id=f"m{self._sent}", role="user", content="x", author=ANN)
        await self.conversation.messages.append(ANN, message, None, lambda _commit: None)


@pytest.fixture
async def scene(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """An open conversation with three messages; a hole in its log is waited for (``param``: seconds)."""
    gap_delay: float = getattr(request, "param", 60.0)
    store, hub = HookedStore(tmp_path / "h.db"), FakeHub()
    await store.start()
    record = await store.create("c", owner_id="ann", visibility="open", assistant="off")
    told_when_unused: list[int] = []
    conversation = Conversation(
        record,
        hub=cast("Hub", hub),
        store=store,
        settings=ChatSettings(presence_grace=0.0, gap_delay=gap_delay),
        streams=lambda _id: [],
        on_unused=lambda _id: told_when_unused.append(store.told),
    )
    scene = Scene(hub, store, conversation)
    scene.told_when_unused = told_when_unused
    await conversation.join(scene.listener("first").as_caller())
    for _ in range(3):
        await scene.say()
    yield scene
    conversation.close()
    await store.aclose()


async def enter(scene: Scene, how: str) -> tuple[list[int], int, Listener]:
    """Join or resume from 1; return the positions got, the position reached, and the newcomer."""
    late = scene.listener("late")
    if how == "join":
        join = await scene.conversation.join(late.as_caller())
        return [message["metadata"]["seq"] for message in join.messages], join.seq, late
    record = await scene.store.find("c")
    assert record is not None
    resume = await scene.conversation.resume(late.as_caller(), record.epoch, 1)
    assert resume.recovered
    return [1, *(event.seq for event in resume.events)], resume.seq, late


@pytest.mark.parametrize("how", ["join", "resume"])
@pytest.mark.parametrize("moment", ["before_read", "after_read"])
async def test_nothing_is_missed_when_message_comes_at(scene: Scene, moment: str, how: str) -> None:
    """A message committed before or after the read is in what the newcomer gets, once."""

    async def hook() -> None:
        await scene.say()
        await scene.say()

    setattr(scene.store, moment, hook)
    got, seq, late = await enter(scene, how)
    assert (got, seq, late.log) == ([1, 2, 3, 4, 5], 5, [])
    await scene.say()
    assert late.log == [6]
    assert scene.hub.known["first"].log == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("how", ["join", "resume"])
async def test_nothing_comes_twice_when_news_of_a_commit_is_late(scene: Scene, how: str) -> None:
    """What the read saw but the others have not been sent yet is sent before the newcomer is in."""
    scene.store.held_back = []
    await scene.say()
    [late_news] = scene.store.held_back
    scene.store.held_back = None
    entering = asyncio.create_task(enter(scene, how))
    done, _ = await asyncio.wait({entering}, timeout=0.2)
    assert not done
    assert "late" not in scene.hub.inside
    late_news()
    got, seq, late = await entering
    assert (got, seq, late.log) == ([1, 2, 3, 4], 4, [])
    assert scene.hub.known["first"].log == [1, 2, 3, 4]


@pytest.mark.parametrize("scene", [0.0], indirect=True)
async def test_message_is_sent_though_news_of_its_commit_never_came(scene: Scene) -> None:
    """A commit whose outcome this hub was never told is found in the store, and nothing waits behind it."""
    scene.store.held_back = []
    await scene.say()
    scene.store.held_back = None
    await scene.say()
    await eventually(lambda: scene.hub.known["first"].log == [1, 2, 3, 4, 5])


async def test_message_reaches_others_when_sender_has_gone(scene: Scene) -> None:
    """Once accepted a message is committed and sent, though its sender's invocation was cancelled."""
    sending = asyncio.create_task(scene.say())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sending.cancel()
    await eventually(lambda: scene.hub.known["first"].log == [1, 2, 3, 4])


async def test_answer_is_begun_once_when_sender_has_gone_and_news_of_the_commit_is_late(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A committed answer is found in the store when nobody told; news that come later change nothing."""
    monkeypatch.setattr(posting, "SETTLE_DELAY", 0.05)
    scene.store.held_back = []
    begun: list[Commit] = []
    question = ChatMessage(id="q", role="user", content="?", author=ANN)
    answer = ChatMessage(id="a", role="assistant", content="", metadata={"status": "streaming"})
    sending = asyncio.create_task(scene.conversation.messages.append(ANN, question, answer, begun.append))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sending.cancel()
    await eventually(lambda: begun)
    assert [event.seq for event in begun[0].events] == [4, 5]
    assert scene.hub.known["first"].log == [1, 2, 3, 4, 5]
    [late_news] = scene.store.held_back
    late_news()
    assert len(begun) == 1
    assert scene.hub.known["first"].log == [1, 2, 3, 4, 5]


async def test_answer_is_begun_and_others_are_sent_when_a_message_cannot_be_sent(scene: Scene) -> None:
    """One event that nobody can be sent costs neither the answer, nor the next event, nor who waits."""
    begun: list[Commit] = []
    question = ChatMessage(id="q", role="user", content="?", author=ANN)
    answer = ChatMessage(id="a", role="assistant", content="", metadata={"status": "streaming"})
    scene.hub.cannot_send = "ReceiveMessage"
    receipt = await scene.conversation.messages.append(ANN, question, answer, begun.append)
    assert (receipt.seq, len(begun)) == (4, 1)
    scene.hub.cannot_send = None
    await scene.say()
    assert scene.hub.known["first"].log == [1, 2, 3, 6]
    got, seq, _ = await enter(scene, "join")
    assert (got, seq) == ([1, 2, 3, 4, 5, 6], 6)


async def test_final_version_is_sent_when_its_last_delta_cannot_be(scene: Scene) -> None:
    """Whatever the writer of an answer does at its end, its final version goes out."""
    question = ChatMessage(id="q", role="user", content="?", author=ANN)
    answer = ChatMessage(id="a", role="assistant", content="", metadata={"status": "streaming"})
    await scene.conversation.messages.append(ANN, question, answer, lambda _commit: None)

    def fail() -> None:
        raise LocalProtocolError("No codec writes this.")

    await scene.conversation.answers.finish_answer(
        ChatMessage(id="a", role="assistant", content="done"), fail
    )
    assert scene.conversation.feed.position == 6


async def test_people_are_kept_when_they_cannot_be_told_of(scene: Scene) -> None:
    """An event that cannot be sent leaves presence as it should be, and its deadlines running."""
    scene.hub.cannot_send = "UserJoined"
    await scene.conversation.join(scene.listener("second").as_caller())
    assert [person.user_id for person in scene.conversation.presence.participants()] == ["first", "second"]
    scene.conversation.leave("second")
    await eventually(lambda: len(scene.conversation.presence.participants()) == 1)


async def test_conversation_stays_while_a_message_is_being_written(scene: Scene) -> None:
    """It is not dropped, and made anew, between a message's acceptance and its fan-out, sender or not."""
    sending = asyncio.create_task(scene.say())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    scene.conversation.leave("first")
    sending.cancel()
    await eventually(lambda: scene.told_when_unused)
    assert scene.told_when_unused[0] == 4


async def test_conversation_is_unused_in_the_end_when_nobody_hears_of_a_message(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write whose sender has gone, and of which no news comes, does not keep a conversation for ever."""
    monkeypatch.setattr(posting, "SETTLE_DELAY", 0.05)
    monkeypatch.setattr(posting, "LINGER", 0.05)
    monkeypatch.setattr(scene.store, "append", _never)
    monkeypatch.setattr(scene.store, "message", _nothing)
    sending = asyncio.create_task(scene.say())
    await asyncio.sleep(0)
    scene.conversation.leave("first")
    sending.cancel()
    assert not scene.conversation.is_unused
    await eventually(lambda: scene.told_when_unused)


async def _never(*_: object, **__: object) -> None:
    await asyncio.get_running_loop().create_future()


async def _nothing(*_: object) -> None:
    return None
