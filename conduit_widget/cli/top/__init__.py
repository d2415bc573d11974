"""``conduit-widget top``: a running hub's figures in the terminal, refreshed from its ``/figures``."""

from __future__ import annotations

import argparse
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``top``."""
    parser.add_argument("url", nargs="?", metavar="URL", help="the hub's address (default: the local hub)")
    parser.add_argument("--data-dir", type=Path, default=None, help="the local hub's data directory")
    parser.add_argument("--token", default=None, help="an operator's token or key (or CONDUIT_HUB_TOKEN)")
    parser.add_argument("--once", action="store_true", help="print one table over one interval, and end")
    parser.add_argument(
        "--interval", type=_seconds, default=2.0, metavar="SECONDS", help="between readings (default: 2)"
    )
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.1 to 3600")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Show the figures until q or Ctrl-C; once where asked, or where stdout is no terminal."""
    from conduit_widget.cli.top import view  # noqa: PLC0415 - the parser stays light

    return view.run(arguments)
