"""The house keeps its shape: arrows between rooms only run down (design.md), modules stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

PACKAGE = "conduit_widget"
ROOT = Path(__file__).resolve().parent.parent / PACKAGE

LEAVES = {
    "errors",
    "types",
    "contract",
    "event_stream",
    "log_rate",
    "markup",
    "nesting",
    "pasted",
    "plain_text",
    "cancellation",
    "child_process",
}
ENTRY = {"__init__", "__main__", "app", "cli", "magics", "jupyter_extension"}
ARROWS: dict[str, set[str]] = {
    "protocol": set(),
    "transports": {"protocol"},
    "providers": set(),
    "kernel": set(),
    "client": {"protocol", "transports"},
    "hub": {"protocol", "transports"},
    "chat": {"hub", "providers"},
    "widget": {"client", "kernel"},
}
NO_IO_IN_PROTOCOL = {"asyncio", "socket", "ssl", "select", "selectors", "threading", "time", "datetime"}
MAX_LINES = 600


def sources() -> list[Path]:
    """Every Python source of the package."""
    return sorted(ROOT.rglob("*.py"))


def module_name(path: Path) -> str:
    """``conduit_widget/hub/auth.py`` → ``conduit_widget.hub.auth.local_authority``."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    """``conduit_widget.hub.auth.local_authority`` → ``hub``; the package itself is ``__init__``."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module the file imports, ``TYPE_CHECKING`` and function-level imports included."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, base] if base else anchor)
            yield node.lineno, base
            if base == PACKAGE:
                for alias in node.names:
                    yield node.lineno, f"{PACKAGE}.{alias.name}"


def allowed(importer: str, imported: str) -> bool:
    """Whether the room ``importer`` may import the room ``imported``."""
    if importer == imported or imported in LEAVES:
        return True
    if importer in LEAVES:
        return False
    if importer in ENTRY:
        return True
    return imported in ARROWS[importer]


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_arrows_run_down(path: Path) -> None:
    """A room imports only the rooms below it."""
    importer = room_of(module_name(path))
    assert importer in LEAVES | ENTRY | set(ARROWS), f"{path.name} stands in no known room"
    for line, name in imports(path):
        if name == PACKAGE and importer not in ENTRY:
            continue
        if name.split(".")[0] == PACKAGE:
            imported = room_of(name)
            if imported == "__init__" or imported not in LEAVES | ENTRY | set(ARROWS):
                continue
            assert allowed(importer, imported), f"{path.name}:{line}: {importer} must not import {imported}"


@pytest.mark.parametrize("path", sorted((ROOT / "protocol").glob("*.py")), ids=module_name)
def test_protocol_touches_neither_io_nor_clock(path: Path) -> None:
    """The protocol core is sans-I/O: no asyncio, sockets, threads or clock."""
    found = {name.split(".")[0] for _, name in imports(path)} & NO_IO_IN_PROTOCOL
    assert not found, f"{path.name} imports {', '.join(sorted(found))}"


def test_threads_and_comms_live_only_in_the_kernel_room() -> None:
    """No other room starts threads or opens comms, but the store's writer."""
    allowed_threads = {"kernel", "chat"}
    for path in sources():
        room = room_of(module_name(path))
        names = {name.split(".")[0] for _, name in imports(path)}
        assert "comm" not in names or room == "kernel", f"{path.name} imports comm"
        if "threading" in names:
            source = path.read_text(encoding="utf-8")
            assert room in allowed_threads or "threading.Thread(" not in source, f"{path.name} starts threads"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_modules_stay_small(path: Path) -> None:
    """No module grows past the size at which it must be split."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_every_module_imports_alone() -> None:
    """Each module can be the first one imported: no hidden ring."""

    def lone(name: str) -> tuple[str, str]:
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", f"import {name}"],
            capture_output=True,
            text=True,
            check=False,
        )
        return name, "" if run.returncode == 0 else run.stderr.strip().splitlines()[-1]

    names = [module_name(path) for path in sources() if path.name != "__main__.py"]
    with ThreadPoolExecutor(4) as pool:
        failures = [(name, error) for name, error in pool.map(lone, names) if error]
    assert not failures
