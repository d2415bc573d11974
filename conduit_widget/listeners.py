"""Listeners that are added one by one, and removed by the function that adding returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def add_listener(listeners: list[_T], listener: _T) -> Callable[[], None]:
    """Append ``listener`` and return a function that removes it; calling that twice does no harm.

    Whoever calls the listeners iterates over a copy: one of them may remove itself.
    """
    listeners.append(listener)

    def remove() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return remove
