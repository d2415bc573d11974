"""An output of a cell that can be replaced later, from any thread, wherever it is shown."""

from __future__ import annotations

import contextlib
import contextvars
import uuid
from collections.abc import Callable
from typing import Any, Final

from conduit_widget.kernel.interrupts import get_shell

WIDGET_VIEW: Final = "application/vnd.jupyter.widget-view+json"

Bundle = dict[str, Any]
"""MIME type → data."""


def widget_bundle(text: str, model_id: str) -> Bundle:
    """Return a widget's live view; a front end without it, or with the output collapsed, shows ``text``."""
    return {
        "text/plain": text,
        WIDGET_VIEW: {"version_major": 2, "version_minor": 1, "model_id": model_id},
    }


def publish(bundle: Bundle) -> None:
    """Show a bundle as an output of the cell that runs now.

    Raises:
        NotImplementedError: there is no notebook to show it in (IPython then takes the next way to show it).

    """
    _publisher()(data=bundle)


def after_each_cell(function: Callable[[], None]) -> Callable[[], None]:
    """Call ``function()`` after each cell, while its outputs are still taken. Return the remover."""
    shell = get_shell()
    if shell is None:
        return lambda: None

    def ended(_result: Any) -> None:
        function()

    def remove() -> None:
        with contextlib.suppress(ValueError):
            shell.events.unregister("post_run_cell", ended)

    shell.events.register("post_run_cell", ended)
    return remove


class CellOutput:
    """One output, known to the front-end by a display id: everywhere it is shown it is the same.

    Raises:
        NotImplementedError: there is no notebook to show it in.

    """

    def __init__(self) -> None:
        self._publish = _publisher()
        self._display_id = uuid.uuid4().hex
        self._context = contextvars.copy_context()

    def show(self, bundle: Bundle) -> None:
        """Show ``bundle`` as an output of the cell that runs now."""
        self._context = contextvars.copy_context()
        self._publish(data=bundle, transient={"display_id": self._display_id})

    def update(self, bundle: Bundle) -> None:
        """Replace what is shown, from the cell that runs now."""
        self._publish(data=bundle, transient={"display_id": self._display_id}, update=True)

    def update_from_background(self, bundle: Bundle) -> None:
        """Replace what is shown, from a thread that belongs to no cell, as if the cell that showed it did."""
        self._context.copy().run(self.update, bundle)


def _publisher() -> Callable[..., None]:
    shell = get_shell()
    # The terminal's shell prints what is published and cannot replace it.
    if shell is None or not hasattr(shell, "kernel"):
        raise NotImplementedError
    publish: Callable[..., None] = shell.display_pub.publish
    return publish
