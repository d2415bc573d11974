"""``python -m tests.load proof``: randomised runs with faults, judged by the history checker.

Each run is told by its seed and nemesis; the command that plays a failing one again is printed. The exit code
is 1 when a promise was broken: a message lost, doubled, reordered or garbled, somebody who did not converge.
With three hubs or four (``--nodes 3``) faults also hit all but one of them at once, and several survivors
find the same one dead.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Final

from tests.load.proof.nemeses import NEMESES, Plan, nemeses_for
from tests.load.proof.run import Outcome, run as run_plan

COLUMNS: Final = (
    ("seed", 6),
    ("nemesis", 10),
    ("nodes", 5),
    ("sent", 6),
    ("acked", 6),
    ("events", 6),
    ("answers", 7),
    ("cut off", 7),
    ("reconn.", 7),
    ("lost", 5),
    ("doubled", 7),
    ("reorder", 7),
    ("garbled", 7),
    ("not conv.", 9),
    ("text age", 8),
    ("time", 6),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``proof``."""
    parser.add_argument("--runs", type=int, default=len(nemeses_for(1)))
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each next one has one more")
    parser.add_argument("--nodes", type=int, choices=(1, 2, 3, 4), default=1, help="hubs")
    parser.add_argument("--seconds", type=float, default=12.0, help="how long people talk in a run")
    parser.add_argument("--nemesis", choices=NEMESES, default=None, help="one only (default: by turns)")
    parser.add_argument("--plan", action="store_true", help="print what each run does")


def run(arguments: argparse.Namespace) -> int:
    """Run, print, and return the exit code."""
    logging.getLogger("conduit_widget").setLevel(logging.ERROR)  # reconnecting is what runs are about
    names = [arguments.nemesis] if arguments.nemesis else nemeses_for(arguments.nodes)
    print("  ".join(name.rjust(width) for name, width in COLUMNS), flush=True)
    outcomes: list[Outcome] = []
    for number in range(arguments.runs):
        seed = arguments.seed + number
        plan = Plan(seed, names[seed % len(names)], arguments.nodes, arguments.seconds)
        if arguments.plan:
            print("\n".join(f"      {step}" for step in plan.steps()), flush=True)
        with tempfile.TemporaryDirectory(prefix="conduit-proof-") as folder:
            outcome = asyncio.run(run_plan(plan, Path(folder)))
        outcomes.append(outcome)
        _print(outcome)
    _print_sum(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _print(outcome: Outcome) -> None:
    plan, verdict = outcome.plan, outcome.verdict
    cells = (
        plan.seed,
        plan.name,
        plan.nodes,
        verdict.messages,
        verdict.acknowledged,
        outcome.events,
        outcome.answers,
        outcome.interrupted,
        outcome.reconnects,
        verdict.lost,
        verdict.doubled,
        verdict.reordered,
        verdict.garbled,
        verdict.not_converged,
        f"{verdict.oldest_lost_text:.2f}",
        f"{outcome.seconds:.1f}",
    )
    row = (str(cell).rjust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=True))
    print("  ".join(row), flush=True)
    for error in outcome.errors[:5]:
        print(f"      hub log: {error}", flush=True)
    if not outcome.passed:
        for finding in (*verdict.findings, *outcome.complaints):
            print(f"      {finding}", flush=True)
        print(f"      again: {plan.replay}", flush=True)


def _print_sum(outcomes: list[Outcome]) -> None:
    verdicts = [outcome.verdict for outcome in outcomes]
    failed = [outcome.plan.seed for outcome in outcomes if not outcome.passed]
    print(
        f"{len(outcomes)} runs, {sum(v.messages for v in verdicts)} messages,"
        f" {sum(v.acknowledged for v in verdicts)} acknowledged, lost {sum(v.lost for v in verdicts)},"
        f" doubled {sum(v.doubled for v in verdicts)}, reordered {sum(v.reordered for v in verdicts)},"
        f" garbled {sum(v.garbled for v in verdicts)},"
        f" not converged {sum(v.not_converged for v in verdicts)};"
        f" failed seeds: {', '.join(map(str, failed)) or 'none'}"
    )
