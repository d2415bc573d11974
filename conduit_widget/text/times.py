"""How a moment is written in texts: in messages, logs and files."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_time(moment: datetime | float) -> str:
    """Return a moment (an aware time, or epoch seconds) as ISO 8601 in UTC with milliseconds.

    ``iso_time(0)`` is ``"1970-01-01T00:00:00.000Z"``.
    """
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
