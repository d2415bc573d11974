"""Outgoing values as plain data every codec can write."""

from __future__ import annotations

import datetime
from typing import Any, Final

import msgspec

from conduit_widget.errors import LocalProtocolError
from conduit_widget.types import Wire

MAX_OUTGOING_DEPTH: Final = 60
"""Levels of arrays and objects in one argument or result; with the hub message around it peers read 64."""

_PLAIN = frozenset({str, int, float, bool, type(None), bytes})
# What a codec writes in its own way: base64 or binary, ISO 8601 or the timestamp extension.
_LEFT_TO_CODEC = (bytes, bytearray, memoryview, datetime.datetime)

_object = msgspec.json.Decoder(dict[str, Any]).decode


class JsonObject(dict[str, Any]):
    """A JSON object read from ``json``, which goes out in JSON as it came in; nobody changes it.

    To another codec it is an ordinary mapping.
    """

    __slots__ = ("json",)

    def __init__(self, json: bytes) -> None:
        super().__init__(_object(json))
        self.json = json


def to_wire(value: Any) -> Any:
    """Return ``value`` as what every codec writes: structs as camelCase mappings, unknown keys kept.

    A ``Wire`` that has none to keep stays as it is: the codecs write it alike, and much faster.

    Raises:
        LocalProtocolError: the value has no wire form, or nests more than :data:`MAX_OUTGOING_DEPTH` levels.

    """
    kind = type(value)
    if kind in _PLAIN or (isinstance(value, Wire) and kind.to_wire is Wire.to_wire):
        return value
    try:
        return _plain(value, MAX_OUTGOING_DEPTH)
    except (TypeError, ValueError, RecursionError) as error:  # what msgspec finds in values of other classes
        raise LocalProtocolError(f"A value of the class {type(value).__name__} cannot be sent.") from error


def _plain(value: Any, levels: int) -> Any:
    kind = type(value)
    if isinstance(value, Wire):
        return value if kind.to_wire is Wire.to_wire else value.to_wire()
    # Most values are plain: asking here saves them the call.
    if kind is list or kind is tuple:
        _check(levels)
        return [item if type(item) in _PLAIN else _plain(item, levels - 1) for item in value]
    if kind is dict or kind is JsonObject:
        _check(levels)
        return {
            key: item if type(item) in _PLAIN else _plain(item, levels - 1) for key, item in value.items()
        }
    return value if kind in _PLAIN else msgspec.to_builtins(value, builtin_types=_LEFT_TO_CODEC)


def _check(levels: int) -> None:
    if levels <= 0:
        raise LocalProtocolError(f"A value to be sent nests more than {MAX_OUTGOING_DEPTH} levels deep.")
