"""Listeners and their removers."""

from __future__ import annotations

from collections.abc import Callable

from conduit_widget.listeners import add_listener


def test_a_remover_removes_its_listener_once() -> None:
    """Called twice it does no harm, nor does it take another's listener of the same list."""
    listeners: list[Callable[[], object]] = []
    remove = add_listener(listeners, list)
    add_listener(listeners, dict)
    assert listeners == [list, dict]
    remove()
    remove()
    assert listeners == [dict]
