"""The command line's parser, and what its options take: every refusal is one line that names the option."""

from __future__ import annotations

import argparse
import ipaddress
import math
from collections.abc import Callable
from typing import Final, NoReturn

from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import ConduitError
from conduit_widget.text.plain_text import is_user_id, shown

MAX_PORT: Final = 65535
TEN_YEARS: Final = 10 * 366 * 86400.0


class UsageError(ConduitError):
    """What was asked for cannot be done; the text names the option and the remedy. Exit code 2."""


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line; ``--help`` shows the rest."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with exit code 2."""
        self.exit(2, f"{self.prog}: {shown(message)}; see `{self.prog} --help`\n")


def say(text: str, *, flush: bool = False) -> None:
    """Print a line; what others wrote in it (names, titles, errors) cannot steer the terminal."""
    print(shown(text), flush=flush)


def port(text: str) -> int:
    """Return a port; 0 is any free one."""
    digits = text.lstrip("0") or text[:1]
    if not (
        text.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_PORT)) and int(digits) <= MAX_PORT
    ):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {MAX_PORT}")
    return int(digits)


def count(least: int = 1, most: int = 1_000_000) -> Callable[[str], int]:
    """Return what reads a whole number."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return value

    return read


def seconds(least: float = 0.0, most: float = TEN_YEARS, unit: str = "seconds") -> Callable[[str], float]:
    """Return what reads a time, from ``least`` to ``most`` seconds (or another ``unit``)."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a number of {unit} from {least:g} to {most:.0f}")
        return value

    return read


def user_id(text: str) -> str:
    """Return a user id, or the name of a role."""
    if not is_user_id(text):
        raise argparse.ArgumentTypeError(
            f"must have 1 to {MAX_ID_CHARS} characters, none invisible, and not only blanks"
        )
    return text


def network(text: str) -> str:
    """Return an address or a network of addresses."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither an address nor a network such as 10.0.0.0/8"
        ) from None
    return text
