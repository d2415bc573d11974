"""Everything else in words: containers entry by entry, source of functions, attributes of objects."""

from __future__ import annotations

import inspect
import re
import reprlib
from typing import Any, Final

from conduit_widget.context.described import Draft
from conduit_widget.context.kinds import shape_of, type_name
from conduit_widget.context.masking import MASK, is_secret_name

MAX_ENTRIES: Final = 60
MAX_TEXT_CHARS: Final = 200_000
"""Of a longer text no more is read."""
_ONE_LINE: Final = 100
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]{4,}")


def _short() -> reprlib.Repr:
    short = reprlib.Repr()
    short.maxlevel = 5
    short.maxlist = short.maxtuple = short.maxset = short.maxfrozenset = short.maxdict = short.maxarray = 30
    short.maxstring = short.maxother = 400
    return short


_SHORT: Final = _short()
_WHOLE: Final = _short()
_WHOLE.maxother = MAX_TEXT_CHARS


def text_draft(value: str) -> Draft:
    """Describe a text by itself."""
    return Draft("text", f"text, {shape_of(value)}", value[:MAX_TEXT_CHARS])


def value_draft(value: Any) -> Draft:
    """Describe a value by what its kind lets one see, else by its ``repr``."""
    kind = type(value)
    if kind is dict:
        return Draft(
            "value",
            f"dict, {shape_of(value)}",
            _entries([_entry(*item) for item in _first(value.items())], len(value)),
        )
    if kind in {list, tuple, set, frozenset}:
        return Draft(
            "value",
            f"{kind.__name__}, {shape_of(value)}",
            _entries(list(map(_SHORT.repr, _first(value))), len(value)),
        )
    if inspect.isroutine(value) or inspect.isclass(value):
        return _source_draft(value)
    if inspect.ismodule(value):
        return Draft("value", f"module {value.__name__}", _first_line(value.__doc__))
    return Draft("value", type_name(value), _ADDRESS.sub("", _object_text(value)))


def _first(entries: Any) -> list[Any]:
    return [entry for _, entry in zip(range(MAX_ENTRIES), entries, strict=False)]


def _entry(key: object, value: object) -> str:
    shown = MASK if isinstance(key, str) and is_secret_name(key) else _SHORT.repr(value)
    return f"{_SHORT.repr(key)}: {shown}"


def _entries(lines: list[str], count: int) -> str:
    if count > len(lines):
        lines = [*lines, f"… and {count - len(lines):,} more"]
    together = ", ".join(lines)
    return together if len(together) <= _ONE_LINE else "\n".join(lines)


def _source_draft(value: Any) -> Draft:
    what = "class" if inspect.isclass(value) else "function"
    title = f"{what} {getattr(value, '__name__', '')}".rstrip()
    try:
        return Draft("code", title, inspect.getsource(value)[:MAX_TEXT_CHARS])
    except (OSError, TypeError):  # built in, or typed where nobody keeps it
        return Draft("value", title, _first_line(inspect.getdoc(value)) or _SHORT.repr(value))


def _object_text(value: Any) -> str:
    """Return an object's own ``repr``; of one that has none, its attributes."""
    own: object = type(value).__repr__
    if own is not object.__repr__:
        return _WHOLE.repr(value)
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return _SHORT.repr(value)
    lines = [
        _entry(name, attribute) for name, attribute in _first(attributes.items()) if not name.startswith("_")
    ]
    return f"attributes: {_entries(lines, len(lines))}" if lines else ""


def _first_line(documentation: str | None) -> str:
    return (documentation or "").strip().partition("\n")[0]
