"""Keys as people paste them."""

from __future__ import annotations

import pytest

from conduit_widget.providers.keys import Secret, pasted_key


@pytest.mark.parametrize(
    "value",
    [
        "sk-1",
        " sk-1\n",
        "“sk-1”",
        "'sk-1'",
        "„sk-1“",
        "«sk-1»\u00a0",
        "\ufeffsk-1\u200b",
        "Bearer sk-1",
        ' "Bearer “sk-1”" ',
    ],
)
def test_what_surely_is_not_of_the_key_is_stripped(value: str) -> None:
    """Spaces, line ends, quotes of every kind and the scheme's name are left out."""
    assert pasted_key(value) == Secret("sk-1")


@pytest.mark.parametrize("value", [None, "", " \n", "“”", "''"])
def test_nothing_is_no_key(value: str | None) -> None:
    """An empty variable is as one that is not set."""
    assert pasted_key(value) is None


@pytest.mark.parametrize("value", ["sk\u20131", "sk-\n1", "sk- 1", "sk-\u20191", "schlüssel", "\x7f"])
def test_key_that_no_header_carries_is_told_apart(value: str) -> None:
    """What cannot be mended for sure is not sent."""
    key = pasted_key(value)
    assert key is not None
    assert not key.is_sendable


def test_key_shows_nowhere() -> None:
    """Neither repr nor str tells it."""
    assert "sk-1" not in f"{Secret('sk-1')!r} {Secret('sk-1')}"
