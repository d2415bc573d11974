"""The runtime file: a hub writes it into its data directory, and whoever needs that hub finds it there.

It is readable by its OS user only (0600), since it holds the key that mints tokens.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from conduit_widget.errors import UNREADABLE
from conduit_widget.nesting import is_json_too_deep
from conduit_widget.types import Wire

RUNTIME_FILE: Final = "hub.json"
_MAX_RUNTIME_BYTES: Final = 64 * 1024


class HubRuntime(Wire, frozen=True, kw_only=True):
    """What a running local hub writes for its own OS user (a 0600 file): where it is and how to get a token.

    ``mint_key`` authorises ``POST /auth/token``; it never leaves this user's machine.
    """

    url: str
    pid: int
    instance: str
    mint_key: str
    version: str
    started_at: str


def default_data_dir() -> Path:
    """Return ``CONDUIT_DATA_DIR``, else the user's data directory of this platform."""
    chosen = os.environ.get("CONDUIT_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_data_dir("conduit_widget", appauthor=False))


def keeps_seen() -> bool:
    """Whether what people see may be kept, to be read while the hub is away: unless the setting is ``0``."""
    return os.environ.get("CONDUIT_OFFLINE_HISTORY") != "0"


def runtime_path(data_dir: Path) -> Path:
    """Return where the hub of this data directory says where it is."""
    return data_dir / RUNTIME_FILE


def read_runtime(data_dir: Path) -> HubRuntime | None:
    """Read the runtime file; None if there is none or it makes no sense."""
    try:
        with runtime_path(data_dir).open("rb") as file:
            data = file.read(_MAX_RUNTIME_BYTES + 1)
        if len(data) > _MAX_RUNTIME_BYTES or is_json_too_deep(data):
            return None
        return msgspec.json.decode(data, type=HubRuntime)
    except (OSError, *UNREADABLE):
        return None


def write_runtime(data_dir: Path, runtime: HubRuntime) -> None:
    """Write the runtime file at once and whole, readable by this OS user only."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp creates with 0600, so the key is never readable by others, not even for a moment.
    descriptor, name = tempfile.mkstemp(dir=data_dir, prefix=f".{RUNTIME_FILE}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(runtime))
        Path(name).replace(runtime_path(data_dir))
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def remove_runtime(data_dir: Path, instance: str | None = None) -> None:
    """Remove the runtime file; with ``instance`` only if it is still that hub's."""
    if instance is not None:
        runtime = read_runtime(data_dir)
        if runtime is None or runtime.instance != instance:
            return
    with contextlib.suppress(OSError):
        runtime_path(data_dir).unlink()
