"""Expressions in braces become their value; everything a prompt holds anyway stays as it was written."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from conduit_widget.errors import ValidationError
from conduit_widget.magics import braces
from conduit_widget.magics.braces import MAX_CLOSING_BRACES, MAX_EXPRESSION_CHARS, fill

NAMES: dict[str, Any] = {"x": 1234.5, "name": "Ada", "rows": [{"a": 1}], "shout": str.upper}


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("Describe {name}.", "Describe <Ada>."),
        ("{name}{name}", "<Ada><Ada>"),
        ("{ name }", "<Ada>"),
        ("{x:,.2f} and {x:>10}", "1,234.50 and     1234.5"),
        ("{name!r} {name!r:>7}", "'Ada'   'Ada'"),
        ("{rows[0]['a']}", "<1>"),
        ("{rows == [{'a': 1}]}", "<True>"),
        ("{shout('}')}", "<}>"),
        ("{[n for n in range(3)]}", "<[0, 1, 2]>"),
        ("{\n  name\n}", "<Ada>"),
        ("{{name}}", "{name}"),
        ("{{{name}}}", "{<Ada>}"),
    ],
)
def test_expression_becomes_its_value(written: str, filled: str) -> None:
    """By its own words, or as a conversion and a format say."""
    assert fill(written, dict(NAMES), lambda value: f"<{value}>") == filled


@pytest.mark.parametrize(
    "written",
    [
        "",
        "no braces",
        "{",
        "}",
        "{}",
        "{ }",
        "int main() { return 0; }",
        "a{3} and \\d{2,4}",
        '{"key": 1, "other": [2]}',
        "{'a constant'}",
        "`{name}` and ``{name}``",
        "```python\nprint(f'{name}')\n```",
        "~~~\n{name}\n~~~",
        "```\n{name} in a fence that never ends",
        "{" + "(" * 900 + "}",
    ],
)
def test_what_is_no_expression_stays(written: str) -> None:
    """Other languages, regular expressions, JSON, code."""
    assert fill(written, dict(NAMES), str) == written


def test_fence_does_not_hide_what_follows() -> None:
    """Only the code is left alone."""
    assert fill("```\n{name}\n```\n{name}", dict(NAMES), str) == "```\n{name}\n```\nAda"


def test_value_is_not_filled_again() -> None:
    """A value with braces is a value."""
    assert fill("{name}", {"name": "{x}"}, str) == "{x}"


@pytest.mark.parametrize("written", ["{nothing}", "{x.nothing}", "{1 / zero()}", "{x:d}"])
def test_expression_that_raises_is_named(written: str) -> None:
    """Nothing is sent that nobody meant."""
    with pytest.raises(ValidationError, match=r"^prompt: .*raised \w+: .*Write \{\{ and \}\} for braces\.$"):
        fill(f"a {written} b", {**NAMES, "zero": lambda: 0}, str)


def test_expression_has_a_limit() -> None:
    """A brace that is never closed costs no more than so many characters."""
    written = "{" + " " * MAX_EXPRESSION_CHARS + "name}"
    assert fill(written, dict(NAMES), str) == written


def test_text_full_of_braces_is_read_once_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """LaTeX, for one: what each brace could end with is tried so many times and no more."""
    tried: list[str] = []
    monkeypatch.setattr(braces, "_parsed", tried.append)
    text = r"\frac{1}{2} " * 500
    assert fill(text, {}, str) == text
    assert len(tried) <= 1000 * MAX_CLOSING_BRACES


def test_text_that_is_no_python_warns_of_nothing() -> None:
    r"""``\d`` is a regular expression's, whatever a compiler thinks of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fill(r"Match {'\d'} and {value}.", {"value": 3}, str) == r"Match {'\d'} and 3."
