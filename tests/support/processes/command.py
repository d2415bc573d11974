"""The ``conduit-widget`` command in this process: what it prints, without the half second a process takes."""

from __future__ import annotations

import contextlib
import io

from conduit_widget.cli import main


def run_command(*arguments: str) -> str:
    """Run a command that ends by itself; return its stdout, stripped.

    Raises:
        AssertionError: it ended with another code than 0; the text is what it said.

    """
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        code = main(arguments)
    assert code == 0, f"{arguments[0]} ended with {code}: {stderr.getvalue()}"
    return stdout.getvalue().strip()
