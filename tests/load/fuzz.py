"""``python -m tests.load fuzz``: broken input for both parsers and both ends of a session, as long as wanted.

A finding ends the run with the seed of its round; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import random

from tests.support.signalr.fuzzing import Finding, fuzz


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fuzz``."""
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one each time")


def run(arguments: argparse.Namespace) -> int:
    """Fuzz and print."""
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}, {arguments.seconds:g} s", flush=True)
    try:
        report = fuzz(seed, arguments.seconds)
    except Finding as finding:
        print(f"finding     {finding}")
        return 1
    print(f"rounds      {report.rounds} in {report.seconds:.0f} s: {report.kinds}")
    print(f"understood  {report.messages} messages; {report.refused} rounds refused as broken")
    print("findings    none")
    return 0
