"""Where a signed-in user's identity in the chat comes from: the values of ``c.ConduitWidget.identity``."""

from __future__ import annotations

from typing import Final, Literal

Source = Literal["auto", "jupyter", "owner"]
SOURCES: Final[tuple[Source, ...]] = ("auto", "jupyter", "owner")
