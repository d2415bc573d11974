"""Who a connection speaks for, as its token says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
