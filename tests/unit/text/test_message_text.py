"""A text that cannot be a message is refused with limit and remedy, at the prompt and at the hub alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conduit_widget.chat.methods.validation import check_message
from conduit_widget.contract import MAX_CONTENT_BYTES
from conduit_widget.errors import ValidationError
from conduit_widget.types import Author
from conduit_widget.widget.answers.question import user_message

ADA = Author(user_id="ada", user_name="Ada")
REFUSED = {
    "empty": (" \n", "is empty; write something"),
    "large": ("é" * MAX_CONTENT_BYTES, f"has {2 * MAX_CONTENT_BYTES} bytes of text; the limit is"),
    "NUL": ("a\0b", "must not contain NUL"),
    "half a character": ("a\ud800", "must not contain half a character"),
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.values(), ids=REFUSED)
def test_prompt_and_hub_refuse_a_text_in_the_same_words(text: str, problem: str) -> None:
    """Only the field goes by another name."""

    def refused(send: Callable[[str], object]) -> ValidationError:
        with pytest.raises(ValidationError) as caught:
            send(text)
        return caught.value

    at_prompt = refused(user_message)
    at_hub = refused(lambda content: check_message({"id": "m", "content": content}, ADA))
    assert at_prompt.problem == at_hub.problem
    assert at_prompt.problem.startswith(problem)
    assert (at_prompt.field, at_hub.field) == ("text", "message")
