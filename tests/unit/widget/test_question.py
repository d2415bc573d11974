"""What leaves the prompt is checked first."""

from __future__ import annotations

import pytest

from conduit_widget.contract import MAX_CONTENT_BYTES
from conduit_widget.errors import ValidationError
from conduit_widget.widget.question import user_message


def test_options_travel_as_metadata_in_wire_spelling() -> None:
    """snake_case at the prompt, camelCase on the wire, nothing that was not given."""
    message = user_message("hi", model="m", respond=False, temperature=0.5, max_tokens=7, seed=None)
    assert message.metadata == {
        "model": "m",
        "respond": False,
        "parameters": {"temperature": 0.5, "maxTokens": 7},
    }
    assert user_message("hi").metadata == {}


def test_every_message_has_an_id_of_its_own() -> None:
    """The id is the idempotency key; a view may give its own."""
    assert user_message("a").id != user_message("a").id
    assert user_message("a", message_id="given").id == "given"


@pytest.mark.parametrize("text", ["", "  \n", 7, None, "x" * (MAX_CONTENT_BYTES + 1)])
def test_bad_text_is_refused_without_echoing_it(text: object) -> None:
    """The error names field and limit, never the content."""
    with pytest.raises(ValidationError) as caught:
        user_message(text)  # type: ignore[arg-type]  # a notebook user's mistake
    assert "xxx" not in str(caught.value)
    assert str(caught.value).startswith("text: ")


@pytest.mark.parametrize("message_id", ["", "x" * 200])
def test_bad_id_is_refused(message_id: str) -> None:
    """A view cannot make us keep endless ids."""
    with pytest.raises(ValidationError, match="id"):
        user_message("hi", message_id=message_id)


def test_misspelt_option_names_the_known_ones() -> None:
    """`temprature` is an error, not silence."""
    with pytest.raises(TypeError, match=r"'temprature'.*temperature"):
        user_message("hi", temprature=1)
