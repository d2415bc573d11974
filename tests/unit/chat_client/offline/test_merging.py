"""What people do to messages merges with what waits already."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from conduit_widget.chat_client.offline import merging, outcomes
from conduit_widget.chat_client.offline.entries import QueuedEntry
from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage


def message(
    id_: str, text: str = "text", *, parent: str | None = None, attempted: bool = False
) -> QueuedEntry:
    """A message that waits."""
    said = ChatMessage(id=id_, role="user", content=text, parent_id=parent)
    return QueuedEntry(id=id_, kind="message", message_id=id_, message=said, attempted=attempted)


def act(id_: str, kind: Any, about: str = "sent", **what: Any) -> QueuedEntry:
    """Something done to a message."""
    return QueuedEntry(id=id_, kind=kind, message_id=about, **what)


def ids(entries: list[QueuedEntry]) -> list[str]:
    """The queue by its ids."""
    return [each.id for each in entries]


def parents(entries: list[QueuedEntry]) -> list[str | None]:
    """What each message continues."""
    return [each.message.parent_id for each in entries if each.message is not None]


def test_messages_of_a_branch_continue_each_other() -> None:
    """All of them name the message that is shown last, the hub's; none would be beside another."""
    queue: list[QueuedEntry] = []
    for id_ in ("a", "b", "c"):
        queue = merging.added(queue, message(id_, parent="shown"))
    assert parents(queue) == ["shown", "a", "b"]


def test_edit_of_a_queued_message_changes_its_text() -> None:
    """Nothing more is sent than the message."""
    (entry,) = merging.added([message("m")], act("e", "edit", "m", content="better"))
    assert (entry.kind, entry.text, entry.reworded) == ("message", "better", False)


def test_edit_of_a_message_that_may_have_arrived_is_remembered() -> None:
    """It goes out under its id, and what the hub has is looked at afterwards."""
    (entry,) = merging.added([message("m", attempted=True)], act("e", "edit", "m", content="better"))
    assert (entry.text, entry.reworded) == ("better", True)


def test_delete_of_a_queued_message_removes_it_and_what_was_done_to_it() -> None:
    """The hub never hears of it."""
    queue = [message("m"), act("r", "react", "m", emoji="+"), message("n")]
    assert ids(merging.added(queue, act("d", "delete", "m"))) == ["n"]


def test_delete_of_a_message_that_may_have_arrived_is_asked_for() -> None:
    """In its place, and without anybody knowing whether there is anything to delete."""
    queue = [message("m", attempted=True), message("n")]
    gone, other = merging.added(queue, act("d", "delete", "m"))
    assert (gone.id, gone.kind, gone.unsure, gone.message) == ("m", "delete", True, None)
    assert other.id == "n"


def test_later_edit_replaces_the_earlier_one() -> None:
    """In the earlier one's place."""
    queue = [act("e", "edit", content="one"), message("m")]
    first, second = merging.added(queue, act("f", "edit", content="two"))
    assert (first.id, first.text, second.id) == ("e", "two", "m")


def test_delete_replaces_what_else_was_to_be_done() -> None:
    """Edits and reactions would be refused."""
    queue = [act("e", "edit", content="one"), act("r", "react", emoji="+"), act("x", "edit", "other")]
    assert ids(merging.added(queue, act("d", "delete"))) == ["x", "d"]


@pytest.mark.parametrize("kind", ["edit", "react"])
def test_nothing_is_done_to_what_is_being_deleted(kind: str) -> None:
    """It is said at once."""
    with pytest.raises(ConduitError, match="deletion waits"):
        merging.added([act("d", "delete")], act("x", kind))


def test_reaction_added_and_removed_cancels_out() -> None:
    """Other emoji, and other messages, are left alone."""
    queue = [
        act("a", "react", emoji="+"),
        act("b", "react", emoji="-"),
        act("c", "react", "other", emoji="+"),
    ]
    assert ids(merging.added(queue, act("d", "react", emoji="+", is_on=False))) == ["b", "c"]


def test_reaction_that_may_have_arrived_is_taken_back_at_the_hub() -> None:
    """It cannot be as if it had not been."""
    queue = [act("a", "react", emoji="+", attempted=True)]
    (entry,) = merging.added(queue, act("b", "react", emoji="+", is_on=False))
    assert (entry.id, entry.is_on, entry.revision) == ("a", False, 1)


def test_same_reaction_twice_is_one() -> None:
    """As it is at the hub."""
    queue = [act("a", "react", emoji="+")]
    assert ids(merging.added(queue, act("b", "react", emoji="+"))) == ["a"]


def test_newest_read_mark_wins() -> None:
    """An earlier one changes nothing."""
    (entry,) = merging.added([act("a", "read", seq=5)], act("b", "read", seq=9))
    (entry,) = merging.added([entry], act("c", "read", seq=7))
    assert (entry.id, entry.seq) == ("a", 9)


def test_same_message_again_is_one() -> None:
    """A refused one is tried again."""
    refused = outcomes.refused([message("m")], "m", "no")
    assert (refused[0].state, refused[0].reason) == ("refused", "no")
    (entry,) = merging.added(refused, message("m"))
    assert (entry.state, entry.reason) == ("waiting", "")


def test_move_changes_the_order_of_what_is_shown() -> None:
    """Read marks are no part of it."""
    queue = [message("a"), act("r", "read", seq=1), message("b"), message("c")]
    assert ids(merging.moved(queue, "c", 0)) == ["c", "r", "a", "b"]
    assert ids(merging.moved(queue, "a", 99)) == ["b", "r", "c", "a"]


def test_nothing_overtakes_what_may_have_arrived() -> None:
    """The order at the hub would be another."""
    queue = [message("a", attempted=True), message("b"), message("c")]
    with pytest.raises(ConduitError, match="may have"):
        merging.moved(queue, "c", 0)
    assert ids(merging.moved(queue, "c", 1)) == ["a", "c", "b"]


def test_what_is_done_to_a_message_stays_behind_it() -> None:
    """It cannot be done before the message is there."""
    queue = [message("a"), act("r", "react", "a", emoji="+")]
    with pytest.raises(ConduitError, match="waits after it"):
        merging.moved(queue, "r", 0)


def test_messages_continue_what_goes_before_them() -> None:
    """After a move, a deletion and a refusal: no message continues one that is not there."""
    queue = [message("a", parent="root"), message("b", parent="a"), message("c", parent="b")]
    assert parents(merging.moved(queue, "c", 0)) == ["root", "c", "a"]
    assert parents(merging.removed(queue, "b")) == ["root", "a"]
    refused = outcomes.refused(queue, "a", "no")
    assert [each.message.parent_id for each in refused if each.message and each.id != "a"] == ["root", "b"]


def test_messages_of_another_branch_are_left_alone() -> None:
    """Each continues its own."""
    queue = [message("a", parent="r"), message("x", parent="s"), message("b", parent="a"), message("n")]
    assert parents(merging.removed(queue, "a")) == ["s", "r", None]


def test_other_words_for_what_was_refused_send_it_again() -> None:
    """With its place kept."""
    refused = outcomes.refused([message("a"), message("b")], "a", "too long")
    first, _ = merging.reworded(refused, "a", "shorter")
    assert (first.text, first.state, first.reason) == ("shorter", "waiting", "")


def test_what_waits_no_more_cannot_be_changed() -> None:
    """The text says what became of it."""
    for change in (merging.again, merging.removed):
        with pytest.raises(ConduitError, match="does not wait any more"):
            change([message("a")], "other")
    with pytest.raises(ConduitError, match="have a text"):
        merging.reworded([act("d", "delete")], "d", "text")


def test_everything_refused_at_once_keeps_its_reasons() -> None:
    """Whoever is no member any more sees what was not sent; read marks are for nothing."""
    queue = [message("a"), replace(message("b"), state="refused", reason="old"), act("r", "read", seq=3)]
    refused = outcomes.refused(queue, None, "removed")
    assert [(each.id, each.reason) for each in refused] == [("a", "removed"), ("b", "old")]
