"""What every history store promises of conversations that are brought in, and of pinned messages."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conduit_widget.chat.history.imports import IMPORT_PATIENCE
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.contract import MAX_IMPORT_MESSAGES, MAX_PINNED
from conduit_widget.errors import NotInHistoryError, ValidationError
from conduit_widget.types import Author, ChatMessage
from tests.conformance.test_history_store import answer, question
from tests.support.chat.history_stores import Stores

BIG = 1 << 20
LONG_AGO = "2019-05-01T10:00:00.000Z"


def brought(id_: str, parent: str | None = None, role: Any = "user", **metadata: Any) -> ChatMessage:
    """A message that was written elsewhere."""
    author = Author(user_id="ada", user_name="Ada") if role == "user" else None
    metadata = {"timestamp": LONG_AGO, **metadata}
    return ChatMessage(
        id=id_, role=role, content=f"text {id_}", parent_id=parent, author=author, metadata=metadata
    )


async def begin(store: HistoryStore, id_: str = "i", owner: str = "ada") -> bool:
    """Begin an import."""
    return await store.begin_import(id_, owner_id=owner, assistant="always", title="Old talk")


async def test_an_import_is_seen_by_nobody_until_it_is_done_and_then_whole(
    stores: Stores, store: HistoryStore
) -> None:
    """Also when the process ends in between; repeating changes nothing; the tree and the times stay."""
    assert await begin(store)
    first = [brought("q"), brought("a", "q", "assistant"), brought("a2", "q", "assistant")]
    assert await store.append_imported("i", "ada", first) == 3
    store = await stores.open()
    assert await begin(store)
    assert not await begin(store, owner="eve")
    assert [each.record.id for each in await store.overviews("ada", limit=9)] == ["c"]
    assert await store.role("i", "ada") is None
    again = [*first[1:], brought("root"), brought("q2", "a2", replyTo="q"), brought("a3", "q2", "assistant")]
    assert await store.append_imported("i", "ada", again) == 6
    for _ in range(2):
        assert await store.finish_import("i", "ada")
    assert not await begin(store)
    assert not await store.finish_import("i", "eve")
    with pytest.raises(NotInHistoryError):
        await store.append_imported("i", "ada", [brought("late")])
    [mine] = [each for each in await store.overviews("ada", limit=9) if each.record.id == "i"]
    assert (mine.record.title, mine.record.visibility, mine.role, mine.record.seq) == (
        "Old talk",
        "members",
        "owner",
        6,
    )
    page = await store.history("i", before_seq=BIG, limit=99, max_bytes=BIG)
    assert [each["id"] for each in page.messages] == ["q", "a", "a2", "root", "q2", "a3"]
    assert {each["metadata"]["timestamp"] for each in page.messages} == {LONG_AGO}
    chain = await store.ancestors("i", "a3", limit=99, max_bytes=BIG)
    assert [each["id"] for each in chain.messages] == ["q", "a2", "q2"]
    assert await store.children("i", None) == ["q", "root"]
    assert await store.children("i", "q") == ["a", "a2"]
    events = await store.events_after("i", mine.record.epoch, 0, limit=99, max_bytes=BIG)
    assert events is not None
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    receipt = (await store.append("i", "ada", brought("q"))).receipt
    assert (receipt.seq, receipt.answer_id) == (1, "a")


async def test_a_batch_goes_in_whole_or_not_at_all(store: HistoryStore) -> None:
    """What names a message that does not stand before it refuses the batch, and so do too many."""
    await begin(store)
    for wrong in (brought("x", "nobody"), brought("x", replyTo="nobody"), brought("x", "x")):
        with pytest.raises(ValidationError):
            await store.append_imported("i", "ada", [brought("q"), wrong])
    assert await store.append_imported("i", "ada", []) == 0
    with pytest.raises(NotInHistoryError):
        await store.append_imported("c", "ada", [brought("q")])
    with pytest.raises(NotInHistoryError):
        await store.append_imported("nowhere", "ada", [brought("q")])
    many = [brought(f"m{n}") for n in range(MAX_IMPORT_MESSAGES + 1)]
    with pytest.raises(ValidationError, match="10000"):
        await store.append_imported("i", "ada", many)
    assert await store.append_imported("i", "ada", many[:3]) == 3


async def test_an_import_that_was_given_up_is_deleted_and_can_begin_again(
    stores: Stores, store: HistoryStore
) -> None:
    """With every message; one that goes on is not, and neither is any other conversation."""
    await begin(store)
    await store.append_imported("i", "ada", [brought("q")])
    await store.prune(keep_events=300, older_than=120)
    assert await begin(store)
    await stores.pass_time(IMPORT_PATIENCE + 60)
    await begin(store, "j")
    await store.append_imported("j", "ada", [brought("q")])
    await store.prune(keep_events=300, older_than=120)
    assert await store.find("i") is None
    assert await store.message("i", "q") is None
    assert await store.find("c") is not None
    assert await store.finish_import("j", "ada")
    assert await begin(store)
    assert await store.append_imported("i", "ada", [brought("q")]) == 1


async def test_pins_say_who_pinned_and_stay_until_they_are_taken_away(
    stores: Stores, store: HistoryStore
) -> None:
    """Once, in the order of the messages, through edits and the end of an answer, over a start."""
    await store.append("c", "ada", question("q", "one"))
    await store.append("c", "ada", question("r", "two"), answer=answer("a"))
    [event] = (await store.pin("c", "a", "bob")).events
    assert (event.target, event.arguments[0]["metadata"]["pinned"]["by"]) == ("MessageUpdated", "bob")
    assert (await store.pin("c", "a", "ada")).duplicate
    await store.pin("c", "q", "ada")
    await store.revise("c", "q", "one, better")
    await store.update("c", msgspec.structs.replace(answer("a"), content="all of it"), close_stream=True)
    store = await stores.open()
    pinned = await store.pinned("c")
    assert [(each["id"], each["content"], each["metadata"]["pinned"]["by"]) for each in pinned] == [
        ("q", "one, better", "ada"),
        ("a", "all of it", "bob"),
    ]
    assert not (await store.pin("c", "a", "cem", is_on=False)).duplicate
    assert (await store.pin("c", "a", "cem", is_on=False)).duplicate
    await store.delete("c", "q", "ada")
    assert await store.pinned("c") == []
    with pytest.raises(ValidationError, match="deleted"):
        await store.pin("c", "q", "ada")
    with pytest.raises(NotInHistoryError):
        await store.pin("c", "nobody", "ada")
    assert await store.pinned("nowhere") == []


async def test_so_many_can_be_pinned_and_no_more(store: HistoryStore) -> None:
    """A deleted one makes room, and so does the end of the conversation."""
    for n in range(MAX_PINNED + 1):
        await store.append("c", "ada", question(f"q{n}"))
    for n in range(MAX_PINNED):
        await store.pin("c", f"q{n}", "ada")
    with pytest.raises(ValidationError, match="50 messages are pinned"):
        await store.pin("c", f"q{MAX_PINNED}", "ada")
    assert (await store.pin("c", "q0", "bob")).duplicate
    await store.delete("c", "q7", "ada")
    await store.pin("c", f"q{MAX_PINNED}", "ada")
    await store.delete_conversation("c")
    await store.create("c", owner_id="ada", visibility="open", assistant="always")
    assert await store.pinned("c") == []
