"""The data directory belongs to one user: what is open to others is closed, or refused."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Final

from conduit_widget.app.settings import HISTORY_FILE
from conduit_widget.errors import SettingsError
from conduit_widget.providers.config.file import CONFIG_FILE

# The history itself and what SQLite keeps beside it.
_HISTORY_FILES: Final = tuple(f"{HISTORY_FILE}{suffix}" for suffix in ("", "-wal", "-shm", "-journal"))
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

_logger = logging.getLogger(__name__)


def close_to_others(data_dir: Path, *, keeps_history: bool = True) -> None:
    """Make the data directory, and see that others cannot write to it nor read the history in it.

    What is this user's own is closed, with a line in the log. With ``keeps_history`` a history that is not
    there yet is made, private before anything is in it.

    Raises:
        SettingsError: something is open to others and belongs to somebody else, or cannot be made.

    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix":
            _close_folder(data_dir)
            for name in _HISTORY_FILES:
                _close_file(data_dir / name, _OTHERS, "read the history")
            _close_file(data_dir / CONFIG_FILE, _OTHERS_WRITE, "write to")
            if keeps_history:
                os.close(os.open(data_dir / HISTORY_FILE, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            f"The data directory {data_dir} cannot be used ({reason}): choose another with --data-dir or"
            " CONDUIT_DATA_DIR."
        ) from error


def _close_folder(folder: Path) -> None:
    status = folder.stat()
    if not status.st_mode & _OTHERS_WRITE:
        return
    # A sticky folder (/tmp) is everybody's, whoever owns it: closing it would harm them.
    if status.st_uid != os.geteuid() or status.st_mode & stat.S_ISVTX:
        raise SettingsError(
            f"Others may write to the data directory {folder}: choose a folder of your own, such as"
            f" {folder / 'conduit'}, with --data-dir or CONDUIT_DATA_DIR."
        )
    folder.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS_WRITE)
    _logger.warning("Others could write to the data directory %s; it is closed to them now.", folder)


def _close_file(path: Path, closed: int, what: str) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        # A device that a link leads to is everybody's: closing it would harm them.
        raise SettingsError(
            f"{path} is no regular file: remove it, or choose another folder with --data-dir or"
            " CONDUIT_DATA_DIR."
        )
    if not status.st_mode & closed:
        return
    if status.st_uid != os.geteuid():
        raise SettingsError(
            f"Others may {what} {path}, and it is not yours: have its owner run chmod 600 {path}."
        )
    path.chmod(stat.S_IMODE(status.st_mode) & ~closed)
    _logger.warning("Others could %s %s; it is closed to them now.", what, path)
