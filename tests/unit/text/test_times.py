"""Moments as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from conduit_widget.text.times import iso_time


@pytest.mark.parametrize(
    "moment",
    [
        1_700_000_000.25,
        datetime.fromtimestamp(1_700_000_000.25, UTC),
        datetime.fromtimestamp(1_700_000_000.25, timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_a_moment_is_the_same_text_however_it_is_given(moment: datetime | float) -> None:
    """In UTC with milliseconds, also on a machine or a database in another zone."""
    assert iso_time(moment) == "2023-11-14T22:13:20.250Z"
