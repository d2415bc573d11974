"""What every history store promises of conversations beside their log: lists, settings, marks, the end."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.contract import MAX_UNREAD
from conduit_widget.errors import NotInHistoryError
from conduit_widget.types import ChatMessage, ConversationPatch
from tests.conformance.test_history_store import answer, question
from tests.support.chat.history_stores import Stores

BIG = 1 << 20


async def test_read_marks_only_rise(stores: Stores, store: HistoryStore) -> None:
    """A mark is the highest told, never beyond the log, and still there after a start."""
    for n in range(1, 6):
        await store.append("c", "ada", question(f"q{n}"))
    results = await asyncio.gather(*(store.mark_read("c", "bob", seq) for seq in (2, 5, 1, 4, 3)))
    assert max(results) == 5
    assert await store.mark_read("c", "bob", 1) == 5
    assert await store.mark_read("c", "eve", 10**9) == 5
    assert await store.mark_read("c", "dan", 2) == 2
    store = await stores.open()
    assert await store.read_marks("c") == {"bob": 5, "eve": 5, "dan": 2}
    assert await store.read_marks("nowhere") == {}
    with pytest.raises(NotInHistoryError):
        await store.mark_read("nowhere", "bob", 1)


async def test_of_who_may_not_read_any_more_no_mark_is_told(store: HistoryStore) -> None:
    """Who comes back has read as far as before."""
    await store.create("d", owner_id="ada", visibility="members", assistant="off")
    await store.set_role("d", "bob", "member")
    await store.append("d", "ada", question("q"))
    for user in ("ada", "bob"):
        await store.mark_read("d", user, 1)
    assert await store.read_marks("d") == {"ada": 1, "bob": 1}
    await store.set_role("d", "bob", None)
    assert await store.read_marks("d") == {"ada": 1}
    await store.set_role("d", "bob", "reader")
    assert await store.read_marks("d") == {"ada": 1, "bob": 1}


async def test_list_has_the_open_conversations_one_was_in(stores: Stores, store: HistoryStore) -> None:
    """Who wrote there or read there finds it, as a member; a closed one is gone with the role."""
    for name in ("wrote", "read", "never"):
        await store.create(name, owner_id="ada", visibility="open", assistant="off")
        await store.append(name, "ada", question(f"q-{name}"))
    await store.append("wrote", "bob", question("mine"))
    await store.mark_read("read", "bob", 1)
    await store.create("closed", owner_id="ada", visibility="members", assistant="off")
    await store.set_role("closed", "bob", "member")
    await store.append("closed", "bob", question("there"))
    await store.set_role("closed", "bob", None)
    for _ in range(2):
        listed = await store.overviews("bob", limit=9)
        found = {each.record.id: (each.role, each.last_read_seq, each.unread) for each in listed}
        assert found == {"read": ("member", 1, 0), "wrote": ("member", 0, 1)}
        roles = [(record.id, role) for record, role in await store.conversations_of("bob", limit=9)]
        assert sorted(roles) == [("read", "member"), ("wrote", "member")]
        assert await store.read_marks("wrote") == {}
        store = await stores.open()
    await store.set_role("wrote", "bob", "reader")
    assert {record.id: role for record, role in await store.conversations_of("bob", limit=9)} == {
        "read": "member",
        "wrote": "reader",
    }


async def test_list_tells_unread_and_the_newest_message(store: HistoryStore) -> None:
    """Unread are others' messages after the mark, up to a limit; one's own never are."""
    await store.create("d", owner_id="ada", visibility="members", assistant="off", title="Plans")
    await store.set_role("d", "bob", "reader")
    for n in range(3):
        await store.append("c", "bob", question(f"q{n}", f"text {n}"))
    await store.append("c", "ada", question("mine"), answer=answer("a"))
    await store.mark_read("c", "ada", 2)
    [while_written] = await store.overviews("ada", limit=1)
    assert while_written.last is not None
    assert while_written.last["id"] == "mine", "an answer that is being written says nothing yet"
    await store.update("c", answer("a", "fine"), close_stream=True)
    first, second = await store.overviews("ada", limit=9)
    assert (first.record.id, first.role, first.last_read_seq, first.unread) == ("c", "owner", 2, 2)
    assert first.last is not None
    assert (first.last["id"], first.last["content"]) == ("a", "fine")
    assert (second.record.title, second.unread, second.last) == ("Plans", 0, None)
    bobs = [(found.record.id, found.role) for found in await store.overviews("bob", limit=9)]
    assert bobs == [("c", "member"), ("d", "reader")]
    for n in range(MAX_UNREAD + 5):
        await store.append("d", "bob", question(f"more{n}"))
    assert [found.unread for found in await store.overviews("ada", limit=1)] == [MAX_UNREAD]


async def test_settings_change_one_by_one_and_are_taken_away_by_an_empty_text(
    stores: Stores, store: HistoryStore
) -> None:
    """What a change leaves out stays; it is all there after a start."""
    changed = await store.configure("c", ConversationPatch(title="T", system_prompt="Be brief."))
    assert changed is not None
    assert (changed.title, changed.system_prompt, changed.assistant, changed.pinned) == (
        "T",
        "Be brief.",
        "always",
        False,
    )
    changed = await store.configure("c", ConversationPatch(title="", assistant="off", pinned=True))
    store = await stores.open()
    assert changed == await store.find("c")
    assert changed is not None
    assert (changed.title, changed.system_prompt, changed.assistant, changed.pinned) == (
        None,
        "Be brief.",
        "off",
        True,
    )
    unpinned = await store.configure("c", ConversationPatch(system_prompt="", pinned=False))
    assert unpinned is not None
    assert (unpinned.system_prompt, unpinned.pinned) == (None, False)
    assert await store.configure("nowhere", ConversationPatch(title="T")) is None


async def test_nothing_is_left_of_a_deleted_conversation(stores: Stores, store: HistoryStore) -> None:
    """Messages, log, members, marks and open answers are gone; the id may be used anew."""
    await store.create("d", owner_id="ada", visibility="open", assistant="off")
    await store.append("d", "ada", question("kept"))
    await store.append("c", "ada", question("q"), answer=answer("a", status="streaming"))
    await store.mark_read("c", "bob", 1)
    await store.set_role("c", "bob", "member")
    before = await store.find("c")
    assert before is not None
    assert await store.delete_conversation("c") is True
    assert await store.delete_conversation("c") is False
    assert await store.find("c") is None
    assert await store.overviews("bob", limit=9) == []
    assert await store.open_streams() == []
    with pytest.raises(NotInHistoryError):
        await store.append("c", "ada", question("late"))
    with pytest.raises(NotInHistoryError):
        await store.update("c", ChatMessage(id="a", role="assistant", content="late"), close_stream=True)
    again = await store.create("c", owner_id="eve", visibility="open", assistant="off")
    assert again.epoch != before.epoch
    assert await store.members("c") == [("eve", "owner")]
    assert await store.read_marks("c") == {}
    assert await store.message("c", "q") is None
    assert await store.events_after("c", again.epoch, 0, limit=10, max_bytes=BIG) == []
    store = await stores.open()
    page = await store.history("d", before_seq=100, limit=10, max_bytes=BIG)
    assert [message["id"] for message in page.messages] == ["kept"]
