"""The ``conduit-widget`` command: one module a subcommand, imported only when it is called for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Final

from conduit_widget.errors import ConduitError

COMMANDS: Final = {
    "demo": "open JupyterLab on a notebook with a live chat",
    "serve": "run the hub alone, in the foreground",
    "token": "print a JWT for a user of a hub",
    "key": "make, show or take back opaque keys, or rotate the signing secret",
    "revoke": "take back a token, or all tokens of a user",
    "bench": "load a hub, its own or a running one, and show what it costs and how fast it is",
    "model": "install the local language model, or show where it is",
    "top": "show a running hub's connections, throughput and latency, live",
    "check": "show what is installed and which hub and provider would be used",
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every subcommand."""
    parser = argparse.ArgumentParser(
        prog="conduit-widget", description="Live, multi-user LLM chat in a Jupyter notebook cell."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        module = importlib.import_module(f"conduit_widget.cli.{name}")
        module.configure(commands.add_parser(name, help=summary, description=summary.capitalize() + "."))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an error is one line on stderr and exit code 1."""
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except ConduitError as error:
        print(f"conduit-widget: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code
