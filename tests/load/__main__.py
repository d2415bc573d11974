"""Measurements and long runs, outside the ordinary tests: ``python -m tests.load NAME``."""

from __future__ import annotations

import sys

from conduit_widget.cli.arguments import Parser, UsageError
from conduit_widget.errors import ConduitError
from tests.load import (
    bus,
    calls,
    chats,
    client,
    codec,
    files,
    fuzz,
    hub,
    long_conversation,
    providers,
    search,
    soak,
    store,
    walk,
    widgets,
)
from tests.load.bench import command as bench
from tests.load.bench.scenarios import SCENARIOS
from tests.load.busy import command as busy
from tests.load.flood import command as flood
from tests.load.proof import command as proof
from tests.load.view import command as view

COMMANDS = {
    "bench": bench,
    "bus": bus,
    "busy": busy,
    "calls": calls,
    "chats": chats,
    "client": client,
    "codec": codec,
    "files": files,
    "flood": flood,
    "fuzz": fuzz,
    "hub": hub,
    "long_conversation": long_conversation,
    "proof": proof,
    "providers": providers,
    "search": search,
    "soak": soak,
    "store": store,
    "view": view,
    "walk": walk,
    "widgets": widgets,
}


def main() -> int:
    """Run one of them."""
    parser = Parser(prog="python -m tests.load", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for name, module in COMMANDS.items():
        summary = (module.__doc__ or "").splitlines()[0].partition(": ")[2]
        module.configure(commands.add_parser(name, help=summary, description=module.__doc__))
    for name, scenario in SCENARIOS.items():
        bench.configure_scenario(
            commands.add_parser(name, help=scenario.__doc__, description=scenario.__doc__), name
        )
    arguments = parser.parse_args()
    try:
        code: int = COMMANDS.get(arguments.name, bench).run(arguments)
    except ConduitError as error:
        print(f"python -m tests.load: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return code


if __name__ == "__main__":
    sys.exit(main())
