"""The base of everything that travels between a hub and its clients."""

from __future__ import annotations

from typing import Any

import msgspec


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A struct that travels: camelCase keys, unset fields left out."""

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON-compatible mapping that goes on the wire."""
        wire: dict[str, Any] = msgspec.to_builtins(self)
        return wire
