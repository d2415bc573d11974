"""The ``conduit-widget`` command: one module a subcommand, imported only when it is called for."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

from conduit_widget import __version__
from conduit_widget.cli.arguments import Parser, UsageError
from conduit_widget.errors import ConduitError, SettingsError
from conduit_widget.text.plain_text import shown

COMMANDS: Final = {
    "demo": "open JupyterLab on a notebook with a live chat",
    "serve": "run the hub alone, in the foreground",
    "token": "print a JWT for a user of a hub",
    "key": "make, show or take back opaque keys, or rotate the signing secret",
    "revoke": "take back a token, or all tokens of a user",
    "model": "install, list, choose and remove the language models of this computer",
    "providers": "show the providers and their state, test one, or explain which would answer",
    "top": "show a running hub's connections, throughput and latency, live",
    "ci": "check notebooks against their saved outputs, with a hub of their own",
    "check": "show what is installed and which hub and provider would be used",
}


def build_parser() -> Parser:
    """Return the parser of every subcommand."""
    parser = Parser(
        prog="conduit-widget", description="Live, multi-user LLM chat in a Jupyter notebook cell."
    )
    parser.add_argument("--version", action="version", version=f"conduit-widget {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_CommandParser)
    for name, summary in COMMANDS.items():
        # Not capitalize(): it would write "a jwt" and "jupyterlab".
        description = f"{summary[0].upper()}{summary[1:]}."
        commands.add_parser(name, help=summary, description=description, module=name)
    return parser


class _CommandParser(Parser):
    """One command's parser: the command's module is imported when its options are to be read."""

    def __init__(self, *, module: str, **options: Any) -> None:
        super().__init__(**options)
        self._module = module

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Add the command's options, then read them."""
        command = importlib.import_module(f"conduit_widget.cli.{self._module}")
        command.configure(self)
        return super().parse_known_args(args, namespace)

    def add_subparsers(self, **options: Any) -> Any:
        """Return what takes the command's own actions."""
        return super().add_subparsers(parser_class=Parser, **options)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error is one line on stderr.

    The code is 1 where something failed, 2 where an option, a variable or a file cannot be used.
    """
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.run is None:
        parser.print_help()
        return 0
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except (UsageError, SettingsError) as error:
        return _fail(str(error), 2)
    except ConduitError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or type(error).__name__}", 1)
    return code


def _fail(text: str, code: int) -> int:
    print(f"conduit-widget: {shown(text)}", file=sys.stderr)
    return code
