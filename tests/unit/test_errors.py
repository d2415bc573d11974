"""Errors as people meet them in a notebook."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest

from conduit_widget import errors
from conduit_widget.errors import ConduitError, InvocationTimeoutError, ValidationError, trace_of


def test_notebook_shows_one_line_and_no_frames_of_ours() -> None:
    """IPython prints the type and the text that says what to do, not our call stack."""
    code = "from conduit_widget.errors import ProviderError; raise ProviderError('Run this.')"
    shell = subprocess.run(
        [sys.executable, "-m", "IPython", "--quick", "--no-banner", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.stdout.strip().splitlines() == ["\x1b[31mProviderError\x1b[39m: Run this."]


def test_texts_name_field_and_limit() -> None:
    """What went wrong is computed from the error's fields, in one line."""
    assert str(ValidationError("text", "is empty")) == "text: is empty"
    assert "within 2.5 s" in str(InvocationTimeoutError("JoinConversation", 2.5))


def test_every_error_is_a_conduit_error() -> None:
    """One ``except`` catches everything this package raises on purpose."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 10
    assert all(issubclass(kind, ConduitError) for kind in kinds)


def test_trace_names_the_code_and_never_the_text() -> None:
    """What the store or the system calls an error tells an operator what to do; its text may hold content."""
    with contextlib.closing(sqlite3.connect(":memory:")) as store:
        for error, words in (
            (OSError(errno.ENOSPC, "private"), "OSError ENOSPC at"),
            (ValueError("private"), "ValueError at"),
            (_failure(lambda: store.execute("SELECT private")), "OperationalError SQLITE_ERROR at"),
        ):
            trace = trace_of(error)
            assert trace.startswith(words)
            assert "private" not in trace


def _failure(call: Callable[[], object]) -> Exception:
    with pytest.raises(sqlite3.OperationalError) as failed:
        call()
    return failed.value


def test_error_in_a_cell_cannot_steer_the_terminal() -> None:
    """A server's words in an error's text are shown, not obeyed."""
    (line,) = errors.HubException("x\x1b[2J\u202e\nnext")._render_traceback_()
    assert line == "\x1b[31mHubException\x1b[39m: x" + r"\x1b[2J\u202e\x0anext"
