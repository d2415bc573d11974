"""The identity that a token proves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conduit_widget.contract import ACCESS_CLAIM, SCOPE_CLAIM


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated identity. ``expires_at`` is in epoch seconds (``inf``: never).

    Identity comes from here only, never from a payload.
    """

    user_id: str
    user_name: str
    token_id: str = ""
    expires_at: float = math.inf
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def may_write(self) -> bool:
        """Whether the token may do more than read: one with an ``ACCESS_CLAIM`` of any value may not."""
        return ACCESS_CLAIM not in self.claims

    @property
    def scope(self) -> str:
        """What alone the identity is for: methods of hubs that name this scope. Empty: for everything."""
        return str(self.claims.get(SCOPE_CLAIM, ""))

    @property
    def roles(self) -> frozenset[str]:
        """The roles the token grants: its ``roles`` claim, or ``role`` (a text or a list of them)."""
        value = self.claims.get("roles", self.claims.get("role", ()))
        names = (value,) if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            return frozenset()
        return frozenset(name for name in names if isinstance(name, str))
