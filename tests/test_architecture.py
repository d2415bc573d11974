"""The house keeps its shape: arrows between rooms only run down (design.md), modules stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "conduit_widget"
ROOT = Path(__file__).resolve().parent.parent / PACKAGE

LEAVES = {
    "back_off",
    "cancellation",
    "child_process",
    "contract",
    "credentials",
    "errors",
    "event_stream",
    "listeners",
    "log_rate",
    "nesting",
    "runtime_file",
    "text",
    "types",
}
ENTRY = {"__init__", "__main__", "app", "cli", "magics", "jupyter"}
ARROWS: dict[str, set[str]] = {
    "protocol": set(),
    "transports": {"protocol"},
    "providers": set(),
    "kernel": set(),
    "access": set(),
    "context": {"kernel"},
    "client": {"protocol", "transports"},
    "chat_client": {"client"},
    "hub": {"protocol", "transports"},
    "chat": {"hub", "providers"},
    "widget": {"access", "chat_client", "client", "context", "kernel"},
}
ROOT_MODULES = "*"
"""In ``FLOORS``: the modules at a room's root that are not named themselves."""
FLOORS: dict[str, list[set[str]]] = {
    "hub": [
        {"http", "mismatch", "backplane", "metrics", "logs"},
        {"auth", "limits"},
        {"delivery"},
        {"calls"},
        {"connections"},
        {"door"},
        {"transports"},
        {ROOT_MODULES},
    ],
    "chat": [
        {"call_settings"},
        {"settings"},
        {"history"},
        {"files"},
        {"calls", "people", "answers"},
        {"nodes"},
        {"live"},
        {"status"},
        {"methods"},
        {ROOT_MODULES},
    ],
    "transports": [{ROOT_MODULES}, {"client", "server"}],
    "widget": [
        {"answers", "listening", "take_along"},
        {"tables", "attachments"},
        {"requests", "browser"},
        {ROOT_MODULES},
        {"chat", "status"},
    ],
    "chat_client": [{"state", "files", "offline"}, {ROOT_MODULES}, {"sending"}, {"conversation"}],
    "providers": [
        {"addresses", "keys", "models_dir", "outcome", "provider"},
        {"reading"},
        {"limits"},
        {"provider_config"},
        {"images"},
        {"failures"},
        {"timing"},
        {"failover"},
        {"config"},
        {ROOT_MODULES},
        {"http_api"},
        {"openai", "anthropic", "replay"},
        {"local"},
        {"discovery"},
        {"directory"},
    ],
}
"""The folders of a room from the ground up: each imports only floors below its own, and itself."""
NO_IO_IN_PROTOCOL = {"asyncio", "socket", "ssl", "select", "selectors", "threading", "time", "datetime"}
MAX_LINES = 600
MAX_FILES = 22
CATALOGUES = "js/src/texts/"
"""A file a subject there, the same subjects in every language."""


def sources() -> list[Path]:
    """Every Python source of the package."""
    return sorted(ROOT.rglob("*.py"))


def listed() -> list[str]:
    """Every file that git keeps."""
    run = subprocess.run(["git", "ls-files"], cwd=ROOT.parent, check=True, capture_output=True, text=True)
    return run.stdout.splitlines()


def module_name(path: Path) -> str:
    """``conduit_widget/hub/auth/mint.py`` → ``conduit_widget.hub.auth.mint``."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    """``conduit_widget.hub.auth.mint`` → ``hub``; the package itself is ``__init__``."""
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


def place_of(name: str) -> tuple[str, str] | None:
    """``conduit_widget.hub.auth.mint`` → ``("hub", "auth")``: the room, and the folder in it."""
    parts = name.split(".")
    if len(parts) < 3 or parts[1] not in FLOORS:
        return None
    room, place = parts[1], parts[2]
    named = any(place in floor for floor in FLOORS[room])
    return room, place if named else ROOT_MODULES


def may_import(importer: str, imported: str) -> bool:
    """Whether a module may import another one of its room: on a lower floor, or in the same place."""
    origin, target = place_of(importer), place_of(imported)
    if origin is None or target is None or origin[0] != target[0] or origin == target:
        return True
    height = {place: level for level, floor in enumerate(FLOORS[origin[0]]) for place in floor}
    return height[target[1]] < height[origin[1]]


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Return the names along one circle of ``edges``, the first one again at the end; or nothing."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        pending = [(start, 0)]
        while pending:
            name, depth = pending.pop()
            del path[depth:]
            if name in path:
                return [*path[path.index(name) :], name]
            if name in done:
                continue
            path.append(name)
            following = edges.get(name, set()) - done
            if not following:
                done.add(name)
            pending.extend((following_name, depth + 1) for following_name in sorted(following))
    return []


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


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_folders_of_a_room_import_only_folders_below(path: Path) -> None:
    """Inside a room, too, arrows only run down: ``TYPE_CHECKING`` imports count."""
    for line, name in imports(path):
        assert may_import(module_name(path), name), f"{path.name}:{line} must not import {name}"


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("conduit_widget.hub.auth.mint", "conduit_widget.hub.calls.binding"),
        ("conduit_widget.hub.limits.hub_limits", "conduit_widget.hub.auth.principal"),
        ("conduit_widget.chat.history.store", "conduit_widget.chat.live.conversation"),
        ("conduit_widget.hub.door.admission", "conduit_widget.hub.app"),
        ("conduit_widget.transports.client.http_client", "conduit_widget.transports.server.websocket"),
        ("conduit_widget.providers.openai.adapter", "conduit_widget.providers.local.server"),
    ],
)
def test_an_arrow_that_runs_up_or_sideways_is_found(importer: str, imported: str) -> None:
    """The table of folders refuses an arrow when it is reversed, and one between neighbours."""
    assert not may_import(importer, imported)


def test_every_folder_of_a_room_has_a_floor() -> None:
    """A new folder is put on a floor before it may be imported from."""
    for room in sorted(path.parent.name for path in ROOT.glob("*/__init__.py")):
        folders = {path.parent.name for path in (ROOT / room).glob("*/__init__.py")}
        if room not in ENTRY and folders:
            named = set().union(*FLOORS.get(room, []))
            assert folders <= named, f"{room}: no floor for {', '.join(sorted(folders - named))}"


def test_no_module_imports_itself_over_others() -> None:
    """There is no import circle in the package, ``TYPE_CHECKING`` and late imports included."""
    names = {module_name(path) for path in sources()}
    edges = {
        module_name(path): {name for _, name in imports(path) if name in names and name != PACKAGE}
        for path in sources()
        if path.name != "__init__.py"
    }
    assert circle(edges) == []


def test_a_circle_of_imports_is_found() -> None:
    """The search for circles finds one behind branches that have none, and does not invent one."""
    assert circle({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []
    assert circle({"a": {"b", "c"}, "b": set(), "c": {"d"}, "d": {"e"}, "e": {"c"}}) == ["c", "d", "e", "c"]


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


def test_folders_stay_small() -> None:
    """No folder of sources or tests grows past what a reader takes in at a glance."""
    sizes = Counter(
        path.rpartition("/")[0] for path in listed() if path.startswith((PACKAGE, "js/", "tests/"))
    )
    large = {folder: size for folder, size in sizes.items() if size > MAX_FILES}
    assert not {folder for folder in large if not folder.startswith(CATALOGUES)}, large


@pytest.mark.parametrize("order", ["down", "up"])
def test_every_module_imports_in_any_order(order: str) -> None:
    """No module needs another one imported first, and none warns; no circle hides behind that."""
    names = sorted(module_name(path) for path in sources() if path.name != "__main__.py")
    names = names if order == "down" else names[::-1]
    script = "import importlib, sys\nfor name in sys.stdin.read().split(): importlib.import_module(name)"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_top_level_holds_what_it_is_meant_to_hold() -> None:
    """A newcomer finds six names at the top, and nothing that came by the way."""
    top = {path.split("/")[0] for path in listed()}
    named = {"pyproject.toml", "README.md", "LICENSE", PACKAGE, "js", "notebooks", "tests"}
    assert {name for name in top if not name.startswith(".")} == named
