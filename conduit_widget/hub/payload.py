"""Outgoing values as plain data every codec can write."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from conduit_widget.types import Wire

_PLAIN = frozenset({str, int, float, bool, type(None), bytes})
# What a codec writes in its own way: base64 or binary, ISO 8601 or the timestamp extension.
_LEFT_TO_CODEC = (bytes, bytearray, memoryview, datetime.datetime)


def to_wire(value: Any) -> Any:
    """Return ``value`` as what every codec writes: structs as camelCase mappings, unknown keys kept.

    A ``Wire`` that has none to keep stays as it is: the codecs write it alike, and much faster.

    Raises:
        TypeError: the value has no wire form.

    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Wire):
        return value if kind.to_wire is Wire.to_wire else value.to_wire()
    # Most values are plain: asking here saves them the call.
    if kind is list or kind is tuple:
        return [item if type(item) in _PLAIN else to_wire(item) for item in value]
    if kind is dict:
        return {key: item if type(item) in _PLAIN else to_wire(item) for key, item in value.items()}
    return msgspec.to_builtins(value, builtin_types=_LEFT_TO_CODEC)
