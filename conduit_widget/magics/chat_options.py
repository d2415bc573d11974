"""The options of ``%%chat`` and ``%chat``."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, Final, NoReturn

from IPython.core.error import UsageError

from conduit_widget.text.plain_text import shown

_ASKING: Final = ("model", "provider", "system_prompt", "temperature", "max_tokens", "seed")


class ChatOptions(argparse.Namespace):
    """What one line says; see :data:`HELP`."""

    words: list[str]
    to: str | None
    quiet: bool
    fix: bool
    help: bool

    @property
    def asking(self) -> dict[str, Any]:
        """The options of ``Chat.ask`` that were given."""
        return {name: value for name in _ASKING if (value := getattr(self, name)) is not None}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%chat: {shown(message)}. `%chat --help` lists what it takes.")


def _parser() -> _Parser:
    parser = _Parser(
        prog="%%chat",
        usage="%%%%chat [ROOM] [options], with the question below\n"
        "       %%chat [status | history [N] | switch [ROOM] | show]",
        description="Python expressions in braces are replaced by their value, except in code between "
        "backticks; write {{ and }} for braces. ROOM is the default from then on; before, it is the "
        "notebook's own conversation, as for Chat(), and again after %%chat switch.",
        add_help=False,
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=28, width=100),
    )
    parser.add_argument("words", nargs="*", metavar="ROOM", help="the conversation")
    parser.add_argument("-m", "--model", help="the model that answers")
    parser.add_argument("-p", "--provider", help="the provider that answers, and no other")
    parser.add_argument("-s", "--system", dest="system_prompt", help="the system prompt of this answer")
    parser.add_argument("-t", "--temperature", type=float, help="0 for the likeliest words")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="how long the answer may get")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="the same seed gives the same answer where a model can"
    )
    parser.add_argument("--to", metavar="VAR", type=_variable, help="keep the answer, a ChatMessage, there")
    parser.add_argument("-q", "--quiet", action="store_true", help="show nothing")
    parser.add_argument(
        "--fix", action="store_true", help="ask about the newest error; the cell may add a remark"
    )
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    return parser


def _variable(name: str) -> str:
    if not name.isidentifier():
        raise argparse.ArgumentTypeError("needs the name of a variable")
    return name


_PARSER: Final = _parser()
HELP: Final = _PARSER.format_help()


def parse(line: str) -> ChatOptions:
    """Read the line behind ``%chat`` or ``%%chat``.

    Raises:
        UsageError: it cannot be read; the text says why.

    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%chat: {error}. Quotes come in pairs.") from None
    return _PARSER.parse_args(words, ChatOptions())
