"""The questions that an empty chat offers to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conduit_widget.errors import ValidationError
from conduit_widget.text.plain_text import is_writable

MAX_STARTERS: Final = 6
MAX_STARTER_CHARS: Final = 300
DEFAULT_STARTERS: Final = (
    "What can you help me with?",
    "Explain list comprehensions in Python, with two examples.",
    "Write a function that finds duplicates in a list, and a test for it.",
)


def check_starters(starters: object) -> list[str]:
    """Return the questions as a list, without the space around each; None stands for the default ones.

    Raises:
        ValidationError: they are no list of at most :data:`MAX_STARTERS` texts of 1 to
            :data:`MAX_STARTER_CHARS` characters.

    """
    if starters is None:
        return list(DEFAULT_STARTERS)
    if isinstance(starters, str) or not isinstance(starters, Iterable):
        raise ValidationError("starters", f"must be a list of texts, not {type(starters).__name__}.")
    questions: list[str] = []
    for starter in starters:
        if len(questions) == MAX_STARTERS:
            raise ValidationError("starters", f"has more than {MAX_STARTERS} questions.")
        if not isinstance(starter, str) or not is_writable(starter):
            raise ValidationError("starters", "must be a list of texts.")
        question = starter.strip()
        if not 0 < len(question) <= MAX_STARTER_CHARS:
            raise ValidationError("starters", f"needs questions of 1 to {MAX_STARTER_CHARS} characters.")
        questions.append(question)
    return questions
