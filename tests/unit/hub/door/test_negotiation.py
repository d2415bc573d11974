"""The version a negotiate is answered with."""

from __future__ import annotations

import pytest

from conduit_widget.hub.door.negotiation import negotiated_version


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("", 0),
        ("0", 0),
        ("1", 1),
        ("2", 1),
        ("10", 1),
        ("abc", 0),
        ("-1", 0),
        ("1.5", 0),
        ("\u0661", 0),
        ("9" * 5000, 0),
    ],
)
def test_version_is_the_highest_that_both_speak(asked: str, answered: int) -> None:
    """Numbers are compared as numbers; what is none is version 0, as for a client that names none."""
    assert negotiated_version(asked) == answered
