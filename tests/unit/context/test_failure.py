"""The newest error in words: its code and its traceback."""

from __future__ import annotations

import linecache
import sys
from typing import Any

import pytest

from conduit_widget.context.failure import MAX_CODE_CHARS, MAX_TRACEBACK_CHARS, error_text, last_error
from conduit_widget.errors import ConduitError


def fail(code: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run code as a cell that fails; return what is told of it."""
    name = "<cell 1>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {}
    try:
        exec(compile(code, name, "exec"), namespace)
    except (ArithmeticError, LookupError, SyntaxError, ValueError) as error:
        monkeypatch.setattr(sys, "last_value", error, raising=False)
    return error_text(last_error(), namespace)


def test_text_has_code_and_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not the frames of what ran the cell."""
    text = fail("rows = []\nrows[3]\n", monkeypatch)
    assert "```python\nrows = []\nrows[3]\n```" in text
    assert "IndexError: list index out of range" in text
    assert 'File "cell", line 2' in text
    assert __file__ not in text


def test_syntax_error_has_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line it names is the code."""
    text = fail("x = = 1\n", monkeypatch)
    assert "```python\nx = = 1\n```" in text
    assert "SyntaxError" in text


def test_fences_within_do_not_end_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are longer than what they hold."""
    assert '````python\nx = "```"' in fail('x = "```"\n1 / 0\n', monkeypatch)


def test_both_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut is said."""
    code = "y = 1  # long enough\n" * 1000 + 'raise ValueError("long " * 5000)\n'
    text = fail(code, monkeypatch)
    assert len(text) < MAX_CODE_CHARS + MAX_TRACEBACK_CHARS + 500
    assert "# the rest was cut" in text
    assert "[the beginning was cut]" in text


def test_nothing_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line."""
    monkeypatch.setattr(sys, "last_value", None, raising=False)
    with pytest.raises(ConduitError, match=r"^Nothing has failed yet\.$"):
        last_error()
