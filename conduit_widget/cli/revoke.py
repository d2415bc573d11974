"""``conduit-widget revoke``: take tokens back; the running hub ends their connections within seconds."""

from __future__ import annotations

import argparse
from pathlib import Path

from conduit_widget.cli.arguments import say, user_id
from conduit_widget.errors import ConduitError
from conduit_widget.hub.auth.revocation_file import REVOCATIONS_FILE, RevocationFile, revocation_of
from conduit_widget.runtime_file import default_data_dir


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``revoke``."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--user", metavar="USER", type=user_id, help="every token of this user issued up to now"
    )
    what.add_argument("--token-id", metavar="JTI", help="the one token with this id (its claim jti)")
    parser.add_argument("--data-dir", type=Path, default=None, help="the hub's data directory")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the revocation where the hub looks each second."""
    data_dir = arguments.data_dir or default_data_dir()
    if arguments.user is not None:
        revocation = revocation_of("user", arguments.user)
        done = f"Every token of {arguments.user} issued up to now is revoked."
    else:
        revocation = revocation_of("token", arguments.token_id)
        done = "The token is revoked."
    try:
        RevocationFile(data_dir / REVOCATIONS_FILE).add([revocation])
    except (OSError, ValueError) as error:
        raise ConduitError(f"The revocations cannot be written: {error}") from error
    say(f"{done} A running hub acts on it within seconds.")
    return 0
