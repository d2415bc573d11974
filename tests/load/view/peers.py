"""What the chat's view is compared with: other ways to draw a growing text, each a script for a page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from tests.support.processes.node import Node, find_node, run_script

DRAWN: Final = Path(__file__).parent / "drawn"
JS: Final = DRAWN.parents[3] / "js"
INSTALL_TIMEOUT: Final = 900.0


@dataclass(frozen=True, slots=True)
class Peer:
    """One way of drawing; ``source`` is a script in ``drawn/``."""

    name: str
    source: str
    is_foreign: bool = False
    """Whether it needs packages that are no part of the product."""


REPARSE: Final = Peer("a full re-parse: marked, highlight.js, Temml, innerHTML", "reparse.ts")
PEERS: Final = (
    REPARSE,
    Peer("Streamdown", "streamdown.jsx", is_foreign=True),
    Peer("jupyterlab-chat's message list", "jupyter_chat.jsx", is_foreign=True),
)


def install() -> Path:
    """Return the folder with the foreign packages, installing them once into the user's cache.

    Raises:
        RuntimeError: npm failed; the text ends with what it said.

    """
    folder = Path(platformdirs.user_cache_dir("conduit_widget_tests")) / "view-peers"
    folder.mkdir(parents=True, exist_ok=True)
    wanted, installed = DRAWN / "package.json", folder / "installed.json"
    if not installed.exists() or installed.read_bytes() != wanted.read_bytes():
        shutil.copy(wanted, folder / "package.json")
        command = [*find_node().npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        found = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False
        )
        if found.returncode:
            raise RuntimeError(f"npm install failed for the view's peers: {found.stderr[-2000:]}")
        shutil.copy(wanted, installed)
    return folder / "node_modules"


def versions(modules: Path) -> str:
    """Return the names and versions of the foreign packages, in a line."""
    names = ("streamdown", "@streamdown/code", "@streamdown/math", "@jupyter/chat", "react")
    found = {name: json.loads((modules / name / "package.json").read_text())["version"] for name in names}
    return ", ".join(f"{name} {version}" for name, version in found.items())


async def bundle(peer: Peer, modules: Path | None, folder: Path, node: Node | None = None) -> Path:
    """Write a peer's script into ``folder``; return its path."""
    target = folder / f"{peer.source}.js"
    settings = {
        "source": str(DRAWN / peer.source),
        "target": str(target),
        "modules": [str(modules if peer.is_foreign else JS / "node_modules")],
        "jsx": "react" if peer.is_foreign else "preact",
    }
    await run_script(DRAWN / "bundle.mjs", node or find_node(), settings, within=180)
    return target


def is_available() -> bool:
    """Whether the foreign packages are there or could be installed; says why not."""
    try:
        install()
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"Streamdown and jupyterlab-chat are not measured: {error}", file=sys.stderr)
        return False
    return True
