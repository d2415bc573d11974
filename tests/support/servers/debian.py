"""Debian packages the tests need: Redis, PostgreSQL, libfaketime. Installed where that may be done."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

INSTALL_TIMEOUT: Final = 600.0
_FAKETIME: Final = "*/faketime/libfaketimeMT.so.1"


class MissingPackagesError(RuntimeError):
    """Something the tests run against is not here and could not be installed; the text names it."""


APT: Final = ("apt-get", "-o", "DPkg::Lock::Timeout=300")
"""Another stage of the tests, or the machine's own updates, may be installing something at the moment."""


def find_redis() -> str | None:
    """Return the path of Redis, or of Valkey."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


def find_postgres() -> Path | None:
    """Return the folder of the newest ``initdb`` and ``postgres``."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda path: float(path.parent.name), default=None)


def find_faketime() -> Path | None:
    """Return the library that moves a process's clock."""
    return next(Path("/usr/lib").glob(_FAKETIME), None)


ENGINES: Final[Mapping[str, Callable[[], object | None]]] = {
    "redis-server": find_redis,
    "postgresql": find_postgres,
    "libfaketime": find_faketime,
}


def ensure_engines() -> None:
    """Install the packages that are missing.

    Raises:
        MissingPackagesError: one is still missing.

    """
    missing = _missing()
    if missing and shutil.which("apt-get"):
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        if not prefix or shutil.which("sudo"):
            # No service is started: the tests start their own, on free ports.
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
            for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
                command = [*prefix, *APT, *step]
                subprocess.run(command, check=False, env=environment, timeout=INSTALL_TIMEOUT)
    missing = _missing()
    if missing:
        names = " ".join(missing)
        raise MissingPackagesError(f"The tests need Debian's packages {names}: apt-get install {names}")


def _missing() -> list[str]:
    return [package for package, find in ENGINES.items() if find() is None]
