"""Presence and typing as state and deadlines, in invented time."""

from __future__ import annotations

from hypothesis import given, strategies as st

from conduit_widget.chat.people.appearance import MIN_CONTRAST, color_of, contrast_with_white, initials_of
from conduit_widget.chat.people.local_presence import Expired, LocalPresence
from conduit_widget.types import Author

ANN = Author(user_id="ann", user_name="Ann Lee")
BOB = Author(user_id="bob", user_name="Bob")


def presence() -> LocalPresence:
    """Grace 10, typing 6, as in the contract."""
    return LocalPresence(grace=10, typing_ttl=6)


def is_typing(people: LocalPresence, user_id: str) -> bool:
    """Whether a user who may be here types."""
    found = people.find(user_id)
    return found is not None and found.typing


def test_user_is_one_entry_however_many_connections() -> None:
    """In order of arrival."""
    people = presence()
    for connection_id, author in (("1", ANN), ("2", ANN), ("3", BOB)):
        people.join(connection_id, author)
    assert people.user_ids() == ["ann", "bob"]
    assert people.connections_of("ann") == {"1", "2"}


def test_user_leaves_after_grace_when_last_connection_goes() -> None:
    """The last connection's end starts the grace; coming back ends it; running out removes the user."""
    people = presence()
    people.join("1", ANN)
    people.join("2", ANN)
    people.leave("1", now=0)
    assert people.next_deadline() is None
    people.leave("2", now=5)
    assert people.next_deadline() == 15
    assert people.expire(14.9) == Expired([], [])
    people.join("3", ANN)
    assert people.next_deadline() is None
    people.leave("3", now=20)
    assert people.expire(30) == Expired(["ann"], [])
    assert len(people) == 0


def test_goodbye_needs_no_grace() -> None:
    """Who says goodbye with the last connection is gone at once; with another one open they stay."""
    people = presence()
    people.join("1", ANN)
    people.join("2", ANN)
    people.leave("1", now=1, goodbye=True)
    assert people.user_ids() == ["ann"]
    people.leave("2", now=1, goodbye=True)
    assert (people.user_ids(), people.next_deadline()) == ([], None)
    people.join("3", ANN)
    people.join("4", ANN)
    people.leave("3", now=2)
    people.leave("4", now=2, goodbye=True)
    assert people.user_ids() == []


def test_leave_is_harmless_when_unknown() -> None:
    """A connection that is not there can leave."""
    people = presence()
    people.leave("nobody", now=0)
    assert people.user_of("nobody") is None


def test_typing_ends_when_time_is_over() -> None:
    """Typing lasts six seconds from the last refresh, and ends once."""
    people = presence()
    people.join("1", ANN)
    people.start_typing("ann", 0)
    people.start_typing("ann", 4)
    assert is_typing(people, "ann")
    assert people.expire(9.9) == Expired([], [])
    assert people.expire(10) == Expired([], ["ann"])
    assert not is_typing(people, "ann")
    assert not people.stop_typing("ann")


def test_typing_ends_when_typist_goes() -> None:
    """Who has gone does not type, and cannot start to."""
    people = presence()
    people.join("1", ANN)
    people.start_typing("ann", 0)
    people.leave("1", now=1)
    assert not is_typing(people, "ann")
    people.start_typing("ann", 2)
    people.start_typing("stranger", 2)
    assert not is_typing(people, "ann")
    assert people.find("stranger") is None


def test_removed_user_is_gone_at_once() -> None:
    """Removal waits for no grace and names the connections to cut."""
    people = presence()
    people.join("1", ANN)
    people.join("2", ANN)
    assert people.remove("ann") == {"1", "2"}
    assert len(people) == 0
    assert people.user_of("1") is None
    assert people.remove("ann") == set()


def test_initials_are_short_when_names_are_odd() -> None:
    """One or two capitals, whatever the name."""
    assert initials_of("Ann Mary Lee", "x") == "AL"
    assert initials_of("ann", "x") == "A"
    assert initials_of("ødegård (guest)", "x") == "Ø"
    assert initials_of("  ", "zed") == "Z"
    assert initials_of("", "") == "?"


@given(st.text())
def test_color_is_readable_and_stable_when_id_is_anything(user_id: str) -> None:
    """White initials can be read on every colour; an id always has the same."""
    color = color_of(user_id)
    assert contrast_with_white(color) >= MIN_CONTRAST
    assert color == color_of.__wrapped__(user_id)
