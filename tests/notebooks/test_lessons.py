"""The lessons where there is neither a front end nor a model: recorded answers, in every runner."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest

from conduit_widget.cli.ci.replay_settings import write_settings
from conduit_widget.runtime_file import read_runtime
from tests.support.hub.local_process import stop_hub

NOTEBOOKS: Final = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS: Final = sorted(NOTEBOOKS.glob("*.ipynb"))
ANSWERS: Final = NOTEBOOKS / "answers.jsonl"
WIDGET: Final = "application/vnd.jupyter.widget-view+json"
WITHOUT_MODEL: Final = {"CONDUIT_DETECT": "0", "CONDUIT_MODELS_DIR": "/nonexistent"}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a kernel needs to find or start a hub that plays; the hub ends with the test."""
    data_dir = tmp_path / "data"
    provider = write_settings(data_dir, ANSWERS, None)
    yield {
        **os.environ,
        **WITHOUT_MODEL,
        "CONDUIT_DATA_DIR": str(data_dir),
        "CONDUIT_PROVIDER": provider,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    if (runtime := read_runtime(data_dir)) is not None:
        stop_hub(runtime.pid)


@pytest.fixture
def copies(tmp_path: Path) -> list[Path]:
    """The lessons with what they read, in a folder that may be written to."""
    folder = tmp_path / "notebooks"
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns("images", "reference", ".*"))
    return sorted(folder.glob("*.ipynb"))


def run(*command: object, environment: dict[str, str], cwd: Path) -> None:
    """Run a command; fail with what it said."""
    done = subprocess.run(
        [str(word) for word in command], env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def read(path: Path) -> Any:
    """Return a notebook."""
    return nbformat.read(path, nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]


def assert_ran(path: Path) -> None:
    """Every cell has run without an error, and whoever reads the file finds the answers as text."""
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert all(cell.execution_count for cell in cells), path.name
    assert not [output for output in outputs if output.output_type == "error"], path.name
    shown = [output.data for output in outputs if "data" in output]
    assert all("text/plain" in data for data in shown), path.name


def test_lessons_are_numbered_and_hold_no_state_of_widgets() -> None:
    """01 to 07; what is saved is a transcript, not a widget's inside."""
    assert [path.name[:2] for path in LESSONS] == [f"{number:02}" for number in range(1, 8)]
    for path in LESSONS:
        assert "widgets" not in read(path).metadata, path.name
        assert "widget-state" not in path.read_text(encoding="utf-8"), path.name


def test_lessons_say_what_they_said_when_answers_are_recorded(tmp_path: Path) -> None:
    """nbval, as ``conduit-widget ci`` runs it, without any model."""
    command = (sys.executable, "-m", "conduit_widget", "ci", "--replay", ANSWERS, *LESSONS)
    run(*command, environment={**os.environ, **WITHOUT_MODEL}, cwd=tmp_path)


def test_lessons_run_in_jupyter_execute(copies: list[Path], environment: dict[str, str]) -> None:
    """All of them, in one command; the outputs are written back."""
    command = (sys.executable, "-m", "jupyter", "execute", "--inplace", "--timeout=120", *copies)
    run(*command, environment=environment, cwd=copies[0].parent)
    for path in copies:
        assert_ran(path)


def test_lessons_run_in_papermill(copies: list[Path], environment: dict[str, str]) -> None:
    """One after the other, each in its folder."""
    for path in copies:
        result = path.with_suffix(".out.ipynb")
        options = ("--no-progress-bar", "--execution-timeout", 120, "--cwd", path.parent)
        run(
            sys.executable,
            "-m",
            "papermill",
            path,
            result,
            *options,
            environment=environment,
            cwd=path.parent,
        )
        assert_ran(result)


def test_lessons_read_well_as_static_pages(tmp_path: Path) -> None:
    """nbconvert: what was said is in the page, and no widget is missing from it."""
    command = (sys.executable, "-m", "nbconvert", "--to", "html", f"--output-dir={tmp_path}", *LESSONS)
    run(*command, environment=dict(os.environ), cwd=tmp_path)
    for path in LESSONS:
        page = (tmp_path / path.name).with_suffix(".html").read_text(encoding="utf-8")
        assert re.search(r"<h1[^>]*>", page), path.name
        assert "Error displaying widget" not in page
        for cell in read(path).cells:
            kinds = [kind for output in cell.get("outputs", []) for kind in output.get("data", {})]
            if WIDGET in kinds:
                assert "text/html" in kinds, f"{path.name}: nothing saved stands in for {cell.source!r}"
    chat = (tmp_path / "01_quickstart.html").read_text(encoding="utf-8")
    assert chat.count("What is a Jupyter notebook? Answer in one sentence.") >= 2
