"""What strangers can have logged at will is logged once a minute."""

from __future__ import annotations

import logging

from conduit_widget.log_rate import INTERVAL, LinesPerMinute, OnceAMinute


def test_warnings_of_a_kind_pass_once_a_minute() -> None:
    """Whatever their arguments; errors and other kinds always pass."""
    now = 0.0
    rate = OnceAMinute(lambda: now)

    def passes(level: int, message: str, *arguments: object) -> bool:
        return bool(rate.filter(logging.LogRecord("x", level, "x.py", 1, message, arguments, None)))

    assert passes(logging.WARNING, "Invalid request of %s", 1)
    assert not passes(logging.WARNING, "Invalid request of %s", 2)
    assert passes(logging.WARNING, "Something else")
    assert passes(logging.ERROR, "Invalid request of %s", 3)
    assert passes(logging.INFO, "Invalid request of %s", 4)
    now = INTERVAL
    assert passes(logging.WARNING, "Invalid request of %s", 5)
    for number in range(1000):
        assert passes(logging.WARNING, f"kind {number}")


def test_lines_of_a_kind_are_so_many_a_minute() -> None:
    """The last one is known to be the last; others have their own; what is remembered is bounded."""
    now = 0.0
    lines = LinesPerMinute(3, lambda: now)
    assert [lines.left("ada") for _ in range(5)] == [3, 2, 1, 0, 0]
    assert lines.left("bo") == 3
    now = INTERVAL
    assert lines.left("ada") == 3
    assert sum(lines.left(f"user {number}") > 0 for number in range(1000)) == 29
