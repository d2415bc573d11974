"""``python -m tests.load codec``: CPU time to encode and decode one StreamToken, both encodings.

Medians of several repeats of process CPU time. ``decode`` is one record in a feed, ``decode x64`` the cost of
each of 64 records in one feed. Goals: encode at most 0.6 µs, decode at most 0.8 µs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Final

from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from tests.load.tokens import RECORDS

ROUNDS: Final = 50_000
TOGETHER: Final = 64
LIMIT_BYTES: Final = 1 << 20
ENCODE_GOAL: Final = 0.6
DECODE_GOAL: Final = 0.8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``codec``."""
    parser.add_argument("--repeats", type=int, default=9)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    print(f"CPU µs per StreamToken, median of {arguments.repeats}")
    print(
        f"{'encoding':12} {'record':7} {'bytes':>5} {'encode':>7} {'decode':>7} {f'decode x{TOGETHER}':>10}"
    )
    protocols: tuple[HubProtocol, ...] = (JsonHubProtocol(), MessagePackHubProtocol())
    for protocol in protocols:
        for name, message in RECORDS.items():
            record = protocol.encode(message)
            feed = protocol.decoder(LIMIT_BYTES).feed
            many = record * TOGETHER
            encode = _cost(lambda p=protocol, m=message: p.encode(m), ROUNDS, arguments.repeats)  # type: ignore[misc] # mypy cannot infer lambdas with defaults
            decode = _cost(lambda f=feed, r=record: f(r), ROUNDS, arguments.repeats)  # type: ignore[misc] # the same
            together = _cost(lambda f=feed, m=many: f(m), ROUNDS // TOGETHER, arguments.repeats) / TOGETHER  # type: ignore[misc] # the same
            print(
                f"{protocol.name:12} {name:7} {len(record):5} {encode:7.2f} {decode:7.2f} {together:10.2f}",
                flush=True,
            )
    print(f"goals: encode {ENCODE_GOAL}, decode {DECODE_GOAL}")
    return 0


def _cost(work: Callable[[], object], rounds: int, repeats: int) -> float:
    """Return the median CPU time of one call in µs, the loop's own cost included."""
    costs = []
    for _ in range(repeats):
        began = time.process_time()
        for _ in range(rounds):
            work()
        costs.append((time.process_time() - began) / rounds * 1e6)
    return statistics.median(costs)
