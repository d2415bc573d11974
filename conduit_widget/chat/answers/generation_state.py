"""The states of a generation as a table with one setter."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from conduit_widget.types import FinishReason


class GenerationState(Enum):
    """Where a generation stands. Its stream is *open* for readers from ``WRITING`` to ``STORING``."""

    WAITING = "waiting"
    """In line: nobody runs it yet."""
    STOPPED = "stopped"
    """Asked to end while it waited: it needs no turn for that."""
    WRITING = "writing"
    """The provider is asked, or will be at once."""
    ENDING = "ending"
    """Asked to end, with the text so far: the provider is told."""
    STORING = "storing"
    """The text is final and being committed."""
    SUPERSEDED = "superseded"
    """Another node has ended the answer: nothing more of it is sent or kept."""
    DONE = "done"
    """Committed, or given to the store for when it is back."""


_State = GenerationState
_TRANSITIONS: Final[Mapping[GenerationState, frozenset[GenerationState]]] = {
    _State.WAITING: frozenset({_State.STOPPED, _State.WRITING, _State.SUPERSEDED}),
    _State.STOPPED: frozenset({_State.ENDING, _State.SUPERSEDED}),
    _State.WRITING: frozenset({_State.ENDING, _State.STORING, _State.SUPERSEDED}),
    _State.ENDING: frozenset({_State.STORING, _State.SUPERSEDED}),
    _State.STORING: frozenset({_State.DONE, _State.SUPERSEDED}),
    _State.SUPERSEDED: frozenset(),
    _State.DONE: frozenset(),
}
_OPEN: Final = frozenset({_State.WRITING, _State.ENDING, _State.STORING})
_UNCLAIMED: Final = frozenset({_State.WAITING, _State.STOPPED})
_CLOSED: Final = frozenset({_State.SUPERSEDED, _State.DONE})


class GenerationStates:
    """The present state and the only way to change it. ``reason``: why it was asked to end, if it was."""

    def __init__(self) -> None:
        self.current = GenerationState.WAITING
        self.reason: FinishReason | None = None

    @property
    def is_open(self) -> bool:
        """Whether readers have the answer's stream, and may be sent more of it."""
        return self.current in _OPEN

    @property
    def is_unclaimed(self) -> bool:
        """Whether somebody may still claim the right to run it."""
        return self.current in _UNCLAIMED

    @property
    def is_closed(self) -> bool:
        """Whether it is over: no state follows."""
        return self.current in _CLOSED

    def enter(self, state: GenerationState, reason: FinishReason | None = None) -> None:
        """Go to ``state``; the first ``reason`` given holds.

        Raises:
            RuntimeError: the table does not allow it.

        """
        if state not in _TRANSITIONS[self.current]:
            raise RuntimeError(f"A generation that is {self.current.value} cannot become {state.value}.")
        self.current = state
        self.reason = self.reason or reason
