"""Python expressions in braces within a prompt: ``Describe {df} by {column!r}.``

As in an f-string, ``{{`` and ``}}`` stand for the braces themselves. What a prompt holds anyway is left as
it was written: code between backticks, and braces around anything but an expression, such as
``main() { return 0; }``, ``{"key": 1`` or the ``{3}`` of a regular expression.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from conduit_widget.errors import ValidationError
from conduit_widget.text.plain_text import shown

MAX_EXPRESSION_CHARS: Final = 1000
MAX_CLOSING_BRACES: Final = 20
"""Of an expression. With more tried, a long text full of braces would take minutes to read."""

_PIECE: Final = re.compile(
    r"(?ms)^(?P<fence>`{3,}|~{3,}).*?(?:^(?P=fence)|\Z)|(?P<ticks>`+)[^`]+(?P=ticks)|\{\{|\}\}|\{"
)
_SPEC: Final = re.compile(r"(?:.?[<>=^])?[-+ ]?#?0?\d*[,_]?(?:\.\d+)?[a-zA-Z%]?")
_CONVERSIONS: Final[Mapping[str, Callable[[Any], str]]] = {"r": repr, "s": str, "a": ascii}


class _Field(NamedTuple):
    expression: ast.Expression
    source: str
    conversion: str
    spec: str


def fill(text: str, namespace: dict[str, Any], describe: Callable[[Any], str]) -> str:
    """Replace every expression in braces by its value in ``namespace``.

    ``describe`` says a value in words where neither a conversion nor a format is given.

    Raises:
        ValidationError: an expression raised; the text names it and says how to write braces.

    """
    pieces: list[str] = []
    end = 0
    while (found := _PIECE.search(text, end)) is not None:
        pieces.append(text[end : found.start()])
        end = found.end()
        if found[0] in ("{{", "}}"):
            pieces.append(found[0][0])
        elif found[0] == "{" and (field := _field_at(text, end)) is not None:
            end += len(field.source) + 1
            pieces.append(_value(field, namespace, describe))
        else:
            pieces.append(found[0])
    return "".join((*pieces, text[end:]))


def _field_at(text: str, start: int) -> _Field | None:
    """Return the expression that begins at ``start`` and ends before the first brace that makes it one."""
    close = start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is no Python is none of the compiler's business
        for _ in range(MAX_CLOSING_BRACES):
            close = text.find("}", close, start + MAX_EXPRESSION_CHARS)
            if close < 0:
                break
            if (field := _field(text[start:close])) is not None:
                return field
            close += 1
    return None


def _field(source: str) -> _Field | None:
    if (expression := _parsed(source)) is not None:
        return _Field(expression, source, "", "")
    rest, colon, spec = source.rpartition(":")
    if not colon or not _SPEC.fullmatch(spec):
        rest, spec = source, ""
    body, bang, conversion = rest.rpartition("!")
    if not bang or conversion not in _CONVERSIONS:
        body, conversion = rest, ""
    expression = _parsed(body) if conversion or spec else None
    return None if expression is None else _Field(expression, source, conversion, spec)


def _parsed(source: str) -> ast.Expression | None:
    """Return an expression that somebody may have meant: no constant, and nothing that is no expression."""
    try:
        parsed = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return parsed if any(isinstance(node, ast.Name | ast.Call) for node in ast.walk(parsed)) else None


def _value(field: _Field, namespace: dict[str, Any], describe: Callable[[Any], str]) -> str:
    try:
        value = eval(compile(field.expression, "<braces>", "eval"), namespace)  # noqa: S307 - the person's own code
        if field.conversion:
            value = _CONVERSIONS[field.conversion](value)
        return format(value, field.spec) if field.spec or field.conversion else describe(value)
    except Exception as error:  # noqa: BLE001 - told as what it is
        problem = f"`{{{shown(field.source)}}}` raised {type(error).__name__}: {shown(str(error))}."
        raise ValidationError("prompt", f"{problem} Write {{{{ and }}}} for braces.") from None
