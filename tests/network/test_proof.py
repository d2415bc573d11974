"""One short run a nemesis, always of one seed; ``python -m tests.load proof`` plays longer ones of any seed.

Nothing acknowledged is lost, nothing is doubled, reordered or garbled, and everybody agrees in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.load.proof.nemeses import Plan, nemeses_for
from tests.load.proof.run import run

pytestmark = pytest.mark.timeout(600)

ELSEWHERE = ("all", "cut", "network")  # test_faults.py has the network's; "all" is for long runs
CHECKPOINT_AGE = 2.0
NOTICED_AFTER = 1.0  # what is in flight when the hub dies, on a busy machine


@pytest.mark.parametrize("name", [name for name in nemeses_for(1) if name not in ELSEWHERE])
async def test_promises_hold_when(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """People talk, ask, join late and watch while this happens to the hub or the network."""
    for seconds in (4.0, 16.0):  # a busy machine sends fewer messages, and it is by chance which of them ask
        plan = Plan(seed=1, name=name, nodes=1, seconds=seconds)
        if await _answers(plan, tmp_path_factory.mktemp(name)):
            return
    raise AssertionError("nobody asked anything")


async def _answers(plan: Plan, folder: Path) -> int:
    """Play a plan and judge it; return how many answers there were."""
    async with _stalls() as stalls:
        outcome = await run(plan, folder)
    assert outcome.passed, (plan.replay, outcome.verdict.findings, outcome.complaints)
    assert outcome.verdict.acknowledged == outcome.verdict.messages >= 5
    # What was told is kept and seen to be lost that much later by a machine that stood still meanwhile.
    assert outcome.verdict.oldest_lost_text <= CHECKPOINT_AGE + NOTICED_AFTER + 2 * max(stalls)
    return outcome.answers


@contextlib.asynccontextmanager
async def _stalls() -> AsyncIterator[list[float]]:
    """How long this process stood still each time it did, in seconds; 0 at least."""
    found = [0.0]

    async def watch() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            if (late := time.monotonic() - before - 0.05) > 0.2:
                found.append(late)

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def test_plan_is_the_same_when_played_again() -> None:
    """All that is random follows from the seed, so a failing run can be played again."""
    one, same, other = (Plan(seed=seed, name="all", nodes=2, seconds=30.0) for seed in (7, 7, 8))
    assert [str(step) for step in one.steps()] == [str(step) for step in same.steps()]
    assert [str(step) for step in one.steps()] != [str(step) for step in other.steps()]
    assert one.chance("x").random() == same.chance("x").random() != other.chance("x").random()
    assert "--seed 7 --nemesis all --nodes 2 --seconds 30" in one.replay
