"""``conduit-widget model``: install the local language model, or say where it is."""

from __future__ import annotations

import argparse

from conduit_widget.cli.arguments import UsageError
from conduit_widget.providers.local import model as local_model


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of ``model``."""
    parser.add_argument(
        "action", choices=["install", "path"], help="install: fetch and verify; path: print it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Install the model, or print its path.

    Raises:
        UsageError: the path of a model that is not installed was asked for.

    """
    if arguments.action == "path":
        if not local_model.is_installed():
            raise UsageError("The local model is not installed: run conduit-widget model install.")
        print(local_model.model_path())
        return 0
    if local_model.is_installed():
        print(f"Already installed: {local_model.model_path()}")
        return 0
    local_model.install()
    print(f"Installed: {local_model.model_path()}")
    return 0
