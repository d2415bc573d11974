"""The two ways to run notebooks: compared with what they hold, or written anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from conduit_widget.cli.arguments import say

SANITIZE: Final = Path(__file__).with_name("nbval_sanitize.cfg")
_FAILED: Final = 1
_CODES: Final = {0: 0, 1: _FAILED, 2: 130, 4: 2, 5: 2}
"""Of pytest: passed, failed, interrupted, wrong usage, nothing to run."""
_NOT_RUN: Final = 3


def check(notebooks: Sequence[Path], timeout: float, *, is_lax: bool) -> int:
    """Run the cells and compare their outputs with the saved ones; return the exit code."""
    command = [
        *(sys.executable, "-m", "pytest", "--nbval-lax" if is_lax else "--nbval"),
        *("--nbval-sanitize-with", str(SANITIZE), "--nbval-cell-timeout", f"{timeout:.0f}"),
        *("-p", "no:cacheprovider", *map(str, notebooks)),
    ]
    # The debugger's warning about frozen modules would be one of the kernel's outputs.
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    done = subprocess.run(command, env=environment, check=False)
    return _CODES.get(done.returncode, _NOT_RUN)


def record(notebooks: Sequence[Path], timeout: float, new_answers: Path, answers: Path) -> int:
    """Run the cells; write outputs and answers once all have run. Return the exit code."""
    # Imported here: nbclient is an extra.
    import nbformat  # noqa: PLC0415
    from nbclient import NotebookClient  # noqa: PLC0415
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: PLC0415

    done = []
    for path in notebooks:
        say(f"Running {path.name} …", flush=True)
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
        client = NotebookClient(
            notebook,
            timeout=int(timeout),
            store_widget_state=False,
            record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            why = str(error).strip().splitlines()[-1]
            say(f"{path.name}: a cell failed, nothing is written: {why}")
            return _FAILED
        done.append((path, notebook))
    for path, notebook in done:
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    if new_answers.exists():
        shutil.move(new_answers, answers)
        say(f"Written: {', '.join(path.name for path in notebooks)} and {answers.name}")
    else:
        say(f"Written: {', '.join(path.name for path in notebooks)}; no question was asked.")
    return 0
