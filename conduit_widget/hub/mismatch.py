"""Describes a mismatch between data and its type without quoting the data."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_ECHO: Final = re.compile(r"^Invalid (?:enum )?value\b.*?(?= - at `\$[\w.\[\]]*`\Z|\Z)", re.DOTALL)
# The key a client made up may look like a path: the whole rest goes.
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `.*\Z", re.DOTALL)


def describe_mismatch(error: msgspec.ValidationError) -> str:
    """Return msgspec's text without the values it may quote (enum values, tags, unknown keys)."""
    return _UNKNOWN_FIELD.sub("unknown field", _ECHO.sub("Unexpected value", str(error)))
