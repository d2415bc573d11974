"""The table of a generation's states."""

from __future__ import annotations

import itertools

import pytest

from conduit_widget.chat.answers.generation_state import GenerationState, GenerationStates


def at(*path: GenerationState) -> GenerationStates:
    """States that went this way."""
    states = GenerationStates()
    for state in path:
        states.enter(state)
    return states


def reachable() -> list[tuple[GenerationState, ...]]:
    """Every way through the table."""
    ways: list[tuple[GenerationState, ...]] = [()]
    for way in ways:
        for state in GenerationState:
            try:
                at(*way, state)
            except RuntimeError:
                continue
            ways.append((*way, state))
    return ways


def test_every_way_ends_closed_and_is_claimed_once() -> None:
    """No way has a circle; each goes on until it is closed, and never back to where it can be claimed."""
    ways = reachable()
    assert {state for way in ways for state in way} == set(GenerationState) - {GenerationState.WAITING}
    for way in ways:
        goes_on = any(other[: len(way)] == way and other != way for other in ways)
        assert at(*way).is_closed is not goes_on
        claimed = [at(*way[:length]).is_unclaimed for length in range(len(way) + 1)]
        assert claimed == sorted(claimed, reverse=True)


def test_what_the_table_does_not_have_is_refused() -> None:
    """An answer that is over stays over."""
    for end, next_ in itertools.product((GenerationState.SUPERSEDED, GenerationState.DONE), GenerationState):
        way = () if end is GenerationState.SUPERSEDED else (GenerationState.WRITING, GenerationState.STORING)
        states = at(*way, end)
        with pytest.raises(RuntimeError, match="cannot become"):
            states.enter(next_)
        assert states.current is end


def test_first_reason_holds() -> None:
    """Why an answer was asked to end is not overwritten."""
    states = GenerationStates()
    states.enter(GenerationState.STOPPED, "cancelled")
    states.enter(GenerationState.SUPERSEDED, "interrupted")
    assert states.reason == "cancelled"
