"""What cannot be sent is kept, and sent once, in order, by whichever process can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from conduit_widget.chat_client.connectivity import REMOVED
from conduit_widget.chat_client.offline import queue_store
from conduit_widget.chat_client.offline.database import KeepingError
from conduit_widget.chat_client.offline.queue_store import Attempt, Numbered
from conduit_widget.chat_client.sending import keeping
from conduit_widget.errors import ConduitError, ConnectionFailedError, HubException
from conduit_widget.types import ChatMessage, SendReceipt
from tests.support.kernel.scripted_processes import Hub, Process
from tests.support.waiting import eventually

Held = tuple[Process, asyncio.Task[SendReceipt]]


@pytest.fixture
async def held(process: Callable[..., Process], hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Held:
    """Somebody whose message ``1`` the hub has and does not acknowledge: it is kept; and who waits for it."""
    monkeypatch.setattr(keeping, "GRACE", 0.01)
    hub.gate.clear()
    ann = process()
    await ann.live()
    sent = ann.say("1")
    await ann.queued("1")
    return ann, sent


async def test_what_cannot_be_sent_is_sent_in_order_when_the_hub_is_back(
    process: Callable[..., Process], hub: Hub
) -> None:
    """Each once, with its id; the count is told at each step."""
    ann = process()
    await ann.away()
    ann.counts.clear()
    sent = [ann.say(id_) for id_ in ("1", "2", "3")]
    await ann.queued("1", "2", "3")
    ann.connection.restore()
    assert [(await each).seq for each in sent] == [1, 2, 3]
    assert hub.ids == ["1", "2", "3"]
    await ann.queued()
    assert ann.counts == [1, 2, 3, 2, 1, 0]


async def test_send_while_connected_writes_nothing(process: Callable[..., Process], hub: Hub) -> None:
    """The ordinary way costs no disk: the file is as it was."""
    ann = process()
    await ann.live()
    await ann.outbox.refresh()
    before = ann.keeper.store.database.stamp
    for number in range(20):
        await ann.say(str(number))
    assert ann.keeper.store.database.stamp == before
    assert ann.counts == []


async def test_queue_survives_the_process(process: Callable[..., Process], hub: Hub) -> None:
    """Another one of the same person sends it, before what is typed there."""
    ann = process()
    await ann.away()
    for id_ in ("1", "2"):
        ann.say(id_)
    await ann.queued("1", "2")
    await ann.end()
    again = process()
    await again.say("3")
    assert hub.ids == ["1", "2", "3"]


async def test_what_has_no_receipt_in_time_is_kept(
    process: Callable[..., Process], hub: Hub, held: Held
) -> None:
    """The hub has it and the process ends before it heard so: it is sent again, and is there once."""
    ann, _ = held
    (entry,) = ann.outbox.shown
    assert entry.attempted
    await ann.end()
    hub.gate.set()
    again = process()
    await eventually(lambda: again.connection.count("SendMessage") == 1)
    await again.queued()
    assert hub.ids == ["1"]


async def test_receipt_that_comes_late_takes_it_off_the_queue(hub: Hub, held: Held) -> None:
    """It was kept meanwhile."""
    ann, sent = held
    hub.gate.set()
    assert (await sent).seq == 1
    await ann.queued()
    assert ann.connection.count("SendMessage") == 1


async def test_one_process_sends_and_the_other_hears_of_it(process: Callable[..., Process], hub: Hub) -> None:
    """The one that has a way to the hub; whoever waits in the other gets the receipt."""
    ann, other = process(), process()
    await other.live()
    await ann.away()
    sent = ann.say("1")
    assert (await sent).seq == 1
    assert (ann.connection.count("SendMessage"), other.connection.count("SendMessage")) == (0, 1)
    await ann.queued()
    await other.queued()


async def test_only_one_of_two_connected_processes_sends(process: Callable[..., Process], hub: Hub) -> None:
    """Until it ends: then the other goes on, with the same message."""
    ann = process()
    await ann.away()
    for id_ in ("1", "2"):
        ann.say(id_)
    await ann.queued("1", "2")
    hub.gate.clear()
    ann.connection.restore()
    await eventually(lambda: ann.connection.count("SendMessage") == 1)
    other = process()
    await other.queued("1", "2")
    assert other.connection.count("SendMessage") == 0
    await ann.end()
    hub.gate.set()
    await other.queued()
    assert hub.ids == ["1", "2"]
    assert other.connection.count("SendMessage") == 2


async def test_refused_message_stays_with_its_reason_and_choices(
    process: Callable[..., Process], hub: Hub
) -> None:
    """The next ones go on; it is sent again, or with other words, when somebody says so."""
    ann = process()
    await ann.away()
    refused, fine = ann.say("1"), ann.say("2")
    await ann.queued("1", "2")
    hub.refusal = "content: not here"
    ann.connection.restore()
    with pytest.raises(HubException, match="not here"):
        await refused
    with pytest.raises(HubException, match="not here"):
        await fine
    await eventually(lambda: [each.reason for each in ann.outbox.shown] == ["content: not here"] * 2)
    hub.refusal = None
    await ann.outbox.again("2")
    ann.conversation.sender.queue_changed()
    await ann.queued("1")
    await ann.outbox.reword("1", "better")
    ann.conversation.sender.queue_changed()
    await ann.queued()
    assert hub.log == [("2", "hello"), ("1", "better")]


async def test_queued_messages_are_edited_deleted_and_moved(
    process: Callable[..., Process], hub: Hub
) -> None:
    """What leaves is what was seen last."""
    ann = process()
    await ann.away()
    one, two, three = ann.say("1"), ann.say("2"), ann.say("3")
    await ann.queued("1", "2", "3")
    await ann.outbox.reword("1", "other words")
    await ann.outbox.remove("2")
    await ann.outbox.move("3", 0)
    await ann.queued("3", "1")
    ann.connection.restore()
    await asyncio.gather(one, three)
    assert hub.log == [("3", "hello"), ("1", "other words")]
    with pytest.raises(ConduitError, match="deleted from the queue"):
        await two


async def test_edit_of_a_message_on_its_way_follows_it(hub: Hub, held: Held) -> None:
    """The hub may have the first words: what it has is looked at, and edited where it differs."""
    ann, _ = held
    await ann.conversation.revisions.edit("1", "last words", waits=False)
    hub.gate.set()
    await ann.queued()
    assert hub.log == [("1", "hello")]
    assert hub.changes == [("edit", "1", "last words")]


async def test_deletion_of_a_message_on_its_way_follows_it(hub: Hub, held: Held) -> None:
    """It arrives, and is deleted."""
    ann, _ = held
    await ann.outbox.remove("1")
    hub.gate.set()
    await ann.queued()
    assert hub.changes == [("delete", "1")]


async def test_deletion_of_a_message_that_is_refused_is_no_refused_deletion(hub: Hub, held: Held) -> None:
    """What was refused is the message; its deletion goes to the hub, which has nothing to delete."""
    ann, sent = held
    await ann.outbox.remove("1")
    hub.refusal = "content: not here"
    hub.gate.set()
    with pytest.raises(HubException, match="not here"):
        await sent
    await ann.queued()
    assert hub.changes == [("delete", "1")]


async def test_changes_wait_and_merge(process: Callable[..., Process], hub: Hub) -> None:
    """Edits, deletions, reactions and read marks are asked for when the hub is back, not what cancels out."""
    ann = process()
    await ann.away()
    revisions = ann.conversation.revisions
    await revisions.edit("m", "one", waits=False)
    await revisions.edit("m", "two", waits=False)
    await revisions.react("m", "+", waits=False)
    await revisions.react("n", "+", waits=False)
    await revisions.react("n", "+", is_on=False, waits=False)
    await revisions.delete("x", waits=False)
    for seq in (3, 9):
        ann.conversation.reading.mark(seq)
    await eventually(lambda: len(ann.outbox.entries) == 4)
    assert ann.conversation.queue.count == 3, "who has read how far is nobody's message"
    ann.connection.restore()
    await eventually(lambda: len(hub.changes) == 4)
    marks = [each for each in hub.changes if each[0] == "read"]
    assert [each for each in hub.changes if each[0] != "read"] == [
        ("edit", "m", "two"),
        ("add", "m", "+"),
        ("delete", "x"),
    ]
    assert marks in ([("read", "c", 9)], [("read", "c", 3)])


async def test_change_at_the_prompt_says_that_it_waits(process: Callable[..., Process], hub: Hub) -> None:
    """It is kept, and whoever waits long enough hears that it was done."""
    ann = process()
    await ann.away()
    ann.connection.schedule_retry(1, 60, ConnectionFailedError("No answer."))
    edit = asyncio.ensure_future(ann.conversation.revisions.edit("m", "two"))
    await eventually(lambda: len(ann.outbox.shown) == 1)
    ann.connection.restore()
    receipt = await edit
    assert receipt is not None
    assert receipt.id == "m"


async def test_nobodys_messages_are_sent_as_anothers(process: Callable[..., Process], hub: Hub) -> None:
    """A person who turns out to be another has another queue; the first one's waits for its own."""
    ann = process()
    await ann.away()
    ann.say("1")
    await ann.queued("1")
    await ann.end()
    bob = process("bob")
    await bob.say("2")
    await eventually(lambda: hub.ids == ["2"])
    bob.keeper.user = "ann"
    await bob.outbox.refresh()
    await bob.queued("1")


async def test_nothing_is_kept_for_nobody(process: Callable[..., Process], hub: Hub) -> None:
    """While nobody knows whom the hub will take us for, what waits lives in memory, and is sent."""
    ann = process(None)
    await ann.away()
    sent = ann.say("1")
    before = ann.keeper.asked
    # Each look at the queue tries to keep it, and asks first for whom.
    await eventually(lambda: ann.keeper.asked >= before + 3, what="three more looks at the queue")
    assert not ann.keeper.store.database.path.exists()
    ann.connection.restore()
    assert (await sent).seq == 1


async def test_full_queue_refuses_the_newest(
    process: Callable[..., Process], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sender hears the limit; the others leave."""
    monkeypatch.setattr(queue_store, "MAX_MESSAGES", 2)
    ann = process()
    await ann.away()
    kept = [ann.say(id_) for id_ in ("1", "2")]
    await ann.queued("1", "2")
    with pytest.raises(ConduitError, match="1,000 messages"):
        await ann.say("3")
    ann.connection.restore()
    await asyncio.gather(*kept)
    assert hub.ids == ["1", "2"]


async def test_who_was_removed_keeps_what_was_not_sent(process: Callable[..., Process], hub: Hub) -> None:
    """With the reason: it may be copied, or sent when one is a member again."""
    ann = process()
    await ann.live()
    hub.gate.clear()
    await ann.outbox.add("edit", "m", content="words")
    ann.connection.emit("RemovedFromConversation", "c")
    await eventually(lambda: [each.reason for each in ann.outbox.shown] == [REMOVED])


async def test_what_waits_at_the_end_is_said_to_be_kept(process: Callable[..., Process], hub: Hub) -> None:
    """A script that ends says how many, and why; they are there for the next one."""
    ann = process()
    await ann.away()
    ann.say("1")
    await ann.queued("1")
    line = await ann.conversation.sender.give_up(2)
    assert line is not None
    assert line.startswith("1 message to 'c' not sent within 2 s, kept until the hub is back: ")
    await ann.queued("1")


async def test_files_are_kept_with_their_message(process: Callable[..., Process], hub: Hub) -> None:
    """The next process sends them to the hub, then the message that names them; nothing of them is left."""
    ann = process()
    await ann.away()
    content = b"bytes of a file" * 1000
    message = ChatMessage(id="1", role="user", content="look")
    sending = asyncio.ensure_future(
        ann.conversation.send(message, keep=True, files=[("a.txt", content), ("b.txt", b"")])
    )
    ann.tasks.append(sending)
    await ann.queued("1")
    await ann.end()
    again = process()
    await again.live()
    assert again.keeper.uploads == [("a.txt", content), ("b.txt", b"")]
    sent = [arguments[1] for name, arguments in again.connection.invoked if name == "SendMessage"]
    assert [each["attachments"] for each in sent] == [[{"id": "c/a.txt"}, {"id": "c/b.txt"}]]
    assert content not in again.keeper.store.database.path.read_bytes()


async def test_what_is_refused_where_nothing_more_fits_is_refused_once(
    process: Callable[..., Process], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reason has room always: the hub would be asked again and again."""
    ann = process()
    await ann.away()
    ann.say("1")
    await ann.queued("1")
    size = queue_store._size(ann.outbox.shown[0])
    monkeypatch.setattr(queue_store, "MAX_BYTES", size)
    hub.refusal = "It is much too long for this conversation."
    ann.connection.restore()
    await eventually(lambda: [each.reason for each in ann.outbox.shown] == [hub.refusal])
    ann.say("2")
    hub.refusal = None
    await eventually(lambda: hub.ids == ["2"])
    assert ann.connection.count("SendMessage") == 2


async def test_refusal_that_cannot_be_noted_is_noted_later_and_holds_up_nothing(
    process: Callable[..., Process], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full for a while: the hub is not asked again, and what comes after is sent."""
    ann = process()
    await ann.away()
    for id_ in ("1", "2"):
        ann.say(id_)
    await ann.queued("1", "2")
    store = ann.keeper.store
    change = store.change
    is_full = True

    def full(*arguments: Any, **more: Any) -> list[Numbered]:
        if is_full:
            raise KeepingError("The disk is full.")
        return change(*arguments, **more)

    monkeypatch.setattr(store, "change", full)
    refused = iter(["Too rude.", None])
    taken = ann.connection.answers["SendMessage"]

    def send(conversation: str, message: dict[str, Any]) -> Any:
        hub.refusal = next(refused)
        return taken(conversation, message)

    ann.connection.answers["SendMessage"] = send
    ann.connection.restore()
    await eventually(lambda: hub.ids == ["2"])
    is_full = False
    await eventually(lambda: [(each.id, each.reason) for each in ann.outbox.shown] == [("1", "Too rude.")])
    assert ann.connection.count("SendMessage") == 2


@pytest.mark.parametrize("was_asked_for", [False, True])
async def test_what_has_not_left_can_be_moved_as_before(
    process: Callable[..., Process], hub: Hub, was_asked_for: bool
) -> None:
    """The way went right after it was marked; that says nothing of an earlier time at which it left."""
    ann = process()
    await ann.away()
    message = ChatMessage(id="1", role="user", content="hello")
    await ann.outbox.add_message(message, attempted=was_asked_for)
    ann.say("2")
    await ann.queued("1", "2")
    marked: list[Attempt | None] = []
    attempt = ann.outbox.attempt

    async def attempt_and_lose(entry_id: str) -> Attempt | None:
        marked.append(await attempt(entry_id))
        ann.connection.lose()
        return marked[-1]

    ann.outbox.attempt = attempt_and_lose  # type: ignore[method-assign]
    ann.connection.restore()
    await eventually(lambda: marked, what="the first one is marked")
    ann.outbox.attempt = attempt  # type: ignore[method-assign]
    if was_asked_for:
        with pytest.raises(ConduitError, match="may have"):
            await ann.outbox.move("1", 1)
    else:
        await eventually(lambda: not ann.outbox.shown[0].attempted, what="the mark is taken back")
        await ann.outbox.move("1", 1)
    ann.connection.restore()
    await eventually(lambda: hub.ids == (["1", "2"] if was_asked_for else ["2", "1"]))


async def test_files_count_for_the_limit(
    process: Callable[..., Process], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the message they belong to."""
    monkeypatch.setattr(queue_store, "MAX_BYTES", 10_000)
    ann = process()
    await ann.away()
    message = ChatMessage(id="1", role="user", content="look")
    with pytest.raises(ConduitError, match="files included"):
        await ann.conversation.send(message, keep=True, files=[("a.txt", b"x" * 10_000)])
    assert ann.conversation.queue.count == 0
