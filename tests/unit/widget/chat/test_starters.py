"""The questions that an empty chat offers: checked in Python, synced to its views."""

from __future__ import annotations

from typing import Any

import pytest

from conduit_widget.errors import ValidationError
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.chat.starters import DEFAULT_STARTERS, MAX_STARTER_CHARS, check_starters
from tests.unit.widget.conftest import ScriptedHub


def test_without_any_there_are_the_default_ones_and_an_empty_list_is_none() -> None:
    """No argument is not the same as no questions."""
    assert check_starters(None) == list(DEFAULT_STARTERS)
    assert check_starters([]) == []


def test_they_are_trimmed_and_may_be_any_iterable_of_texts() -> None:
    """Space around a question is nobody's wish."""
    assert check_starters(("  Why? ", "How?")) == ["Why?", "How?"]
    assert check_starters(text for text in ["Why?"]) == ["Why?"]


@pytest.mark.parametrize(
    "wrong",
    ["Why?", 7, ["Why?", 7], [" "], ["x" * (MAX_STARTER_CHARS + 1)], ["\ud800"], ["Why?"] * 7],
)
def test_what_is_no_short_list_of_questions_is_refused_by_name(wrong: Any) -> None:
    """One line that names the argument."""
    with pytest.raises(ValidationError, match=r"^starters: "):
        check_starters(wrong)


def test_a_chat_takes_them_and_follows_when_they_are_set_anew(hub: ScriptedHub) -> None:
    """Set again, they are checked again, and what was there stays."""
    chat = Chat("team", starters=["Why?"])
    try:
        assert chat.get_state("starters") == {"starters": ["Why?"]}
        chat.starters = [" How? "]
        assert chat.starters == ["How?"]
        with pytest.raises(ValidationError):
            chat.starters = [" "]
        assert chat.starters == ["How?"]
    finally:
        chat.close()


def test_a_view_cannot_set_them(hub: ScriptedHub) -> None:
    """A page may not put words into another page's view."""
    chat = Chat("team", starters=["Why?"])
    try:
        chat.set_state({"starters": ["Buy now"]})
        assert chat.starters == ["Why?"]
    finally:
        chat.close()
