"""``python -m tests.load bench``: load a hub, its own or a running one; what it costs and how fast it is.

Each scenario is a command, too: ``python -m tests.load send --seconds 10``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from conduit_widget.cli.arguments import UsageError, count, seconds
from conduit_widget.hub.open_files import raise_open_file_limit
from tests.load.bench.report import print_table
from tests.load.bench.scenarios import SCENARIOS, Figure, Options
from tests.load.bench.target import Target, minting, own_hub, target_at


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench``."""
    names = ", ".join(SCENARIOS)
    parser.add_argument(
        "scenario", nargs="*", metavar="SCENARIO", help=f"which to run, of {names} (default: all)"
    )
    configure_scenario(parser)


def configure_scenario(parser: argparse.ArgumentParser, *scenarios: str) -> None:
    """Add the options of a command that runs these scenarios."""
    parser.set_defaults(scenario=list(scenarios))
    parser.add_argument(
        "--url",
        default=None,
        help="load this running hub; its limits hold (default: start one, limits lifted)",
    )
    parser.add_argument("--token", default=None, help="with --url: the access token of every client")
    parser.add_argument(
        "--key-file", type=Path, default=None, help="with --url: the hub's signing key, for many users"
    )
    parser.add_argument(
        "--pid",
        type=count(most=2**31),
        default=None,
        help="with --url: the hub's process here, for CPU and memory",
    )
    parser.add_argument("--members", type=count(), default=1000, help="of fan-out (default: %(default)s)")
    parser.add_argument("--senders", type=count(), default=64, help="of send (default: %(default)s)")
    parser.add_argument(
        "--idle", type=count(), default=8000, help="connections of idle (default: %(default)s)"
    )
    parser.add_argument("--storm", type=count(), default=1000, help="clients of storm (default: %(default)s)")
    parser.add_argument(
        "--missed", type=count(0), default=50, help="messages of storm (default: %(default)s)"
    )
    parser.add_argument("--readers", type=count(), default=200, help="of slow-reader (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=seconds(0.1, 3600), default=5.0, help="a measurement (default: %(default)s)"
    )
    parser.add_argument(
        "--text-bytes", type=count(most=32 * 1024), default=120, help="of a message (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a goal was missed."""
    wanted = arguments.scenario or list(SCENARIOS)
    unknown = [name for name in wanted if name not in SCENARIOS]
    if unknown:
        raise UsageError(f"{unknown[0]}: there is no such scenario; choose from {', '.join(SCENARIOS)}.")
    # The hub that is started inherits it.
    raise_open_file_limit(max(arguments.idle, arguments.members, 2 * arguments.storm))
    sizes = {field.name for field in dataclasses.fields(Options)}
    options = Options(**{name: value for name, value in vars(arguments).items() if name in sizes})
    figures: list[Figure] = []
    for name in wanted:
        figures += _measure(name, arguments, options)
    if arguments.json:
        print(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=1))
    else:
        print_table(figures)
    return int(any(figure.reached is False for figure in figures))


def _measure(name: str, arguments: argparse.Namespace, options: Options) -> list[Figure]:
    if arguments.url is not None:
        return SCENARIOS[name](_given(arguments), options)
    with own_hub() as target:  # a fresh one: no scenario inherits another's history or memory
        return SCENARIOS[name](target, options)


def _given(arguments: argparse.Namespace) -> Target:
    if arguments.key_file is not None:
        token_of = minting(arguments.key_file)
    elif arguments.token is not None:
        token: str = arguments.token
        token_of = lambda _number: token  # noqa: E731
    else:
        raise UsageError("--url needs --key-file (many users) or --token (one user, few connections).")
    return target_at(arguments.url, token_of, arguments.pid)
