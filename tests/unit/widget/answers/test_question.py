"""What leaves the prompt is checked first."""

from __future__ import annotations

from typing import Any

import pytest

from conduit_widget.chat.methods.validation import check_message
from conduit_widget.contract import MAX_CONTENT_BYTES
from conduit_widget.errors import ConduitError, ConnectionLostError, HubException, ValidationError
from conduit_widget.types import Author
from conduit_widget.widget.answers.question import as_prompted, user_message


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


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("max_tokens", "10", "a whole number, not this text"),
        ("max_tokens", True, "a whole number"),
        ("max_tokens", 10**30, "a whole number"),
        ("temperature", float("nan"), "a number"),
        ("temperature", object(), "a number, not object"),
        ("stop", [[["x"]]], "a text or a list of texts"),
        ("stop", ["\ud800"], "a text or a list of texts"),
        ("model", 5, "a text, not 5"),
        ("respond", "yes", "True or False"),
        ("system_prompt", b"x", "a text, not bytes"),
    ],
)
def test_option_of_the_wrong_kind_is_refused_by_its_name(option: str, value: Any, words: str) -> None:
    """What cannot travel is refused before it could stop the sending of everything else."""
    with pytest.raises(ValidationError, match=f"{option}: must be {words}"):
        user_message("hi", **{option: value})


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ({"metadata": {"parameters": {"maxTokens": 0}}}, "max_tokens"),
        ({"metadata": {"parameters": {"topP": 2}}}, "top_p"),
        ({"metadata": {"parameters": {"systemPrompt": "x" * 5000}}}, "system_prompt"),
        ({"metadata": {"parameters": []}}, "options"),
        ({"metadata": {"model": "x" * 200}}, "model"),
        ({"content": "a\0b"}, "text"),
        ({"id": "x" * 200}, "id"),
    ],
)
def test_hubs_refusal_is_told_in_the_words_of_the_prompt(message: dict[str, Any], name: str) -> None:
    """A reader finds the name they wrote, and catches one class of error; rules are the hub's own."""
    with pytest.raises(ValidationError) as refused:
        check_message({"id": "m1", "content": "hi", **message}, Author(user_id="ann", user_name="Ann"))
    told = as_prompted(HubException(str(refused.value)))
    assert isinstance(told, ValidationError)
    assert str(told) == f"{name}: {refused.value.problem}"


@pytest.mark.parametrize(
    "error",
    [HubException("Unauthorized"), HubException("other: field"), ConnectionLostError("message: gone")],
)
def test_other_errors_of_the_hub_stay_as_they_are(error: ConduitError) -> None:
    """Only a refused field has a name to be put in other words."""
    assert as_prompted(error) is error


def test_text_is_sent_as_written_but_for_space_at_its_end() -> None:
    """The first line's indent matters to Python code; so do underscores and stars."""
    assert user_message("    a*b_c\n  d \n\n").content == "    a*b_c\n  d"


def test_half_of_a_surrogate_pair_is_refused() -> None:
    """No encoding takes it, so nothing with it is sent."""
    with pytest.raises(ValidationError, match="surrogate"):
        user_message("a\ud800")
