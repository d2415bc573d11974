"""JSON as some servers write it: numbers that are none or have no end, halves of characters, a BOM."""

from __future__ import annotations

import json
from typing import Any, Final

from conduit_widget.nesting import is_json_too_deep

_MAX_DIGITS: Final = 20


def decode(data: bytes) -> Any:
    """Return the value of a JSON text; integers without an end are None, lone surrogates stay in the text.

    Raises:
        ValueError: it is no JSON text, or nests too deeply.

    """
    if is_json_too_deep(data):
        raise ValueError("too deep")
    return json.loads(data.decode("utf-8-sig", "replace"), parse_int=_integer)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MAX_DIGITS else None
