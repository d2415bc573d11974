"""Measurements and long runs, outside the ordinary tests: ``python -m tests.load NAME``."""

from __future__ import annotations

import argparse
import sys

from tests.load import (
    bus,
    busy_kernel,
    chats,
    client,
    codec,
    flood,
    fuzz,
    hub,
    long_conversation,
    proof,
    providers,
    soak,
    store,
    walk,
)

COMMANDS = {
    "bus": bus,
    "busy": busy_kernel,
    "chats": chats,
    "client": client,
    "codec": codec,
    "flood": flood,
    "fuzz": fuzz,
    "hub": hub,
    "long_conversation": long_conversation,
    "proof": proof,
    "providers": providers,
    "soak": soak,
    "store": store,
    "walk": walk,
}


def main() -> int:
    """Run one of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for name, module in COMMANDS.items():
        summary = (module.__doc__ or "").splitlines()[0].partition(": ")[2]
        module.configure(commands.add_parser(name, help=summary, description=module.__doc__))
    arguments = parser.parse_args()
    code: int = COMMANDS[arguments.name].run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
