"""``conduit-widget top``: a running hub's figures in the terminal, refreshed from its ``/figures``."""

from __future__ import annotations

import argparse
from pathlib import Path

from conduit_widget.cli.arguments import seconds
from conduit_widget.cli.top.view import run


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``top``."""
    parser.add_argument("url", nargs="?", metavar="URL", help="the hub's address (default: the local hub)")
    parser.add_argument("--data-dir", type=Path, default=None, help="the local hub's data directory")
    parser.add_argument("--token", default=None, help="an operator's token or key (or CONDUIT_HUB_TOKEN)")
    parser.add_argument("--once", action="store_true", help="print one table over one interval, and end")
    parser.add_argument(
        "--interval",
        type=seconds(0.1, 3600),
        default=2.0,
        metavar="SECONDS",
        help="between readings (default: %(default)g)",
    )
    parser.set_defaults(run=run)
