"""A conversation that heals itself, on a scripted connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conduit_widget.chat_client.connectivity import REMOVED
from conduit_widget.chat_client.conversation import conversation as conversation_module, synchronizer
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.chat_client.sending.outgoing import MAX_UNACKNOWLEDGED
from conduit_widget.chat_client.state.changes import (
    Change,
    ConnectionChange,
    MessageChange,
    NoticeChange,
    ProviderChange,
    ResetChange,
)
from conduit_widget.errors import (
    AuthenticationError,
    ConduitError,
    ConnectionFailedError,
    ConnectionLostError,
    HubException,
)
from conduit_widget.types import ChatMessage
from tests.support.signalr.scripted_connection import ScriptedConnection, joining
from tests.support.waiting import eventually


def wire(id_: str, seq: int, content: str = "text", conversation: str = "c") -> dict[str, Any]:
    """A user's message on the wire."""
    metadata = {"conversationId": conversation, "seq": seq}
    return {"id": id_, "role": "user", "content": content, "metadata": metadata}


def receipt(_conversation: str, message: dict[str, Any]) -> dict[str, Any]:
    """What SendMessage returns."""
    return {"id": message["id"], "seq": 1, "timestamp": "2026-01-01T00:00:00Z"}


def chat_message(id_: str = "m1") -> ChatMessage:
    """A message to send."""
    return ChatMessage(id=id_, role="user", content="hello")


class Opened:
    """A conversation, its connection and what changed."""

    def __init__(self, conversation: Conversation, connection: ScriptedConnection) -> None:
        self.conversation = conversation
        self.connection = connection
        self.changes: list[Change] = []
        conversation.subscribe(self.changes.extend)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.conversation.transcript.messages]

    async def live(self) -> None:
        await asyncio.wait_for(self.conversation.connectivity.wait_live(), 30)


@pytest.fixture
def connection() -> ScriptedConnection:
    """A hub with one message that acknowledges and resumes."""
    return ScriptedConnection(
        JoinConversation=lambda _id: joining(wire("m1", 1)),
        ResumeConversation=lambda *_: {"recovered": True, "seq": 1, "events": []},
        SendMessage=receipt,
    )


@pytest.fixture
async def opened(connection: ScriptedConnection) -> AsyncIterator[Opened]:
    """A conversation that begins to connect."""
    lease = ConnectionPool().acquire("hub", connection.as_connection)
    conversation = Conversation(lease, "c", "me", resync_delay=0.01)
    result = Opened(conversation, connection)
    conversation.open()
    yield result
    await conversation.close()
    assert connection.listeners() == 0


async def test_joins_and_goes_live_when_the_connection_opens(opened: Opened) -> None:
    """The snapshot is there when the state says live, and provider status was asked for."""
    assert opened.conversation.connectivity.info.state == "connecting"
    await opened.live()
    assert opened.ids == ["m1"]
    assert any(isinstance(change, ResetChange) for change in opened.changes)
    await eventually(lambda: opened.connection.count("RequestProviderStatus"))


async def test_events_during_the_join_are_neither_lost_nor_doubled(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """Live events that arrive before the snapshot are merged by seq after it."""

    async def slow_join(_id: str) -> dict[str, Any]:
        connection.emit("ReceiveMessage", wire("m2", 2))
        connection.emit("ReceiveMessage", wire("m3", 3))
        await asyncio.sleep(0)
        return joining(wire("m1", 1), wire("m2", 2))

    connection.answers["JoinConversation"] = slow_join
    await opened.live()
    assert opened.ids == ["m1", "m2", "m3"]


async def test_resumes_from_its_position_when_the_connection_is_back(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """What was missed is applied in order, as changes and not as a reset."""
    await opened.live()
    asked: list[tuple[Any, ...]] = []

    def resume(*arguments: Any) -> dict[str, Any]:
        asked.append(arguments)
        events = [{"seq": n, "target": "ReceiveMessage", "arguments": [wire(f"m{n}", n)]} for n in (2, 3)]
        return {"recovered": True, "seq": 3, "events": events}

    connection.answers["ResumeConversation"] = resume
    connection.lose(ConnectionError("cable"))
    assert opened.conversation.connectivity.info.state == "reconnecting"
    opened.changes.clear()
    connection.restore()
    await opened.live()
    assert asked == [("c", "e", 1)]
    assert opened.ids == ["m1", "m2", "m3"]
    assert sum(isinstance(change, MessageChange) for change in opened.changes) == 2
    assert not any(isinstance(change, ResetChange) for change in opened.changes)
    assert connection.count("JoinConversation") == 1


async def test_takes_the_fresh_snapshot_when_the_hub_cannot_recover(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """`recovered: false` replaces everything by the hub's state."""
    await opened.live()
    join = joining(wire("n1", 7), seq=7, epoch="e2")
    connection.answers["ResumeConversation"] = lambda *_: {"recovered": False, "join": join}
    connection.lose()
    connection.restore()
    await opened.live()
    assert opened.ids == ["n1"]
    assert opened.conversation.transcript.epoch == "e2"


async def test_resumes_by_itself_when_an_event_is_missing(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """A hole in the log heals without a reconnect."""
    await opened.live()
    events = [{"seq": n, "target": "ReceiveMessage", "arguments": [wire(f"m{n}", n)]} for n in (2, 3)]
    connection.answers["ResumeConversation"] = lambda *_: {"recovered": True, "seq": 3, "events": events}
    connection.emit("ReceiveMessage", wire("m3", 3))
    await eventually(lambda: opened.ids == ["m1", "m2", "m3"])


async def test_unacknowledged_message_is_sent_again_with_its_id_when_the_connection_dropped(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """A drop between send and acknowledgement costs nothing and the sender learns of none of it."""
    await opened.live()
    hang = asyncio.Event()

    async def never(*_: Any) -> None:
        await hang.wait()

    connection.answers["SendMessage"] = never
    sending = asyncio.create_task(opened.conversation.send(chat_message("x")))
    await eventually(lambda: connection.count("SendMessage") == 1)
    connection.lose()
    connection.answers["SendMessage"] = receipt
    connection.restore()
    assert (await asyncio.wait_for(sending, 30)).id == "x"
    sent = [arguments[1]["id"] for target, arguments in connection.invoked if target == "SendMessage"]
    assert sent == ["x", "x"]


async def test_messages_wait_and_leave_in_order_when_sent_before_the_connection_is_live(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """Sending while connecting queues; order is kept."""
    tasks = [asyncio.create_task(opened.conversation.send(chat_message(str(n)))) for n in range(5)]
    receipts = await asyncio.wait_for(asyncio.gather(*tasks), 30)
    assert [each.id for each in receipts] == ["0", "1", "2", "3", "4"]
    sent = [arguments[1]["id"] for target, arguments in connection.invoked if target == "SendMessage"]
    assert sent == ["0", "1", "2", "3", "4"]


async def test_refused_message_fails_alone(opened: Opened, connection: ScriptedConnection) -> None:
    """The hub's text reaches the sender; the next message goes through."""
    await opened.live()

    def refuse(*_: Any) -> None:
        connection.answers["SendMessage"] = receipt
        raise HubException("content: is empty")

    connection.answers["SendMessage"] = refuse
    with pytest.raises(HubException, match="content: is empty"):
        await opened.conversation.send(chat_message("x"))
    assert (await opened.conversation.send(chat_message("y"))).id == "y"


async def test_newest_message_is_refused_when_too_many_wait(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """The queue of unsent messages is bounded and says so."""
    await opened.live()
    connection.lose()
    send = opened.conversation.send
    waiting = [asyncio.create_task(send(chat_message(str(n)))) for n in range(MAX_UNACKNOWLEDGED)]
    await asyncio.sleep(0)
    with pytest.raises(ConduitError, match=f"{MAX_UNACKNOWLEDGED:,} messages wait"):
        await opened.conversation.send(chat_message("one too many"))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    connection.restore()
    await opened.live()
    assert connection.count("SendMessage") == 0, "a message its sender gave up on is not sent"


async def test_goes_offline_with_the_reason_when_the_connection_ends_for_good(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """People see why, waiting senders fail with it, and retry starts over."""
    await opened.live()
    connection.lose()
    sending = asyncio.create_task(opened.conversation.send(chat_message()))
    await asyncio.sleep(0)
    connection.end(AuthenticationError("The hub refused the access token (HTTP 401); sign in again."))
    with pytest.raises(AuthenticationError):
        await sending
    link = opened.conversation.connectivity.info
    assert (link.state, link.message) == (
        "offline",
        "The hub refused the access token (HTTP 401); sign in again.",
    )
    with pytest.raises(ConnectionFailedError):
        await opened.conversation.send(chat_message())
    opened.conversation.retry_now()
    await opened.live()
    assert connection.starts == 2


async def test_start_that_fails_shows_offline_and_retry_starts_again(connection: ScriptedConnection) -> None:
    """A refused token is a state, not an exception in the background."""
    connection.start_error = AuthenticationError("no")
    conversation = Conversation(ConnectionPool().acquire("hub", connection.as_connection), "c")
    conversation.open()
    await eventually(lambda: conversation.connectivity.info.state == "offline")
    connection.start_error = None
    conversation.retry_now()
    await asyncio.wait_for(conversation.connectivity.wait_live(), 30)
    await conversation.close()


async def test_refused_join_is_offline_and_a_rate_limit_is_tried_again(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """Not being a member ends it; being too fast does not."""
    answers = iter(
        [HubException("Rate limit exceeded. Please try again later."), HubException("Unauthorized")]
    )

    def refuse(_id: str) -> None:
        raise next(answers)

    connection.answers["JoinConversation"] = refuse
    await eventually(lambda: opened.conversation.connectivity.info.state == "offline")
    assert opened.conversation.connectivity.info.message == "Unauthorized"
    assert connection.count("JoinConversation") == 2


async def test_reader_waits_for_a_conversation_that_does_not_exist_yet(
    connection: ScriptedConnection,
) -> None:
    """Whoever may not write makes none: it opens when somebody has, and says meanwhile what it waits for."""
    has_begun = False

    def join(_id: str) -> dict[str, Any]:
        if not has_begun:
            raise HubException("Unauthorized")
        return joining(wire("m1", 1))

    connection.answers["JoinConversation"] = join
    lease = ConnectionPool().acquire("hub", connection.as_connection)
    conversation = Conversation(lease, "c", "vic", resync_delay=0.01, is_read_only=True)
    opened = Opened(conversation, connection)
    conversation.open()
    await eventually(lambda: connection.count("JoinConversation") >= 3, what="three attempts")
    assert (conversation.connectivity.info.state, conversation.connectivity.info.message) == (
        "connecting",
        synchronizer.NOT_YET,
    )
    told = [change for change in opened.changes if isinstance(change, ConnectionChange)]
    assert len(told) == 1, "an attempt that finds nothing is no news"
    has_begun = True
    await opened.live()
    assert opened.ids == ["m1"]
    await conversation.close()


async def test_reader_asks_ever_less_often_for_a_conversation_that_does_not_exist_yet(
    connection: ScriptedConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook left open for a night does not ask the hub every two seconds; a retry begins anew."""
    waits: list[float] = []

    async def wait(_synchronizer: synchronizer.Synchronizer, delay: float) -> None:
        waits.append(delay)
        await asyncio.sleep(0 if len(waits) < 12 else 3600)

    monkeypatch.setattr(synchronizer.Synchronizer, "_wait", wait)
    connection.answers["JoinConversation"] = _unauthorized
    lease = ConnectionPool().acquire("hub", connection.as_connection)
    conversation = Conversation(lease, "c", "vic", resync_delay=0.01, is_read_only=True)
    conversation.open()
    await eventually(lambda: len(waits) >= 12, what="twelve attempts")
    assert waits[0] < 0.02
    assert waits[-1] > 10
    await conversation.close()


def _unauthorized(_id: str) -> dict[str, Any]:
    raise HubException("Unauthorized")


async def test_removed_member_is_told_so_and_is_back_when_they_try_again_as_a_member(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """The hub's word ends it at once, for this conversation only; what waited is refused with the reason."""
    await opened.live()
    connection.emit("RemovedFromConversation", "another")
    assert opened.conversation.connectivity.info.state == "live"
    connection.answers["SendMessage"] = lambda *_: asyncio.Event().wait()
    sending = asyncio.create_task(opened.conversation.send(chat_message()))
    await eventually(lambda: connection.count("SendMessage"))
    connection.emit("RemovedFromConversation", "c")
    link = opened.conversation.connectivity.info
    assert (link.state, link.message) == ("removed", REMOVED)
    with pytest.raises(HubException, match=REMOVED):
        await sending
    with pytest.raises(HubException, match=REMOVED):
        await opened.conversation.send(chat_message())
    opened.conversation.retry_now()
    await opened.live()


async def test_member_removed_while_away_is_told_so_and_nobody_else(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """A refused resume of somebody who was in means the same as the event."""

    def refuse(*_: Any) -> None:
        raise HubException("Unauthorized")

    await opened.live()
    connection.lose()
    connection.answers["ResumeConversation"] = refuse
    connection.restore()
    await eventually(lambda: opened.conversation.connectivity.info.state == "removed")
    assert opened.conversation.connectivity.info.message == REMOVED


async def test_removal_during_a_join_is_asked_about_once_more(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """It may be older than the join's result (out and in again), so the hub says which is true."""

    async def join(_id: str) -> dict[str, Any]:
        connection.emit("RemovedFromConversation", "c")
        return joining(wire("m1", 1))

    connection.answers["JoinConversation"] = join
    await opened.live()
    await eventually(lambda: connection.count("ResumeConversation") == 1)
    await opened.live()
    assert "removed" not in [
        change.connection.state for change in opened.changes if isinstance(change, ConnectionChange)
    ]


async def test_message_that_came_too_fast_keeps_its_place_and_goes_again(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """A refusal for the rate is no answer to a person: it waits, and those behind it wait as well."""
    await opened.live()
    refusals = iter([True, True, False, False])

    def refuse(conversation_id: str, message: dict[str, Any]) -> Any:
        if next(refusals):
            raise HubException("Rate limit exceeded. Please try again later.")
        return receipt(conversation_id, message)

    connection.answers["SendMessage"] = refuse
    receipts = await asyncio.wait_for(
        asyncio.gather(
            opened.conversation.send(ChatMessage(id="a", role="user", content="1")),
            opened.conversation.send(ChatMessage(id="b", role="user", content="2")),
        ),
        30,
    )
    assert [item.id for item in receipts] == ["a", "b"]
    sent = [arguments[1]["id"] for target, arguments in connection.invoked if target == "SendMessage"]
    assert sent == ["a", "a", "a", "b"]


async def test_message_refused_for_its_rate_again_and_again_is_told(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """After four more tries the refusal is the answer, and the next message has four tries of its own."""
    await opened.live()

    def refuse(*_: Any) -> None:
        raise HubException("Rate limit exceeded. Please try again later.")

    connection.answers["SendMessage"] = refuse
    for number in (1, 2):
        with pytest.raises(HubException, match="Rate limit"):
            await asyncio.wait_for(opened.conversation.send(chat_message(f"m{number}")), 30)
        assert connection.count("SendMessage") == 5 * number


async def test_message_is_sent_again_while_the_hub_cannot_store_it(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """A store that is away for a while costs time, not a message; one that stays away is told in the end."""
    await opened.live()
    refusals = iter([True] * 6 + [False])

    def refuse(conversation_id: str, message: dict[str, Any]) -> Any:
        if next(refusals, True):
            raise HubException("The operation timed out. Please try again.")
        return receipt(conversation_id, message)

    connection.answers["SendMessage"] = refuse
    assert (await asyncio.wait_for(opened.conversation.send(chat_message("a")), 30)).id == "a"
    assert connection.count("SendMessage") == 7
    with pytest.raises(HubException, match="timed out"):
        await asyncio.wait_for(opened.conversation.send(chat_message("b")), 60)
    assert connection.count("SendMessage") == 7 + 15


async def test_waiting_for_a_retry_is_told_with_attempt_and_time(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """The badge can count down: attempt number and epoch ms of the next try."""
    await opened.live()
    connection.lose(ConnectionLostError("gone"))
    before = time.time()
    connection.schedule_retry(3, 10.0, ConnectionLostError("gone"))
    link = opened.conversation.connectivity.info
    assert (link.state, link.attempt, link.message) == ("reconnecting", 3, "gone")
    assert link.retry_at is not None
    assert before - 0.01 <= link.retry_at / 1000 - 10 <= time.time() + 0.01
    opened.conversation.retry_now()
    assert connection.retries == 1
    connection.restore()
    await opened.live()
    assert any(isinstance(each, ConnectionChange) for each in opened.changes[-2:])


async def test_message_brings_the_next_attempt_forward(
    opened: Opened, connection: ScriptedConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody waits for it. A program that sends and sends does not bring attempts forward all the time."""
    monkeypatch.setattr(conversation_module, "EAGER_DELAY", 3600.0)
    await opened.live()
    connection.lose(ConnectionLostError("gone"))
    sending = []
    for number in range(3):
        connection.schedule_retry(number, 30.0, ConnectionLostError("gone"))
        sending.append(asyncio.ensure_future(opened.conversation.send(chat_message(f"q{number}"))))
        await eventually(lambda: connection.retries)
    connection.restore()
    await asyncio.gather(*sending)
    assert connection.retries == 1


async def test_another_conversations_events_are_left_alone(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """One connection carries several conversations."""
    await opened.live()
    connection.emit("ReceiveMessage", wire("other", 2, conversation="d"))
    connection.emit("TypingUpdate", "d", ["ann"])
    assert opened.ids == ["m1"]
    assert opened.conversation.transcript.people.typing == []


async def test_malformed_event_is_survived_and_its_content_is_not_logged(
    opened: Opened, connection: ScriptedConnection, caplog: pytest.LogCaptureFixture
) -> None:
    """A payload of the wrong shape is skipped with a warning that quotes nothing."""
    await opened.live()
    connection.emit("ReceiveMessage", {"id": 7, "role": "user", "content": "SECRET", "metadata": {}})
    connection.emit("ReceiveMessage", wire("m2", 2))
    assert opened.ids == ["m1", "m2"]
    assert "ReceiveMessage" in caplog.text
    assert "SECRET" not in caplog.text


async def test_provider_line_follows_status_updates(opened: Opened, connection: ScriptedConnection) -> None:
    """The provider that would answer is shown with its state."""
    await opened.live()
    status = {"provider": "local", "state": "healthy", "models": ["smol"]}
    connection.emit("ProviderStatusUpdate", "local", status)
    connection.emit("ProviderStatusUpdate", "local", {**status, "state": "down", "reason": "no answer"})
    shown = [change.provider for change in opened.changes if isinstance(change, ProviderChange)]
    assert [(p.model, p.state, p.reason) for p in shown if p] == [
        ("smol", "healthy", ""),
        ("smol", "down", "no answer"),
    ]


async def test_notices_are_told_where_they_came(opened: Opened, connection: ScriptedConnection) -> None:
    """With the position in the conversation; a failover only in the conversation it happened in."""
    await opened.live()
    connection.emit("SystemAnnouncement", {"id": "n1", "text": "Back at six."})
    away = {"text": "a broke off; b goes on.", "midStream": True}
    connection.emit("ProviderFailover", {"id": "n2", **away, "conversationId": "c", "messageId": "m"})
    connection.emit("ProviderFailover", {"id": "n3", **away, "conversationId": None})
    told = [change.notice for change in opened.changes if isinstance(change, NoticeChange)]
    assert [(each.id, each.message_id, each.after_seq) for each in told] == [
        ("n1", None, opened.conversation.transcript.seq),
        ("n2", "m", opened.conversation.transcript.seq),
    ]
    assert list(opened.conversation.news.notices) == told
    assert [line.id for line in opened.conversation.providers.failovers] == ["n3", "n2"]


async def test_works_with_a_hub_that_has_only_the_seeds_methods(connection: ScriptedConnection) -> None:
    """No snapshot, no receipt, no resume: live events and sending still work, also after a reconnect."""
    connection.answers.clear()
    conversation = Conversation(ConnectionPool().acquire("hub", connection.as_connection), "c")
    conversation.open()
    await asyncio.wait_for(conversation.connectivity.wait_live(), 30)
    assert (await conversation.send(chat_message("x"))).id == "x"
    seed = {"id": "s1", "role": "user", "content": "hi"}
    connection.emit("ReceiveMessage", seed)
    connection.lose()
    connection.restore()
    await asyncio.wait_for(conversation.connectivity.wait_live(), 30)
    assert [each.id for each in conversation.transcript.messages] == ["s1"]
    assert connection.count("ResumeConversation") == 0
    await conversation.close()


async def test_typing_is_refreshed_sparingly_and_taken_back(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """Many keystrokes are one StartTyping; stopping sends one StopTyping; a sent message none."""
    await opened.live()
    for _ in range(10):
        opened.conversation.typing.set(is_typing=True)
    await eventually(lambda: connection.sent == [("StartTyping", ("c",))])
    opened.conversation.typing.set(is_typing=False)
    opened.conversation.typing.set(is_typing=False)
    await eventually(lambda: connection.sent[1:] == [("StopTyping", ("c",))])
    opened.conversation.typing.set(is_typing=True)
    await opened.conversation.send(chat_message())
    opened.conversation.typing.set(is_typing=False)
    await eventually(lambda: len(connection.sent) == 3)
    assert connection.sent[2] == ("StartTyping", ("c",))


async def test_buffer_overflow_during_a_join_resumes_once_more(
    opened: Opened, connection: ScriptedConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More events than the buffer holds are fetched again, not lost."""
    monkeypatch.setattr(synchronizer, "MAX_BUFFERED_EVENTS", 1)

    async def slow_join(_id: str) -> dict[str, Any]:
        for seq in (2, 3, 4):
            connection.emit("ReceiveMessage", wire(f"m{seq}", seq))
        await asyncio.sleep(0)
        return joining(wire("m1", 1))

    def resume(_id: str, _epoch: str, seq: int) -> dict[str, Any]:
        missed = range(seq + 1, 5)
        events = [{"seq": n, "target": "ReceiveMessage", "arguments": [wire(f"m{n}", n)]} for n in missed]
        return {"recovered": True, "seq": 4, "events": events}

    connection.answers.update(JoinConversation=slow_join, ResumeConversation=resume)
    await eventually(lambda: opened.ids == ["m1", "m2", "m3", "m4"])


async def test_history_is_loaded_into_the_transcript(opened: Opened, connection: ScriptedConnection) -> None:
    """Older messages come before the others."""
    connection.answers["JoinConversation"] = lambda _id: {**joining(wire("m9", 9), seq=9), "hasMore": True}
    await opened.live()
    page = {"messages": [wire("m7", 7), wire("m8", 8)], "hasMore": True}
    connection.answers["GetHistory"] = lambda *_: page
    assert await opened.conversation.load_history(9, 2) == 2
    assert opened.ids == ["m7", "m8", "m9"]
    assert connection.invoked[-1] == ("GetHistory", ("c", 9, 2))


async def test_close_leaves_and_fails_what_waits(connection: ScriptedConnection) -> None:
    """After close the hub knows, the connection is stopped, and no sender hangs."""
    conversation = Conversation(ConnectionPool().acquire("hub", connection.as_connection), "c")
    conversation.open()
    await asyncio.wait_for(conversation.connectivity.wait_live(), 30)
    hang = asyncio.Event()

    async def never(*_: Any) -> None:
        await hang.wait()

    connection.answers["SendMessage"] = never
    sending = asyncio.create_task(conversation.send(chat_message()))
    await eventually(lambda: connection.count("SendMessage") == 1)
    await conversation.close()
    await conversation.close()
    with pytest.raises(ConduitError, match="closed"):
        await sending
    assert connection.count("LeaveConversation") == 1
    assert connection.stops == 1
    assert connection.listeners() == 0


async def test_shared_conversation_is_left_by_the_last_one_only(connection: ScriptedConnection) -> None:
    """Two chats on one conversation share the membership: closing one must not silence the other."""
    pool = ConnectionPool()
    first, second = (Conversation(pool.acquire("hub", connection.as_connection), "c", "me") for _ in range(2))
    for conversation in (first, second):
        conversation.open()
        await asyncio.wait_for(conversation.connectivity.wait_live(), 30)
    await first.close()
    assert connection.count("LeaveConversation") == 0
    connection.emit("ReceiveMessage", wire("m2", 2))
    assert [each.id for each in second.transcript.messages] == ["m1", "m2"]
    await second.close()
    assert connection.count("LeaveConversation") == 1
    assert connection.stops == 1


async def test_failing_subscriber_does_not_starve_the_others(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    """One bad handler is logged; the rest get their changes."""

    def fail(_changes: list[Change]) -> None:
        raise RuntimeError("bad handler")

    seen: list[Change] = []
    opened.conversation.subscribe(fail)
    unsubscribe = opened.conversation.subscribe(seen.extend)
    await opened.live()
    assert seen
    assert "bad handler" in caplog.text
    unsubscribe()
    seen.clear()
    opened.connection.lose()
    assert seen == []


async def test_message_that_breaks_the_sender_fails_alone(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """Its sender hears so; the next message goes."""
    await opened.live()

    def breaks_once(conversation: str, message: dict[str, Any]) -> dict[str, Any]:
        if message["id"] == "bad":
            raise RuntimeError("of a library")
        return receipt(conversation, message)

    connection.answers["SendMessage"] = breaks_once
    with pytest.raises(ConduitError, match=r"could not be sent \(RuntimeError\)"):
        await asyncio.wait_for(opened.conversation.send(chat_message("bad")), 30)
    assert (await asyncio.wait_for(opened.conversation.send(chat_message("good")), 30)).id == "good"


async def test_sender_that_dies_takes_the_conversation_offline_and_retry_revives_it(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """Nobody waits for ever for a queue that nobody works off."""
    await opened.live()
    connection.lose()
    waiting = asyncio.create_task(opened.conversation.send(chat_message("waits")))
    await asyncio.sleep(0)
    sending = opened.conversation._sending
    assert sending is not None

    async def dies() -> None:
        raise RuntimeError("of our own")

    opened.conversation._sending = opened.conversation._tasks.spawn(dies())
    sending.cancel()
    with pytest.raises(ConnectionFailedError, match="stopped over an error of its own"):
        await asyncio.wait_for(waiting, 30)
    assert opened.conversation.connectivity.info.state == "offline"
    connection.restore()
    opened.conversation.retry_now()
    await opened.live()
    assert (await asyncio.wait_for(opened.conversation.send(chat_message("after")), 30)).id == "after"


async def test_waiting_for_live_ends_at_once_with_the_reason() -> None:
    """Going offline is an answer: the reason, as the error it is."""
    connection = ScriptedConnection()
    connection.start_error = AuthenticationError("The hub refused the access token (HTTP 401).", 401)
    conversation = Conversation(ConnectionPool().acquire("hub", connection.as_connection), "c")
    conversation.open()
    with pytest.raises(AuthenticationError, match="refused the access token"):
        await asyncio.wait_for(conversation.connectivity.wait_live(), 30)
    with pytest.raises(AuthenticationError, match="refused the access token"):
        await conversation.send(chat_message())
    await conversation.close()
    with pytest.raises(ConduitError):
        await asyncio.wait_for(conversation.connectivity.wait_live(), 30)


async def test_first_attempts_show_why_they_fail_also_to_who_comes_later() -> None:
    """A conversation opened while another's connection is being tried shows the same reason."""
    connection = ScriptedConnection()
    connection.gate = asyncio.Event()
    pool = ConnectionPool()
    first, second = (Conversation(pool.acquire("hub", connection.as_connection), name) for name in "ab")
    first.open()
    await eventually(lambda: connection.starts)
    connection.schedule_retry(2, 10.0, ConnectionFailedError("No answer from http://hub."))
    second.open()
    await eventually(lambda: second.connectivity.info.attempt)
    for link in (first.connectivity.info, second.connectivity.info):
        assert (link.state, link.attempt, link.message) == ("connecting", 2, "No answer from http://hub.")
        assert link.retry_at is not None
    first.retry_now()
    assert (first.connectivity.info.retry_at, first.connectivity.info.message) == (
        None,
        "No answer from http://hub.",
    )
    assert connection.retries == 1
    await asyncio.gather(first.close(), second.close())


async def test_patience_at_the_prompt_has_an_end_and_a_reason() -> None:
    """The question is taken back, or kept for later; a first attempt without an outcome is waited for."""
    connection = ScriptedConnection()
    connection.gate = asyncio.Event()
    conversation = Conversation(ConnectionPool().acquire("hub", connection.as_connection), "c")
    conversation.open()
    await eventually(lambda: connection.starts)
    asking = asyncio.create_task(conversation.send(chat_message("question"), patience=0.01))
    telling = asyncio.create_task(conversation.send(chat_message("note"), patience=0.01, keep=True))
    await asyncio.wait([asking, telling], timeout=0.1)
    assert not asking.done()
    connection.schedule_retry(1, 10.0, ConnectionFailedError("No answer from http://hub."))
    with pytest.raises(ConnectionFailedError, match=r"Not sent yet: No answer from http://hub\. Ask again"):
        await asyncio.wait_for(asking, 30)
    with pytest.raises(ConnectionFailedError, match=r"It is sent when the hub is back\."):
        await asyncio.wait_for(telling, 30)
    connection.answers.update(JoinConversation=lambda _id: joining(), SendMessage=receipt)
    connection.gate.set()
    await eventually(lambda: connection.count("SendMessage"))
    assert [call[1][1]["id"] for call in connection.invoked if call[0] == "SendMessage"] == ["note"]
    await conversation.close()


async def test_event_that_cannot_be_read_does_not_stop_the_next(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """Its place in the order is stepped over, so that nothing is asked for again and again."""
    await opened.live()
    broken = {"id": "m2", "role": "nobody", "content": 5, "metadata": {"conversationId": "c", "seq": 2}}
    connection.emit("ReceiveMessage", broken)
    connection.emit("ReceiveMessage", wire("m3", 3))
    assert opened.ids == ["m1", "m3"]
    assert connection.count("ResumeConversation") == 0


async def test_snapshot_that_makes_no_sense_is_shown_and_tried_again(connection: ScriptedConnection) -> None:
    """Instead of a conversation that connects for ever without a word."""
    answers = iter([{"conversationId": "c"}, joining(wire("m1", 1))])
    connection.answers["JoinConversation"] = lambda _id: next(answers)
    conversation = Conversation(
        ConnectionPool().acquire("hub", connection.as_connection), "c", resync_delay=30.0
    )
    conversation.open()
    await eventually(lambda: conversation.connectivity.info.attempt == 1)
    assert conversation.connectivity.info.state == "connecting"
    assert "not understood" in str(conversation.connectivity.info.message)
    conversation.retry_now()
    await asyncio.wait_for(conversation.connectivity.wait_live(), 30)
    await conversation.close()


async def test_answer_to_a_question_given_up_on_its_way_is_stopped(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """The hub has it already; nobody reads what it would write."""
    await opened.live()
    may_answer = asyncio.Event()

    async def slow(conversation: str, message: dict[str, Any]) -> dict[str, Any]:
        await may_answer.wait()
        return {**receipt(conversation, message), "answerId": "a1"}

    connection.answers["SendMessage"] = slow
    asking = asyncio.create_task(opened.conversation.send(chat_message()))
    await eventually(lambda: connection.count("SendMessage"))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    may_answer.set()
    await eventually(lambda: ("StopGeneration", ("a1",)) in connection.invoked)


async def test_close_sends_what_is_on_its_way_before_it_leaves(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """``send`` and ``close`` in one breath lose nothing."""
    await opened.live()
    sending = asyncio.create_task(opened.conversation.send(chat_message("last")))
    await asyncio.sleep(0)
    await opened.conversation.close()
    assert (await sending).id == "last"
    names = [name for name, _ in connection.invoked]
    assert names.index("SendMessage") < names.index("LeaveConversation")
    assert connection.stops == 1
