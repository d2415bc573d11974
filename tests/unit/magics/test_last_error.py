"""The question about what failed last."""

from __future__ import annotations

import linecache
import sys
from typing import Any

import pytest

from conduit_widget.errors import ConduitError
from conduit_widget.magics.last_error import MAX_CODE_CHARS, MAX_TRACEBACK_CHARS, question_about_last_error


def fail(code: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run code as a cell that fails; return the namespace of the notebook."""
    name = "<cell 1>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {}
    try:
        exec(compile(code, name, "exec"), namespace)
    except (ArithmeticError, LookupError, SyntaxError, ValueError) as error:
        monkeypatch.setattr(sys, "last_value", error, raising=False)
    return namespace


def test_question_has_code_and_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not the frames of what ran the cell."""
    question = question_about_last_error(fail("rows = []\nrows[3]\n", monkeypatch), "In one line, please.")
    assert "```python\nrows = []\nrows[3]\n```" in question
    assert "IndexError: list index out of range" in question
    assert "In one line, please." in question
    assert __file__ not in question


def test_syntax_error_has_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line it names is the code."""
    question = question_about_last_error(fail("x = = 1\n", monkeypatch))
    assert "```python\nx = = 1\n```" in question
    assert "SyntaxError" in question


def test_fences_within_do_not_end_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are longer than what they hold."""
    question = question_about_last_error(fail('x = "```"\n1 / 0\n', monkeypatch))
    assert '````python\nx = "```"' in question


def test_both_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut is said."""
    code = "y = 1  # long enough\n" * 1000 + 'raise ValueError("long " * 5000)\n'
    question = question_about_last_error(fail(code, monkeypatch))
    assert len(question) < MAX_CODE_CHARS + MAX_TRACEBACK_CHARS + 500
    assert "# the rest was cut" in question
    assert "[the beginning was cut]" in question


def test_nothing_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line."""
    monkeypatch.setattr(sys, "last_value", None, raising=False)
    with pytest.raises(ConduitError, match="Nothing has failed yet"):
        question_about_last_error({})
