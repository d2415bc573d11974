"""What ``chat.on_message`` returns."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Listening"]


class Listening:
    """A function that is called with every finished message, until this is called."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._has_ended = False

    def __call__(self) -> None:
        """End it; idempotent."""
        self._has_ended = True
        self._end()

    def __repr__(self) -> str:
        return "<on_message: ended>" if self._has_ended else "<on_message: listening; call this to end it>"
