"""A reply to a view that is no JSON."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Binary:
    """A result that travels beside the reply, as it is; ``size`` is how large the whole is, in bytes."""

    content: bytes
    size: int
