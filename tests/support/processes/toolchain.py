"""Go and Java for tests: found on PATH, builds kept in the temporary directory by what they are of."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

BUILD_TIMEOUT: Final = 420.0
_GO_FOLDER: Final = "/usr/local/go/bin"


class ToolchainMissingError(RuntimeError):
    """A program is not on this machine; the text names it."""


def find_program(name: str, *folders: str) -> str:
    """Return the path of a program on PATH or in one of ``folders``.

    Raises:
        ToolchainMissingError: it is in none of them.

    """
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise ToolchainMissingError(f"{name} is not on PATH: this toolchain's run is left out")
    return found


def build_go(folder: Path) -> Path:
    """Build a Go program and return its binary.

    Raises:
        ToolchainMissingError: there is no Go.
        RuntimeError: it does not build; the text ends with what Go said.

    """
    go = find_program("go", _GO_FOLDER)
    binary = _cache(folder) / ("program.exe" if os.name == "nt" else "program")
    if not binary.exists():
        part = binary.with_name(f"{os.getpid()}-{binary.name}")
        _run([go, "build", "-trimpath", "-o", str(part), "."], folder)
        part.replace(binary)
    return binary


def install_go(package: str, version: str) -> Path:
    """Build a published Go program, by the name of its package, and return its binary.

    Raises:
        ToolchainMissingError: there is no Go.
        RuntimeError: it does not build; the text ends with what Go said.

    """
    go = find_program("go", _GO_FOLDER)
    name = hashlib.sha256(f"{package}@{version}".encode()).hexdigest()[:16]
    cache = Path(tempfile.gettempdir()) / f"conduit-go-{name}"
    if not cache.exists():
        with tempfile.TemporaryDirectory(dir=cache.parent) as work:
            made = Path(work) / "bin"
            made.mkdir()
            _run([go, "install", "-trimpath", f"{package}@{version}"], Path(work), GOBIN=str(made))
            with contextlib.suppress(OSError):  # another run has just made it
                made.rename(cache)
    return next(cache.iterdir())


def build_java(folder: Path) -> Path:
    """Build a Maven project and return the folder with its jar and its dependencies' jars.

    Raises:
        ToolchainMissingError: there is no Maven or no Java.
        RuntimeError: it does not build; the text ends with what Maven said.

    """
    maven = find_program("mvn")
    find_program("java")
    jars = _cache(folder) / "jars"
    if not jars.exists():
        with tempfile.TemporaryDirectory(dir=jars.parent) as work:
            copied = Path(work) / "project"
            shutil.copytree(folder, copied, ignore=shutil.ignore_patterns("target"))
            _run([maven, "--batch-mode", "--quiet", "package"], copied)
            shutil.copytree(copied / "target" / "jars", jars, dirs_exist_ok=True)
    return jars


def _cache(folder: Path) -> Path:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "target" not in path.parts:
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    cache = Path(tempfile.gettempdir()) / f"conduit-interop-{folder.name}-{digest.hexdigest()[:16]}"
    cache.mkdir(exist_ok=True)
    return cache


def _run(command: Sequence[str], folder: Path, **environment: str) -> None:
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=BUILD_TIMEOUT,
        check=False,
    )
    if result.returncode:
        text = (result.stdout + result.stderr)[-2000:]
        raise RuntimeError(f"{Path(command[0]).name} failed in {folder.name}: {text}")
