"""How objects want to be described: by themselves (``__llm__``), or as is registered for their type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from conduit_widget.errors import ValidationError

T = TypeVar("T")

_BASES: Final = type.__dict__["__mro__"]
_functions: Final[dict[type, Callable[[Any], object]]] = {}


def register(kind: type[T], function: Callable[[T], object]) -> None:
    """Describe objects of a type, and of its subclasses, by what ``function(object)`` returns.

    It returns text, or a value that is described in the object's place (a DataFrame, a figure)::

        from conduit_widget import context

        context.register(Customer, lambda customer: f"Customer {customer.number}, since {customer.since}")

    A class may say it itself, which comes first: ``def __llm__(self): return "…"``.

    Raises:
        ValidationError: ``kind`` is no class, or ``function`` cannot be called.

    """
    if not isinstance(kind, type):
        raise ValidationError("kind", f"must be a class, not {type(kind).__name__}.")
    if not callable(function):
        raise ValidationError("function", f"must be a function, not {type(function).__name__}.")
    _functions[kind] = function


def unregister(kind: type) -> None:
    """Describe objects of a type as if nothing were registered; a type for which nothing is does no harm."""
    _functions.pop(kind, None)


def own_words_of(value: object) -> Callable[[Any], object] | None:
    """Return what describes a value: its own ``__llm__``, else what is registered for its nearest type."""
    for each in _BASES.__get__(type(value)):  # a metaclass has no say in it
        if (own := each.__dict__.get("__llm__")) is not None and callable(own):
            return own  # type: ignore[no-any-return] # checked to be callable
        if (function := _functions.get(each)) is not None:
            return function
    return None
