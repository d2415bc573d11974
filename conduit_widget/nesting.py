"""How deeply data from outside may nest, and checks of it that do not recurse themselves.

Decoders in C accept nesting at which Python code, or another peer's decoder, gives up (.NET reads 64 levels).
Everything that comes from outside is therefore held to ``MAX_DEPTH`` where it comes in.
"""

from __future__ import annotations

import re
from typing import Any, Final

MAX_DEPTH: Final = 32
"""Levels of arrays and objects: ``1`` has none, ``[1]`` has one, ``{"a": [1]}`` has two."""

_CONTAINERS: Final = (dict, list, tuple)
# Possessive, so that no text makes it look at a character twice.
_STRING_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def is_too_deep(value: object, limit: int = MAX_DEPTH) -> bool:
    """Return whether ``value`` nests dicts, lists and tuples more than ``limit`` levels deep.

    >>> is_too_deep({"a": [1]}, limit=2), is_too_deep({"a": [[]]}, limit=2)
    (False, True)
    """
    if not isinstance(value, _CONTAINERS):
        return False
    level: list[Any] = [value]
    for _ in range(limit):
        if not level:
            return False
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, _CONTAINERS)
        ]
    return bool(level)


def is_json_too_deep(data: bytes, limit: int = MAX_DEPTH) -> bool:
    """Return whether the JSON text ``data`` nests more than ``limit`` levels deep; nothing is decoded.

    Most texts have fewer brackets than that, which costs two counts. Text that is no JSON has no error here:
    the decoder says that better.
    """
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(data):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
            if depth > limit:
                return True
        elif token in (b"]", b"}"):
            depth -= 1
    return False
