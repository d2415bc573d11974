"""``conduit-widget ci NOTEBOOK…``: check notebooks against their saved outputs, with a hub of their own.

The hub has its own data directory and ends with the run, and so does its model. What was used is said at the
end. The exit code is

- 0: every cell ran, and says what it said when the notebook was saved;
- 1: a cell failed, or says something else;
- 2: an option, a variable or a file cannot be used;
- 3: there is no hub, or nbval or nbclient did not get as far as a cell;
- 143: it was told to end (SIGTERM), as a runner does with a run that takes too long.

``--replay FILE`` plays recorded answers instead of asking a model. ``--record`` runs the notebooks, asks the
model, and writes answers and outputs anew once all cells have run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Final

from conduit_widget.cli.arguments import UsageError, say, seconds
from conduit_widget.cli.ci.own_hub import OwnHub
from conduit_widget.cli.ci.replay_settings import recorded_provider, write_settings
from conduit_widget.cli.ci.runs import check, record
from conduit_widget.errors import ConduitError, SettingsError

CELL_TIMEOUT: Final = 120.0
_NOT_RUN: Final = 3
_NEEDED: Final = ("nbval", "nbclient")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``ci``."""
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="a notebook to check")
    parser.add_argument(
        "--replay", type=Path, default=None, metavar="FILE", help="play this file's answers, ask no model"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="ask the model; write its answers to the --replay file, and the outputs into the notebooks",
    )
    parser.add_argument(
        "--provider", default=None, metavar="NAME", help="the provider to ask (default: the hub's first)"
    )
    parser.add_argument("--lax", action="store_true", help="compare only cells tagged nbval-check-output")
    parser.add_argument(
        "--timeout",
        type=seconds(1.0),
        default=CELL_TIMEOUT,
        metavar="SECONDS",
        help="how long one cell may take (default: %(default)g)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the notebooks; the exit codes are the module's."""
    notebooks: list[Path] = arguments.notebooks
    for notebook in notebooks:
        if not notebook.is_file():
            raise UsageError(f"{notebook} is no file.")
    if arguments.record and arguments.replay is None:
        raise UsageError("--record needs --replay FILE: where the answers are written.")
    if arguments.replay is not None and not arguments.record and not arguments.replay.is_file():
        raise UsageError(f"{arguments.replay} does not exist: record it with --record.")
    for package in _NEEDED:
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"{package} is not installed: run pip install 'conduit_widget[ci]'.")
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="conduit-ci-") as folder:
        return _run(arguments, [path.absolute() for path in notebooks], Path(folder))


def _end(number: int, _frame: FrameType | None) -> None:
    """End as by an error, so that the hub, its model and the folder go with this process."""
    sys.exit(128 + number)


def _run(arguments: argparse.Namespace, notebooks: list[Path], folder: Path) -> int:
    data_dir, answers = folder / "data", arguments.replay and arguments.replay.absolute()
    provider: str | None = arguments.provider
    _use_own_hub(data_dir)
    new = folder / "answers.jsonl"
    if answers is not None:
        source = recorded_provider(provider) if arguments.record else None
        provider = write_settings(data_dir, new if arguments.record else answers, source)
        os.environ["CONDUIT_DETECT"] = "0" if source is None else os.environ.get("CONDUIT_DETECT", "1")
    if provider is not None:
        os.environ["CONDUIT_PROVIDER"] = provider
    try:
        with OwnHub(data_dir) as hub:
            if arguments.record:
                code = record(notebooks, arguments.timeout, new, answers)
            else:
                code = check(notebooks, arguments.timeout, is_lax=arguments.lax)
            say(f"Used: {hub.description()}", flush=True)
    except SettingsError:
        raise
    except ConduitError as error:
        say(f"conduit-widget ci: {error}")
        return _NOT_RUN
    return code


def _use_own_hub(data_dir: Path) -> None:
    """Have the kernels use this hub, whatever the shell says, and be one person in every notebook."""
    for name in ("CONDUIT_HUB_URL", "CONDUIT_HUB_TOKEN"):
        os.environ.pop(name, None)
    os.environ["CONDUIT_DATA_DIR"] = str(data_dir)
    os.environ.setdefault("CONDUIT_USER", "ci")
