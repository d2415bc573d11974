"""``conduit-widget token USER``: a JWT for the hub of a data directory, and nothing else on stdout."""

from __future__ import annotations

import argparse
from pathlib import Path

from conduit_widget.app import signing_authority
from conduit_widget.cli.arguments import seconds, user_id
from conduit_widget.runtime_file import default_data_dir


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``token``."""
    parser.add_argument("user", metavar="USER", type=user_id, help="the user id the token speaks for")
    parser.add_argument("--name", default=None, help="the name people see (default: USER)")
    parser.add_argument(
        "--ttl", type=seconds(1), default=3600.0, metavar="SECONDS", help="lifetime (default: %(default)g)"
    )
    parser.add_argument("--data-dir", type=Path, default=None, help="the hub's data directory")
    parser.add_argument(
        "--key-file", type=Path, default=None, help="the hub's signing key, where it has one set"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the token."""
    data_dir = arguments.data_dir or default_data_dir()
    authority = signing_authority(data_dir, arguments.key_file)
    print(authority.issue(arguments.user, arguments.name or arguments.user, arguments.ttl))
    return 0
