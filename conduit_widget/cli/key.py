"""``conduit-widget key``: opaque keys of a hub, and a new signing secret."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from conduit_widget.app import secret_file
from conduit_widget.cli.arguments import say, seconds, user_id
from conduit_widget.errors import ConduitError
from conduit_widget.hub.auth.authenticators import KEYS_FILE
from conduit_widget.hub.auth.opaque_keys import OpaqueKeyFile
from conduit_widget.hub.auth.revocation_file import REVOCATIONS_FILE, RevocationFile, revocation_of
from conduit_widget.runtime_file import default_data_dir
from conduit_widget.text.plain_text import shown

T = TypeVar("T")

DAY: Final = 86400.0
DEFAULT_GRACE: Final = 24 * 3600.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of ``key``."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", type=Path, default=None, help="the hub's data directory")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    create = actions.add_parser("create", parents=[common], help="make a key and print it, this once")
    create.add_argument("user", metavar="USER", type=user_id, help="the user id the key speaks for")
    create.add_argument("--name", default=None, help="the name people see (default: USER)")
    create.add_argument(
        "--days",
        type=seconds(0.001, 36500, "days"),
        default=None,
        help="lifetime in days (default: for ever)",
    )
    create.add_argument(
        "--role",
        action="append",
        type=user_id,
        default=[],
        help="a role it grants, such as operator (repeatable)",
    )
    create.set_defaults(run=_create)

    listing = actions.add_parser("list", parents=[common], help="show whose keys there are, and until when")
    listing.set_defaults(run=_list)

    remove = actions.add_parser("remove", parents=[common], help="take a key back")
    remove.add_argument("key", metavar="KEY-ID", help="the id that `key list` shows")
    remove.set_defaults(run=_remove)

    rotate = actions.add_parser("rotate", parents=[common], help="sign tokens with a new secret from now on")
    rotate.add_argument(
        "--grace",
        type=seconds(),
        default=DEFAULT_GRACE,
        metavar="SECONDS",
        help="how long tokens of the old secret stay good (default: %(default)g)",
    )
    rotate.add_argument("--key-file", type=Path, default=None, help="the site's own signing key file")
    rotate.set_defaults(run=_rotate)


def _create(arguments: argparse.Namespace) -> int:
    text, entry = _file_work(
        lambda: _keys(arguments).create(
            arguments.user,
            arguments.name or arguments.user,
            roles=arguments.role,
            lifetime=None if arguments.days is None else arguments.days * DAY,
        )
    )
    print(text)
    print(
        f"{entry.id} speaks for {shown(entry.user_id)}; it is shown this once, keep it now.", file=sys.stderr
    )
    return 0


def _list(arguments: argparse.Namespace) -> int:
    now = time.time()
    for key in _file_work(lambda: _keys(arguments).keys()):
        ends = "never ends" if key.expires_at is None else f"until {_day(key.expires_at)}"
        expired = " (expired)" if key.expires_at is not None and key.expires_at <= now else ""
        roles = f", roles {', '.join(key.roles)}" if key.roles else ""
        since = _day(key.created_at)
        say(f"{key.id}  {key.user_id}  ({key.user_name}{roles})  since {since}, {ends}{expired}")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    removed = _file_work(lambda: _keys(arguments).remove(arguments.key))
    if removed is None:
        raise ConduitError("There is no key of that id here; `conduit-widget key list` shows them.")
    # What it has opened already ends by a revocation.
    revoked = RevocationFile(_data_dir(arguments) / REVOCATIONS_FILE)
    _file_work(lambda: revoked.add([revocation_of("token", removed.id)]))
    say(f"{removed.id} of {removed.user_id} opens nothing any more; its connections end within seconds.")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    secret_file(_data_dir(arguments), arguments.key_file).rotate(arguments.grace)
    say(f"New tokens are signed with a new secret; earlier ones stay good for {arguments.grace:g} s.")
    return 0


def _keys(arguments: argparse.Namespace) -> OpaqueKeyFile:
    return OpaqueKeyFile(_data_dir(arguments) / KEYS_FILE)


def _data_dir(arguments: argparse.Namespace) -> Path:
    return arguments.data_dir or default_data_dir()


def _file_work(work: Callable[[], T]) -> T:
    """Run ``work``; what is wrong with the file is one line for the user."""
    try:
        return work()
    except (OSError, ValueError) as error:
        raise ConduitError(f"The keys cannot be used: {error}") from error


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
