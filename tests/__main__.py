"""Run all the tests: ``python -m tests`` (``--only STAGE`` for one, ``--list`` for their names).

The stages that prepare the rest run side by side; each one's output is printed whole when it ends. Python's
tests then run in several processes: they wait for sockets and processes more than they compute.

Of Python's and the browser's tests, a few that fail are run once more, one at a time on a machine that does
nothing else: those that pass then are listed as unstable, under the stages.

Installs what the tests need besides the ``test`` extra: npm packages, Chromium, the local model, Redis,
PostgreSQL and libfaketime. Where something cannot be had, one line says what is missing and the run fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.support.browser.chromium import MissingChromiumError, ensure_chromium
from tests.support.processes.node import find_node, npm_ci, npm_run
from tests.support.servers.debian import ensure_engines

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PROCESSES = 4
"""In which Python's tests run, on two cores."""
BROWSERS = 2
FEW = 3
"""Failures of one stage that may be the machine's fault; with more there is something wrong."""
ELSEWHERE = ("--ignore=tests/e2e", "--ignore=tests/notebooks")
"""What stages of their own run."""
SUMMARY = "\n=== stages"
LAST_LINES = 60
TESTS_FAILED = 1
"""What pytest returns where all tests ran and some failed."""
LAST_FAILED = ROOT / ".pytest_cache/v/cache/lastfailed"
"""Where pytest keeps, as JSON, which tests failed."""

unstable: list[str] = []
"""Tests that failed and passed when they ran alone."""


class StageError(Exception):
    """A stage failed; the text is the one line people need.

    ``code``: what its command returned, if it had one.
    """

    code: int | None = None


def run(*command: str, **environment: str) -> None:
    """Run a command in the repository; raise StageError when it fails."""
    print(f"$ {' '.join(command)}", flush=True)
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
    if code:
        error = StageError(f"exit code {code} from: {' '.join(command)}")
        error.code = code
        raise error


def run_tests(marks: str, processes: int, *what: str, **environment: str) -> None:
    """Run tests in several processes, and the few that fail once more by themselves; raise StageError."""
    command = (PYTHON, "-m", "pytest", "-m", marks)
    LAST_FAILED.unlink(missing_ok=True)  # what another run left
    try:
        run(*command, "-n", str(processes), "--no-loadscope-reorder", *what, **environment)
    except StageError as error:
        failed = last_failed()
        if error.code != TESTS_FAILED or not 0 < len(failed) <= FEW:
            raise  # one that was interrupted has not run them all
        print(f"\n=== once more, alone: {', '.join(failed)}", flush=True)
        run(*command, "-n", "0", *failed, **environment)
        unstable.extend(failed)


def last_failed() -> list[str]:
    """Return the tests that failed in pytest's last run."""
    return sorted(json.loads(LAST_FAILED.read_text(encoding="utf-8"))) if LAST_FAILED.exists() else []


def front_end() -> None:
    """Lint, type-check, test and bundle the TypeScript."""
    node = find_node()
    npm_ci(ROOT / "js", node)
    for script in ("lint", "typecheck", "test", "build"):
        npm_run(ROOT / "js", script, node)


def static() -> None:
    """Lint, format check and strict types of the Python."""
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "-m", "ruff", "format", "--check", ".")
    run(PYTHON, "-m", "mypy")


def python() -> None:
    """Unit, conformance, integration, network, security and interop tests."""
    marks = "not e2e and not soak and not kernels and not calls and not jupyterhub"
    run_tests(marks, PROCESSES, *ELSEWHERE)


def notebooks() -> None:
    """The lessons, with the local model; with recorded answers and no model in every other runner."""
    lessons = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "notebooks").glob("*.ipynb"))
    run(PYTHON, "-m", "conduit_widget", "ci", "--provider", "local", *lessons)
    run(PYTHON, "-m", "pytest", "tests/notebooks", "-n", "2")


def browser() -> None:
    """JupyterLab in real Chromium, against the real hub and model."""
    marks = "e2e and not soak and not firefox and not calls and not hosts"
    run_tests(marks, BROWSERS, "tests/e2e", CONDUIT_CHROMIUM=ensure_chromium())


def model() -> None:
    """Fetch the local model, once."""
    run(PYTHON, "-m", "conduit_widget", "model", "install")


def engines() -> None:
    """Find Redis, PostgreSQL and libfaketime, or install them."""
    ensure_engines()


PREPARATION: dict[str, Callable[[], None]] = {
    "front-end": front_end,
    "static": static,
    "model": model,
    "engines": engines,
}
"""Needs nothing that another stage makes."""
STAGES: dict[str, Callable[[], None]] = {
    **PREPARATION,
    "python": python,
    "notebooks": notebooks,
    "browser": browser,
}


class Result(NamedTuple):
    """How a stage went, after so many seconds; of one that failed apart, what it wrote last."""

    name: str
    seconds: float
    verdict: str
    last_words: str = ""


def in_turn(name: str) -> Result:
    """Run a stage here."""
    print(f"\n=== {name}", flush=True)
    began = time.monotonic()
    try:
        STAGES[name]()
        verdict = "passed"
    except (StageError, MissingChromiumError, RuntimeError, subprocess.CalledProcessError) as error:
        verdict = f"FAILED: {error}"
    return Result(name, time.monotonic() - began, verdict)


def side_by_side(names: list[str]) -> list[Result]:
    """Run stages at the same time, each in a process of its own; print what each wrote when it ends."""
    print(f"side by side: {', '.join(names)}", flush=True)
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(_apart, names))


def _apart(name: str) -> Result:
    began = time.monotonic()
    command = [PYTHON, "-m", "tests", "--only", name]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    output, _, summary = done.stdout.partition(SUMMARY)
    print(output, flush=True)
    verdict, last_words = "passed", ""
    if done.returncode:
        failed = re.search(r"FAILED: .*", summary)
        verdict = failed[0] if failed else f"FAILED: exit code {done.returncode}"
        last_words = "\n".join(output.splitlines()[-LAST_LINES:])
    return Result(name, time.monotonic() - began, verdict, last_words)


def main() -> int:
    """Run the stages, go on after a failure, and print what happened."""
    parser = argparse.ArgumentParser(prog="python -m tests", description="Run all the tests.")
    parser.add_argument("--only", action="append", choices=STAGES, help="run this stage (may be repeated)")
    parser.add_argument("--list", action="store_true", help="name the stages and end")
    arguments = parser.parse_args()
    if arguments.list:
        for name, stage in STAGES.items():
            print(f"{name:10} {stage.__doc__}")
        return 0
    if arguments.only:
        results = [in_turn(name) for name in arguments.only]
    else:
        rest = [name for name in STAGES if name not in PREPARATION]
        results = side_by_side(list(PREPARATION)) + [in_turn(name) for name in rest]
    for name, _, _, last_words in results:
        if last_words:  # it stands far above: who reads only the end shall know too
            print(f"\n=== {name}, its last lines\n{last_words}")
    print(SUMMARY)
    for name, seconds, verdict, _ in results:
        print(f"{name:10} {seconds:6.0f} s  {verdict}")
    for test in unstable:
        print(f"unstable: {test}")
    failed = sum(result.verdict != "passed" for result in results)
    print(f"stages: {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
