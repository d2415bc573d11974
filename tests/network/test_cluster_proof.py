"""Two nodes on PostgreSQL and Redis, engines and nodes failing: what ``proof --nodes 2`` does at length.

Three are for the soak and for ``proof --nodes 3``.

Nothing acknowledged is lost, nothing is doubled, reordered or garbled, and everybody agrees in the end.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.load.proof.nemeses import Plan, nemeses_for
from tests.load.proof.run import run

pytestmark = pytest.mark.timeout(600)


async def _promises_hold(plan: Plan, folder: Path) -> None:
    for longer in (1, 4):  # a busy machine sends fewer messages, and it is by chance which of them ask
        plan, place = dataclasses.replace(plan, seconds=longer * plan.seconds), folder / str(longer)
        place.mkdir()
        outcome = await run(plan, place)
        assert outcome.passed, (plan.replay, outcome.verdict.findings, outcome.complaints)
        assert outcome.verdict.acknowledged == outcome.verdict.messages >= 5
        if outcome.answers:
            return
    raise AssertionError(f"nobody asked anything: {plan.replay}")


async def test_promises_hold_on_two_nodes_when_engines_fail(tmp_path: Path) -> None:
    """A node is killed, Redis and PostgreSQL go away and come back, a node is cut off from one of them."""
    await _promises_hold(Plan(seed=9, name="engines", nodes=2, seconds=6.0), tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("name", nemeses_for(2))
async def test_promises_hold_on_two_nodes_when(name: str, tmp_path: Path) -> None:
    """The same with everything else that can happen, each for longer."""
    await _promises_hold(Plan(seed=1, name=name, nodes=2, seconds=12.0), tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["kill", "cut off", "silence", "everything"])
async def test_promises_hold_on_three_nodes_when(name: str, tmp_path: Path) -> None:
    """Where three are not two: all but one fail at once, or two survivors find the same node dead."""
    await _promises_hold(Plan(seed=1, name=name, nodes=3, seconds=12.0), tmp_path)
