"""``conduit-widget ci``: notebooks recorded, played without a model, and told apart from what they said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from llmock.pytest_plugin import LLMock
from nbformat.v4 import new_code_cell, new_notebook

from conduit_widget.access.local_hub import is_running
from conduit_widget.runtime_file import read_runtime
from tests.support.waiting import eventually_sync

ASK = "from conduit_widget import Chat\n(await Chat('{room}').ask('{question}')).text"
KEY = "sk-never-to-be-seen-1234"


def write(path: Path, *cells: str) -> Path:
    """Write a notebook that was never run."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel})  # type: ignore[no-untyped-call]
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return path


def outputs(path: Path) -> list[Any]:
    """What the cells say."""
    cells = nbformat.read(path, 4).cells  # type: ignore[no-untyped-call]
    return [output["data"]["text/plain"] for cell in cells for output in cell.outputs]


def ci(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command, which finds no provider but those of ``environment``."""
    return subprocess.run(
        [sys.executable, "-m", "conduit_widget", "ci", *map(str, arguments)],
        env={**os.environ, "CONDUIT_DETECT": "0", "CONDUIT_MODELS_DIR": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.timeout(900)
def test_recorded_notebook_runs_without_its_model_and_a_difference_fails(
    llmock: LLMock, tmp_path: Path
) -> None:
    """Record, play, change: exit codes, what was used, and no key in any file or line."""
    llmock.reply("A notebook is a document.", times=None)
    answers = tmp_path / "answers.jsonl"
    lesson = write(tmp_path / "lesson.ipynb", ASK.format(room="a", question="What is a notebook?"), "1 + 1")
    provider = {
        "CONDUIT_PROVIDER_URL": llmock.base_url(),
        "CONDUIT_PROVIDER_KEY": KEY,
        "CONDUIT_MODEL": "m-1",
    }

    recorded = ci("--record", "--replay", answers, lesson, **provider)
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    assert outputs(lesson) == ["'A notebook is a document.'", "2"]
    text = answers.read_text(encoding="utf-8")
    assert "What is a notebook?" in text
    assert KEY not in text + recorded.stdout + recorded.stderr

    played = ci("--replay", answers, lesson)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "2 passed" in played.stdout
    assert "Used: a hub of its own at http://127.0.0.1:" in played.stdout
    assert "provider replay, model m-1 (replay of 20" in played.stdout

    changed = tmp_path / "changed.ipynb"
    changed.write_text(lesson.read_text(encoding="utf-8").replace('"1 + 1"', '"1 + 2"'), encoding="utf-8")
    other = write(tmp_path / "other.ipynb", ASK.format(room="b", question="Something else?"))
    failed = ci("--replay", answers, changed, other)
    assert failed.returncode == 1
    assert "2 failed" in failed.stdout
    assert "answers.jsonl has no answer to this question" in failed.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["gone.ipynb"], "gone.ipynb is no file."),
        (["--record", __file__], "--record needs --replay FILE"),
        (["--replay", "gone.jsonl", __file__], "gone.jsonl does not exist: record it with --record."),
        (["--timeout", "0", __file__], "--timeout"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(arguments: list[str], line: str) -> None:
    """Exit 2, before any hub is started."""
    refused = ci(*arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert line in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_run_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    """A runner that stops a run finds neither its hub nor its folder afterwards."""
    begun = tmp_path / "begun"
    code = f"import pathlib, threading\npathlib.Path({str(begun)!r}).touch()\nthreading.Event().wait()"
    lesson = write(tmp_path / "lesson.ipynb", code)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "conduit_widget", "ci", str(lesson)],
        env={
            **os.environ,
            "CONDUIT_DETECT": "0",
            "CONDUIT_MODELS_DIR": "/nonexistent",
            "TMPDIR": str(temporary),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually_sync(begun.exists, within=120, what="its cell")
        [data_dir] = temporary.glob("conduit-ci-*/data")
        runtime = read_runtime(data_dir)
        assert runtime is not None
        running.terminate()
        assert running.wait(120) == 128 + signal.SIGTERM
    finally:
        running.kill()
        running.wait()
    assert not is_running(runtime)
    assert not [*temporary.glob("conduit-ci-*")]


def test_no_hub_is_exit_3(tmp_path: Path) -> None:
    """It says why; no cell was run."""
    lesson = write(tmp_path / "lesson.ipynb", "1 + 1")
    refused = ci(lesson, CONDUIT_PROVIDER_KIND="nonsense")
    assert refused.returncode == 3
    assert "The local hub did not start" in refused.stdout
