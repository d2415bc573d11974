"""What every history store promises: order, durability, idempotency. One suite for every implementation."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from conduit_widget.chat.history.postgres import (
    rows as history_store_postgres_rows,
)
from conduit_widget.chat.history.sqlite import (
    rows as history_rows,
)
from conduit_widget.chat.history.store import Commit, HistoryStore, StoredStream
from conduit_widget.errors import NotInHistoryError, ValidationError
from conduit_widget.types import Author, ChatMessage, MessageError
from tests.support.chat.history_stores import Stores

BIG = 1 << 20


def question(id_: str, text: str = "hello") -> ChatMessage:
    """A user's message."""
    author = Author(user_id="ada", user_name="Ada")
    return ChatMessage(id=id_, role="user", content=text, author=author, metadata={"respond": True})


def answer(id_: str, text: str = "", **metadata: str) -> ChatMessage:
    """A model's message."""
    return ChatMessage(id=id_, role="assistant", content=text, metadata=metadata)


async def all_events(store: HistoryStore, epoch: str) -> list[int]:
    """The seq of every event."""
    events = await store.events_after("c", epoch, 0, limit=10_000, max_bytes=BIG)
    assert events is not None
    return [event.seq for event in events]


async def test_create_returns_existing_when_created_twice(store: HistoryStore) -> None:
    """A conversation is created once; its epoch and owner stay."""
    first = await store.find("c")
    again = await store.create("c", owner_id="eve", visibility="members", assistant="off")
    assert again == first
    assert await store.role("c", "ada") == "owner"
    assert await store.role("c", "eve") is None


async def test_find_returns_none_when_unknown(store: HistoryStore) -> None:
    """An unknown conversation is not there, in any way."""
    assert await store.find("nowhere") is None
    assert await store.snapshot("nowhere", limit=10, max_bytes=BIG) is None
    with pytest.raises(NotInHistoryError):
        await store.append("nowhere", "ada", question("q"))
    assert await store.find("nowhere") is None


async def test_seq_has_no_gap_when_appends_are_concurrent(store: HistoryStore) -> None:
    """Concurrent appends get 1..n, and commit callbacks come in that order."""
    seen: list[int] = []

    def on_commit(commit: Commit) -> None:
        seen.extend(event.seq for event in commit.events)

    commits = await asyncio.gather(
        *(store.append("c", "ada", question(f"q{n}"), on_commit=on_commit) for n in range(200))
    )
    assert sorted(commit.receipt.seq for commit in commits) == list(range(1, 201))
    assert seen == list(range(1, 201))
    record = await store.find("c")
    assert record is not None
    assert record.seq == 200
    assert await all_events(store, record.epoch) == list(range(1, 201))


async def test_append_returns_first_receipt_when_repeated(store: HistoryStore) -> None:
    """The same id by the same author changes nothing and has the same receipt, answer included."""
    first = await store.append("c", "ada", question("q"), answer=answer("a"))
    again = await store.append("c", "ada", question("q", "other text"), answer=answer("a2"))
    assert again.receipt == first.receipt
    assert again.receipt.answer_id == "a"
    assert again.duplicate
    assert again.events == ()
    record = await store.find("c")
    assert record is not None
    assert record.seq == 2


async def test_append_is_idempotent_when_repeats_race(store: HistoryStore) -> None:
    """Repeats in flight at once still make one message."""
    commits = await asyncio.gather(*(store.append("c", "ada", question("q")) for _ in range(20)))
    assert {commit.receipt.seq for commit in commits} == {1}
    assert sum(not commit.duplicate for commit in commits) == 1


async def test_append_refuses_when_id_belongs_to_another(store: HistoryStore) -> None:
    """Nobody gets the receipt of, or overwrites, somebody else's message, a model's included."""
    await store.append("c", "ada", question("q"), answer=answer("a"))
    await store.append("c", "ada", question("q2"), answer=answer("queued", status="streaming"))
    for thief, id_ in (("eve", "q"), ("eve", "a"), ("ada", "a"), ("eve", "queued"), ("ada", "queued")):
        with pytest.raises(ValidationError, match="message id"):
            await store.append("c", thief, question(id_, "stolen"))
    record = await store.find("c")
    assert record is not None
    assert record.seq == 4


async def test_same_id_is_free_when_in_another_conversation(store: HistoryStore) -> None:
    """Ids count per conversation."""
    await store.create("d", owner_id="eve", visibility="open", assistant="off")
    await store.append("c", "ada", question("q"))
    commit = await store.append("d", "eve", question("q"))
    assert not commit.duplicate
    assert commit.receipt.seq == 1


async def test_refusal_leaves_others_alone_when_in_one_batch(store: HistoryStore) -> None:
    """A refused write costs those that share its commit nothing."""
    await store.append("c", "ada", question("taken"))
    results = await asyncio.gather(
        store.append("c", "ada", question("x")),
        store.append("c", "eve", question("taken")),
        store.append("nowhere", "ada", question("y")),
        store.append("c", "ada", question("z")),
        return_exceptions=True,
    )
    kinds = [type(result) for result in results]
    assert kinds == [Commit, ValidationError, NotInHistoryError, Commit]
    record = await store.find("c")
    assert record is not None
    assert await all_events(store, record.epoch) == [1, 2, 3]


async def test_unexpected_error_costs_only_its_own_write_when_in_one_batch(store: HistoryStore) -> None:
    """A write that breaks (text no encoding can carry) does not take its neighbours down."""
    results = await asyncio.gather(
        store.append("c", "ada", question("x")),
        store.append("c", "ada", question("bad", "\ud800")),
        store.append("c", "ada", question("z")),
        return_exceptions=True,
    )
    assert isinstance(results[0], Commit)
    assert isinstance(results[1], UnicodeEncodeError)
    assert isinstance(results[2], Commit)
    record = await store.find("c")
    assert record is not None
    assert await all_events(store, record.epoch) == [1, 2]


async def test_commit_callback_runs_when_caller_is_cancelled(store: HistoryStore) -> None:
    """What is queued is committed and announced, whatever becomes of the caller."""
    announced = asyncio.Event()
    task = asyncio.create_task(
        store.append("c", "ada", question("q"), on_commit=lambda _commit: announced.set())
    )
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(60):
        await announced.wait()
    assert await store.message("c", "q") is not None


async def test_message_is_stamped_when_stored(store: HistoryStore) -> None:
    """Stored, live and logged forms are one; the store's stamp wins over the sender's."""
    sent = ChatMessage(
        id="q", role="user", content="héllo 👋", metadata={"seq": 99, "mine": 1}, extra={"x": [1]}
    )
    commit = await store.append("c", "ada", sent)
    live = commit.events[0].arguments[0]
    assert live["metadata"] == {
        "mine": 1,
        "conversationId": "c",
        "seq": 1,
        "timestamp": commit.receipt.timestamp,
    }
    assert live["x"] == [1]
    assert live["content"] == "héllo 👋"
    assert await store.message("c", "q") == live
    record = await store.find("c")
    assert record is not None
    events = await store.events_after("c", record.epoch, 0, limit=9, max_bytes=BIG)
    assert events is not None
    assert events[0].arguments == [live]


async def test_update_keeps_place_when_message_changes(store: HistoryStore) -> None:
    """An update is an event of its own; the message keeps its seq and timestamp and changes its content."""
    first = await store.append("c", "ada", question("q"), answer=answer("a"))
    await store.append("c", "ada", question("q2"))
    commit = await store.update("c", answer("a", "done", status="complete"), close_stream=True)
    event = commit.events[0]
    assert (event.seq, event.target) == (4, "MessageUpdated")
    metadata = event.arguments[0]["metadata"]
    assert (metadata["seq"], metadata["eventSeq"]) == (2, 4)
    assert metadata["timestamp"] == first.receipt.timestamp
    page = await store.history("c", before_seq=100, limit=10, max_bytes=BIG)
    assert [message["id"] for message in page.messages] == ["q", "a", "q2"]
    assert page.messages[1]["content"] == "done"


async def test_update_refuses_when_message_is_unknown(store: HistoryStore) -> None:
    """What was never said cannot be changed."""
    with pytest.raises(NotInHistoryError):
        await store.update("c", answer("a", "x"))
    record = await store.find("c")
    assert record is not None
    assert record.seq == 0


async def test_reopened_store_goes_on_when_closed(stores: Stores, store: HistoryStore) -> None:
    """Epoch, seq, messages and receipts outlive the process."""
    first = await store.append("c", "ada", question("q"))
    before = await store.find("c")
    store = await stores.open()
    assert await store.find("c") == before
    assert (await store.append("c", "ada", question("q"))).receipt == first.receipt
    assert (await store.append("c", "ada", question("q2"))).receipt.seq == 2
    assert await store.role("c", "ada") == "owner"


async def test_stream_is_open_until_update_closes_it(stores: Stores, store: HistoryStore) -> None:
    """A placeholder opens a stream in its commit; checkpoints outlive the process; the end removes it."""
    await store.append("c", "ada", question("q"), answer=answer("a"))
    [opened] = await store.open_streams()
    assert opened == StoredStream(conversation_id="c", message_id="a", seq=2, node_id=opened.node_id)
    checkpoint = StoredStream(
        conversation_id="c", message_id="a", seq=2, text="so far 👋", index=3, model="m", provider="p"
    )
    await store.checkpoint(checkpoint)
    store = await stores.open()
    stored = msgspec.structs.replace(checkpoint, node_id=opened.node_id)
    assert await store.open_streams() == [stored]
    await store.update("c", answer("a", "so far and more"), close_stream=True)
    await store.checkpoint(checkpoint)
    assert await store.open_streams() == []


async def test_no_stream_opens_when_placeholder_has_error(store: HistoryStore) -> None:
    """An answer refused at once is final."""
    refused = ChatMessage(
        id="a", role="assistant", content="", error=MessageError(type="rate_limit", recoverable=True)
    )
    await store.append("c", "ada", question("q"), answer=refused)
    assert await store.open_streams() == []


async def test_history_pages_meet_when_read_backwards(store: HistoryStore) -> None:
    """Pages from the newest to the oldest give every message once, in order."""
    for n in range(25):
        await store.append("c", "ada", question(f"q{n}"))
    snapshot = await store.snapshot("c", limit=10, max_bytes=BIG)
    assert snapshot is not None
    messages, has_more = snapshot.messages, snapshot.has_more
    assert snapshot.record.seq == 25
    while has_more:
        page = await store.history("c", before_seq=messages[0]["metadata"]["seq"], limit=10, max_bytes=BIG)
        messages, has_more = page.messages + messages, page.has_more
    assert [message["id"] for message in messages] == [f"q{n}" for n in range(25)]


def child(parent: str | None, id_: str, text: str = "hello") -> ChatMessage:
    """A user's message that names the one it continues."""
    return msgspec.structs.replace(question(id_, text), parent_id=parent)


async def led_to(store: HistoryStore, id_: str, conversation: str = "c") -> list[str]:
    """The ids of everything that leads to a message, oldest first, read three at a time."""
    chain: list[str] = []
    while True:
        page = await store.ancestors(conversation, chain[0] if chain else id_, limit=3, max_bytes=BIG)
        assert len(page.messages) == 3 or not page.has_more
        chain = [message["id"] for message in page.messages] + chain
        if not page.has_more:
            return chain


async def test_message_continues_the_newest_when_it_names_no_parent(
    stores: Stores, store: HistoryStore
) -> None:
    """Without parents a conversation is a line, whatever is updated meanwhile."""
    await store.append("c", "ada", question("q1"), answer=answer("a1"))
    await asyncio.gather(
        store.append("c", "ada", question("q2")),
        store.update("c", answer("a1", "yes"), close_stream=True),
        store.append("c", "ada", question("q3"), answer=answer("a3")),
    )
    await store.update("c", answer("a3", "no"), close_stream=True)
    store = await stores.open()
    await store.append("c", "ada", question("q4"))
    line = ["q1", "a1", "q2", "q3", "a3", "q4"]
    for n, id_ in enumerate(line):
        assert await led_to(store, id_) == line[:n]
        assert await store.children("c", id_) == line[n + 1 : n + 2]
    assert await store.children("c", None) == ["q1"]


async def test_branches_share_their_beginning_when_messages_name_parents(store: HistoryStore) -> None:
    """A message that names an older one begins a branch; its ancestors are never a sibling's."""
    await store.append("c", "ada", question("q1"), answer=answer("a1"))
    await store.append("c", "ada", question("q2"), answer=answer("a2"))
    await store.append("c", "ada", child("a1", "q3"), answer=answer("a3"))
    # In one batch: what it names, and what continues the newest, stand beside it.
    await asyncio.gather(
        store.append("c", "ada", child("a2", "q4")),
        store.append("c", "ada", child("q4", "q5")),
        store.append("c", "ada", question("q6")),
    )
    assert await led_to(store, "a2") == ["q1", "a1", "q2"]
    assert await led_to(store, "a3") == ["q1", "a1", "q3"]
    assert await led_to(store, "q6") == ["q1", "a1", "q2", "a2", "q4", "q5"]
    assert await store.children("c", "a1") == ["q2", "q3"]
    page = await store.ancestors("c", "a3", limit=9, max_bytes=BIG)
    assert page.messages == [await store.message("c", id_) for id_ in ("q1", "a1", "q3")]


async def test_parent_is_refused_when_it_is_not_in_the_conversation(store: HistoryStore) -> None:
    """Unknown, another conversation's or the message itself: the error names the field, nothing is kept."""
    await store.create("d", owner_id="ada", visibility="open", assistant="off")
    await store.append("d", "ada", question("elsewhere"))
    await store.append("c", "ada", question("q"))
    for parent in ("unknown", "elsewhere", "x"):
        with pytest.raises(ValidationError, match="parentId"):
            await store.append("c", "ada", child(parent, "x"), answer=answer("y"))
    assert await store.children("c", "q") == []
    # The same message again is the same message, whatever it says now.
    assert (await store.append("c", "ada", child("unknown", "q"))).duplicate


async def test_unknown_messages_have_no_kin(store: HistoryStore) -> None:
    """Nothing leads to a message that is not there, and nothing continues it."""
    await store.append("c", "ada", question("q"))
    assert await led_to(store, "nobody") == []
    assert await led_to(store, "q", "nowhere") == []
    assert await store.children("c", "nobody") == []
    assert await store.children("nowhere", None) == []


async def test_ancestors_are_bounded_in_bytes(stores: Stores, store: HistoryStore) -> None:
    """A page weighs no more than asked, but has one message at least; a damaged one is left out."""
    for n in range(6):
        await store.append("c", "ada", question(f"q{n}", "x" * 1000))
    page = await store.ancestors("c", "q5", limit=10, max_bytes=2900)
    assert ([message["id"] for message in page.messages], page.has_more) == (["q3", "q4"], True)
    page = await store.ancestors("c", "q5", limit=10, max_bytes=1)
    assert ([message["id"] for message in page.messages], page.has_more) == (["q4"], True)
    await stores.damage("q3")
    page = await store.ancestors("c", "q5", limit=10, max_bytes=BIG)
    assert ([message["id"] for message in page.messages], page.has_more) == (["q0", "q1", "q2", "q4"], False)


async def test_message_that_no_reader_takes_is_read_without_its_odd_fields(store: HistoryStore) -> None:
    """Numbers over 64 bits and deep nesting, stored once, cost those fields: joins and recovery go on."""
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    odd = msgspec.structs.replace(
        question("odd", "still here"),
        metadata={"count": 2**64, "deep": deep, "fine": [1, "12345678901234567890"]},
        attachments=[{"size": -(2**63) - 1}],
        extra={"more": deep},
    )
    for message in (question("before"), odd, question("after")):
        await store.append("c", "ada", message)
    record = await store.find("c")
    snapshot = await store.snapshot("c", limit=10, max_bytes=BIG)
    page = await store.history("c", before_seq=9, limit=10, max_bytes=BIG)
    assert record is not None
    assert snapshot is not None
    events = await store.events_after("c", record.epoch, 0, limit=10, max_bytes=BIG)
    one = await store.message("c", "odd")
    assert events is not None
    for messages in (snapshot.messages, page.messages, [event.arguments[0] for event in events]):
        assert msgspec.msgpack.encode(messages)
        assert [message["id"] for message in messages] == ["before", "odd", "after"]
        assert messages[1] == one
    assert one is not None
    assert (one["content"], one["author"]["userId"]) == ("still here", "ada")
    assert {"count", "deep"}.isdisjoint(one["metadata"])
    assert (one["metadata"]["fine"], one["metadata"]["seq"]) == ([1, "12345678901234567890"], 2)
    assert {"attachments", "more"}.isdisjoint(one)


async def test_damaged_message_is_left_out(stores: Stores, store: HistoryStore) -> None:
    """One message that cannot be read at all does not keep anybody from the others."""
    for id_ in ("before", "hurt", "after"):
        await store.append("c", "ada", question(id_))
    await stores.damage("hurt")
    snapshot = await store.snapshot("c", limit=10, max_bytes=BIG)
    assert snapshot is not None
    assert [message["id"] for message in snapshot.messages] == ["before", "after"]


async def test_snapshot_is_of_one_moment_when_others_write(store: HistoryStore) -> None:
    """The position a snapshot names is that of its newest message, at any moment."""

    async def write(name: str) -> None:
        for n in range(40):
            await store.append("c", "ada", question(f"{name}{n}"))

    writing = [asyncio.create_task(write(name)) for name in "abcd"]
    while not all(task.done() for task in writing):
        snapshot = await store.snapshot("c", limit=3, max_bytes=BIG)
        assert snapshot is not None
        seqs = [message["metadata"]["seq"] for message in snapshot.messages]
        newest = snapshot.record.seq
        assert seqs == list(range(max(1, newest - 2), newest + 1))
    await asyncio.gather(*writing)


async def test_page_is_bounded_in_bytes_when_messages_are_large(store: HistoryStore) -> None:
    """A page holds what fits, and one message at least."""
    for n in range(4):
        await store.append("c", "ada", question(f"q{n}", "x" * 1000))
    page = await store.history("c", before_seq=5, limit=10, max_bytes=2500)
    assert [message["id"] for message in page.messages] == ["q2", "q3"]
    assert page.has_more
    page = await store.history("c", before_seq=5, limit=10, max_bytes=1)
    assert len(page.messages) == 1


async def events_of(
    store: HistoryStore, seq: int, *, limit: int, recent: float = 0.0, max_bytes: int = BIG
) -> list[int] | None:
    """The seqs that recovery gives in ``c``."""
    record = await store.find("c")
    assert record is not None
    events = await store.events_after("c", record.epoch, seq, limit=limit, max_bytes=max_bytes, recent=recent)
    return None if events is None else [event.seq for event in events]


async def test_events_are_all_or_none_when_recovering(store: HistoryStore) -> None:
    """Recovery gives every missed event, or None: never a part."""
    for n in range(10):
        await store.append("c", "ada", question(f"q{n}"))
    assert await events_of(store, 7, limit=3) == [8, 9, 10]
    assert await events_of(store, 10, limit=3) == []
    assert await events_of(store, 6, limit=3) is None
    assert await events_of(store, 11, limit=3) is None
    assert await events_of(store, 7, limit=3, max_bytes=10) is None
    for conversation_id in ("c", "nowhere"):
        found = await store.events_after(conversation_id, "another", 7, limit=3, max_bytes=BIG)
        assert found is None


async def test_recent_events_are_recovered_when_over_the_limit(stores: Stores, store: HistoryStore) -> None:
    """Two minutes' events are recovered whatever their number, bounded in bytes; older ones are not."""
    for n in range(5):
        await store.append("c", "ada", question(f"q{n}"))
    await stores.pass_time(200)
    for n in range(5, 10):
        await store.append("c", "ada", question(f"q{n}"))
    assert await events_of(store, 5, limit=3, recent=120) == [6, 7, 8, 9, 10]
    assert await events_of(store, 4, limit=3, recent=120) is None
    assert await events_of(store, 4, limit=6, recent=120) == [5, 6, 7, 8, 9, 10]
    assert await events_of(store, 5, limit=3, recent=120, max_bytes=100) is None


async def test_prune_drops_events_when_old_and_beyond_the_kept(stores: Stores, store: HistoryStore) -> None:
    """What is both old and beyond the newest goes; recovery then says None, and every message stays."""
    await store.create("d", owner_id="ada", visibility="open", assistant="off")
    for n in range(10):
        await store.append("c", "ada", question(f"q{n}"))
        await store.append("d", "ada", question(f"q{n}"))
    assert await store.prune(keep_events=4, older_than=60) == 0
    await stores.pass_time(100)
    for n in range(10, 13):
        await store.append("c", "ada", question(f"q{n}"))
    assert await store.prune(keep_events=10, older_than=60) == 3
    assert await events_of(store, 2, limit=100) is None
    assert await events_of(store, 3, limit=100) == list(range(4, 14))
    assert await store.prune(keep_events=1, older_than=60) == 7 + 9
    assert await events_of(store, 9, limit=100) is None
    assert await events_of(store, 10, limit=100) == [11, 12, 13]
    assert await store.prune(keep_events=1, older_than=60) == 0
    page = await store.history("c", before_seq=100, limit=100, max_bytes=BIG)
    assert len(page.messages) == 13
    assert (await store.append("c", "ada", question("q0"))).duplicate
    assert (await store.append("c", "ada", question("new"))).receipt.seq == 14


async def test_prune_gets_through_when_much_is_old(
    stores: Stores, store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backlog larger than one transaction takes goes in one call."""
    for rows in (history_rows, history_store_postgres_rows):
        monkeypatch.setattr(rows, "PRUNE_SLICE", 3)
    for n in range(11):
        await store.append("c", "ada", question(f"q{n}"))
    await stores.pass_time(100)
    assert await store.prune(keep_events=1, older_than=60) == 10
    assert await events_of(store, 10, limit=100) == [11]


async def test_role_changes_when_set(store: HistoryStore) -> None:
    """Members come, change and go."""
    await store.set_role("c", "eve", "reader")
    assert await store.role("c", "eve") == "reader"
    await store.set_role("c", "eve", "member")
    assert await store.role("c", "eve") == "member"
    await store.set_role("c", "eve", None)
    assert await store.role("c", "eve") is None


async def test_last_owner_stays_when_removed_or_made_less(store: HistoryStore) -> None:
    """A conversation always has an owner."""
    for role in (None, "member", "reader"):
        with pytest.raises(ValidationError, match="last owner"):
            await store.set_role("c", "ada", role)
    await store.set_role("c", "ada", "owner")
    await store.set_role("c", "eve", "owner")
    await store.set_role("c", "ada", "reader")
    with pytest.raises(ValidationError, match="last owner"):
        await store.set_role("c", "eve", None)
    assert await store.members("c") == [("ada", "reader"), ("eve", "owner")]


async def test_set_role_refuses_when_conversation_is_unknown(store: HistoryStore) -> None:
    """Nobody is a member of nothing."""
    with pytest.raises(NotInHistoryError):
        await store.set_role("nowhere", "ada", "member")
    assert await store.members("nowhere") == []


async def test_conversations_of_user_are_listed_when_they_have_a_role(
    stores: Stores, store: HistoryStore
) -> None:
    """A user's conversations, the one with the newest event first; nobody else's."""
    await store.create("d", owner_id="eve", visibility="members", assistant="off", title="Plans")
    await store.create("e", owner_id="eve", visibility="members", assistant="off")
    await store.set_role("d", "ada", "reader")
    await stores.pass_time(1)
    await store.append("d", "eve", question("q"))
    assert [record.id for record, _ in await store.conversations_of("ada", limit=10)] == ["d", "c"]
    await stores.pass_time(1)
    await store.append("c", "ada", question("q"))
    found = await store.conversations_of("ada", limit=10)
    assert [(record.id, record.title, record.seq, role) for record, role in found] == [
        ("c", None, 1, "owner"),
        ("d", "Plans", 1, "reader"),
    ]
    assert [record for record, _ in found] == [await store.find("c"), await store.find("d")]
    assert [record.id for record, _ in await store.conversations_of("ada", limit=1)] == ["c"]
    await store.set_role("d", "ada", None)
    assert [record.id for record, _ in await store.conversations_of("ada", limit=10)] == ["c"]
    assert await store.conversations_of("bob", limit=10) == []


async def test_newest_seqs_are_told_when_asked_for_many(store: HistoryStore) -> None:
    """One call tells where many conversations are; unknown ones are left out."""
    await store.create("d", owner_id="ada", visibility="open", assistant="off")
    await store.append("c", "ada", question("q"), answer=answer("a"))
    assert await store.newest_seqs(["c", "d", "nowhere"]) == {"c": 2, "d": 0}
    assert await store.newest_seqs([f"n{n}" for n in range(2000)]) == {}
    assert await store.newest_seqs([]) == {}


async def test_placeholder_is_queued_when_another_answer_is_open(store: HistoryStore) -> None:
    """The commit itself decides who streams: one answer at a time, whoever asked, on whatever node."""
    await store.create("d", owner_id="ada", visibility="open", assistant="off")
    places = [
        (await store.append(to, "ada", question(id_), answer=answer(f"a-{id_}", status="streaming")))
        .events[1]
        .arguments[0]["metadata"]["status"]
        for to, id_ in (("c", "q1"), ("c", "q2"), ("d", "q1"))
    ]
    assert places == ["streaming", "queued", "streaming"]
    stored = await store.message("c", "a-q2")
    assert stored is not None
    assert stored["metadata"]["status"] == "queued"
    assert [stream.message_id for stream in await store.open_streams("c")] == ["a-q1", "a-q2"]
    assert len(await store.open_streams()) == 3
    for id_ in ("a-q1", "a-q2"):
        await store.update("c", answer(id_, "done"), close_stream=True)
    commit = await store.append("c", "ada", question("q3"), answer=answer("a3", status="streaming"))
    assert commit.events[1].arguments[0]["metadata"]["status"] == "streaming"


async def test_stream_ends_once_when_closed_twice(store: HistoryStore) -> None:
    """The second end changes nothing: whoever marked the answer first is right."""
    await store.append("c", "ada", question("q"), answer=answer("a"))
    seen: list[Commit] = []
    first = await store.update("c", answer("a", "first"), close_stream=True)
    again = await store.update("c", answer("a", "second"), close_stream=True, on_commit=seen.append)
    assert again == Commit(receipt=first.receipt, duplicate=True)
    assert seen == [again]
    stored = await store.message("c", "a")
    assert stored is not None
    assert stored["content"] == "first"
    record = await store.find("c")
    assert record is not None
    assert record.seq == 3


async def test_streams_are_abandoned_when_their_writer_is_gone(stores: Stores, store: HistoryStore) -> None:
    """A living writer's answers are its own; those of one that ended are anybody's to finish."""
    await store.append("c", "ada", question("q"), answer=answer("a"))
    await store.heartbeat()
    assert await store.abandoned_streams() == []
    [stream] = await store.open_streams()
    store = await stores.open()
    await stores.pass_time(11)
    await store.heartbeat()
    await store.append("c", "ada", question("q2"), answer=answer("a2"))
    assert await store.abandoned_streams() == [stream]
    await store.update("c", answer("a"), close_stream=True)
    assert await store.abandoned_streams() == []


async def test_use_fails_clearly_when_not_started(stores: Stores, store: HistoryStore) -> None:
    """A closed store says so instead of hanging."""
    await stores.aclose()
    with pytest.raises(RuntimeError, match="start"):
        await store.append("c", "ada", question("q"))
    with pytest.raises(RuntimeError, match="start"):
        await store.find("c")
