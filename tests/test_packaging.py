"""What is shipped: a wheel that carries the browser part and installs where there is no Node."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conduit_widget import __version__

ROOT = Path(__file__).resolve().parent.parent
EXTENSION = "data/share/jupyter/labextensions/conduit_widget/package.json"
LEFT_OUT = shutil.ignore_patterns(
    "node_modules",
    "static",
    "labextension",
    ".git",
    ".venv",
    "__pycache__",
    ".*_cache",
    "screenshots",
    "dist",
)


def _bin_without_node(folder: Path) -> Path:
    """A PATH folder with the tools a build may use, but no node and no npm."""
    folder.mkdir()
    for tool in ("sh", "env", "git"):
        found = shutil.which(tool)
        if found:
            (folder / tool).symlink_to(found)
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources with no Node on PATH."""
    base = tmp_path_factory.mktemp("packaging")
    source = base / "source"
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    tools = _bin_without_node(base / "bin")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(base), str(source)],
        env={**os.environ, "PATH": str(tools)},
        check=True,
    )
    return next(base.glob("conduit_widget-*.whl"))


@pytest.mark.timeout(600)
def test_wheel_carries_browser_part_when_built_without_node_on_path(wheel: Path) -> None:
    """A source build takes Node from PyPI; the wheel holds the bundles, the notebook and the type marker."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entries = json.loads((ROOT / "js" / "entries.json").read_text(encoding="utf-8"))
        extension = next(name.partition("package.json")[0] for name in names if name.endswith(EXTENSION))
        folders = {"static": "conduit_widget/static/", "labextension": extension}
        built = {
            folders[entry.get("folder", "static")] + name
            for entry in entries.values()
            for name in entry["files"]
        }
        metadata = json.loads(archive.read(f"{extension}package.json"))
        bundle = archive.read("conduit_widget/static/chat.js").decode()
        page = archive.read("conduit_widget/static/dashboard.html").decode()
        licences = archive.read("conduit_widget/static/THIRD_PARTY_LICENSES.txt").decode()
    assert "conduit_widget/py.typed" in names
    assert "conduit_widget/notebooks/01_quickstart.ipynb" in names
    assert not [name for name in names if name.startswith(("tests/", "js/"))]
    assert built <= names, "whatever the bundle lists is there"
    assert "initialize" in bundle
    wanted = re.findall(r'(?:src|href)="(dashboard\.\w+)"', page)
    assert sorted(wanted) == ["dashboard.css", "dashboard.js"]
    assert {f"conduit_widget/static/{name}" for name in wanted} <= built, "the page's files are there"
    assert "uplot" in licences
    assert metadata["version"] == __version__
    assert not [name for name in names if name.startswith("conduit_widget/labextension/")], "only once"


@pytest.mark.timeout(600)
def test_wheel_installs_and_imports_without_node(wheel: Path, tmp_path: Path) -> None:
    """Installing the wheel runs no build: it unpacks, and the widget's module is found."""
    target = tmp_path / "site"
    tools = _bin_without_node(tmp_path / "bin")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)],
        env={**os.environ, "PATH": str(tools)},
        check=True,
    )
    shown = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import conduit_widget; from conduit_widget.widget.browser.front_end import front_end;"
            "print(conduit_widget.__file__); front_end('chat')",
        ],
        env={**os.environ, "PYTHONPATH": str(target), "PATH": str(tools)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith(str(target))
    listed = subprocess.run(
        [sys.executable, "-m", "jupyterlab.labextensions", "list"],
        env={**os.environ, "JUPYTER_PATH": str(target / "share" / "jupyter")},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in (listed.stdout + listed.stderr).splitlines()]
    extension = lines.index(str(target / "share" / "jupyter" / "labextensions"))
    assert lines[extension + 1].split()[:4] == ["conduit_widget", f"v{__version__}", "enabled", "OK"]
    servers = subprocess.run(
        [sys.executable, "-m", "jupyter_server.extension.serverextension", "list"],
        env={
            **os.environ,
            "PYTHONPATH": str(target),
            "JUPYTER_CONFIG_PATH": str(target / "etc" / "jupyter"),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    told = " ".join(re.sub(r"\x1b\[\d*m", "", servers.stdout + servers.stderr).split())
    assert "conduit_widget.jupyter enabled - Validating conduit_widget.jupyter..." in told
    assert f"conduit_widget.jupyter {__version__} OK" in told


@pytest.mark.timeout(600)
def test_nothing_is_left_after_uninstalling(wheel: Path, tmp_path: Path) -> None:
    """Neither a module nor a file that Jupyter would find."""
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(home)]
    subprocess.run([*pip, "install", "--no-deps", "--no-compile", str(wheel)], check=True)
    assert (home / "etc/jupyter/jupyter_server_config.d/conduit_widget.json").is_file()
    subprocess.run([*pip, "uninstall", "--yes", "conduit_widget"], check=True)
    assert not list(home.rglob("*conduit*"))
