"""The hosts of notebooks that the widget is tried in: how each starts, where its page is, what it shows.

What was seen in them is the first table of ``notebooks/reference/hosts.md``.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import secrets
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.browser.notebook_page import write_notebook
from tests.support.network.ports import free_port

PAGE: Final = Path(__file__).resolve().parents[3] / "notebooks" / "reference" / "hosts.md"
CELL: Final = "from conduit_widget import Chat\nchat = Chat('hosted')\nchat"
MARIMO: Final = """\
import marimo
app = marimo.App()

@app.cell
def _():
    from conduit_widget import Chat
    chat = Chat('hosted')
    chat
    return

if __name__ == '__main__':
    app.run()
"""
TITLES: Final = (
    "the chat shows and is live",
    "answers appear as they are written",
    "Stop",
    "the file keeps the conversation",
    "there again after a page reload",
)
_RUN: Final = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
_SAVE: Final = "() => window.jupyterapp.commands.execute('docmanager:save')"
_READY: Final = (
    "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
)


@dataclass(frozen=True)
class NotebookHost:
    """One host. ``arguments`` follow ``python -m module``; the scripts run in its page."""

    package: str
    title: str
    module: str
    arguments: Callable[[Path, int, str], Sequence[str]]
    path: Callable[[Path, str], str]
    ready: str | None = _READY
    run: str | None = _RUN
    save: str | None = _SAVE
    runs_again: bool = False
    """Whether a page that was reloaded shows the chat only once its cell has run again; so does one whose
    cell ran while the page's widget manager began, which hides what it finds."""
    is_installed: bool = False
    suffix: str = ".ipynb"

    def write(self, folder: Path) -> Path:
        """Write the notebook."""
        file = folder / f"hosted{self.suffix}"
        if self.suffix == ".py":
            file.write_text(MARIMO, encoding="utf-8")
        else:
            write_notebook(file, CELL)
        return file

    def start(
        self, python: str, file: Path, environment: dict[str, str]
    ) -> tuple[subprocess.Popen[bytes], str]:
        """Start the host on a notebook; return its process and the page's address."""
        port, token = free_port(), secrets.token_hex(16)
        # The host's own parts for Jupyter, then what stands behind them: those of the widgets.
        prefixes = (Path(python).parents[1], Path(sysconfig.get_path("data")))
        with (file.parent / "host.log").open("wb") as log:
            process = subprocess.Popen(
                [python, "-m", self.module, *self.arguments(file, port, token)],
                env={
                    **os.environ,
                    **environment,
                    "JUPYTER_TOKEN": token,
                    "JUPYTER_PATH": os.pathsep.join(str(each / "share" / "jupyter") for each in prefixes),
                    "JUPYTER_CONFIG_PATH": os.pathsep.join(
                        str(each / "etc" / "jupyter") for each in prefixes
                    ),
                },
                cwd=file.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process, f"http://127.0.0.1:{port}/{self.path(file, token)}"


def _server(file: Path, port: int, _token: str) -> list[str]:
    return [
        *("--no-browser", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"),
        f"--ServerApp.root_dir={file.parent}",
    ]


def _jupyter(file: Path, port: int, token: str) -> list[str]:
    return [*_server(file, port, token), "--expose-app-in-browser"]


HOSTS: Final = (
    NotebookHost(
        *("jupyterlab", "JupyterLab", "jupyterlab", _jupyter),
        path=lambda file, token: f"lab/tree/{file.name}?token={token}",
        is_installed=True,
    ),
    NotebookHost(
        *("notebook", "Notebook", "notebook", _jupyter),
        path=lambda file, token: f"notebooks/{file.name}?token={token}",
        is_installed=True,
    ),
    NotebookHost(
        *("nbclassic", "nbclassic", "nbclassic", _server),
        path=lambda file, token: f"nbclassic/notebooks/{file.name}?token={token}",
        ready="() => Boolean(window.Jupyter?.notebook?.kernel?.widget_manager)",
        run="() => window.Jupyter.notebook.execute_all_cells()",
        save="() => window.Jupyter.notebook.save_checkpoint()",
        runs_again=True,
    ),
    NotebookHost(
        *("voila", "Voilà", "voila"),
        arguments=lambda file, port, _token: [str(file), "--no-browser", f"--port={port}"],
        path=lambda _file, _token: "",
        ready=None,
        run=None,
        save=None,
    ),
    NotebookHost(
        *("marimo", "marimo", "marimo"),
        arguments=lambda file, port, _token: [
            *("run", str(file), "--headless", "--no-token", "--port", str(port))
        ],
        path=lambda _file, _token: "",
        ready=None,
        run=None,
        save=None,
        suffix=".py",
    ),
)


def version_of(package: str, python: str) -> str:
    """Return the version of a package that a Python has."""
    if python == sys.executable:
        return importlib.metadata.version(package)
    told = subprocess.run(
        [python, "-c", f"import importlib.metadata as m; print(m.version({package!r}))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


def keeps(file: Path, text: str) -> bool:
    """Whether the outputs of a notebook's file hold a text."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return text in json.dumps([cell.get("outputs", []) for cell in cells], ensure_ascii=False)


def read_row(title: str) -> list[str]:
    """Return what the page says of a host; its version left out."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].split(" ")[0] == title:
            return cells[1:]
    return []


def write_row(title: str, version: str, row: Sequence[str]) -> None:
    """Have the page say what was seen in a host."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith(f"| {title} ") and len(line.split("|")) == len(TITLES) + 3:
            lines[number] = f"| {' | '.join([f'{title} {version}', *row])} |"
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
