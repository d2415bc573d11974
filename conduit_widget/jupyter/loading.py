"""What a view needs of the package is imported when somebody asks for the chat first, on another thread.

A server that starts pays nothing for it, and its event loop, which carries the messages of all kernels, does
not stand still for it. A page asks long before it opens a view in a hurry, past a kernel that a cell blocks.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Final

_MODULES: Final = (
    "conduit_widget.jupyter.hub_choice",
    "conduit_widget.jupyter.identity",
    "conduit_widget.jupyter.views.frames",
    "conduit_widget.jupyter.views.outbox",
    "conduit_widget.jupyter.views.session",
    "conduit_widget.kernel.loop_thread",
)
_has_loaded = False


async def loaded() -> None:
    """Wait until everything is imported."""
    global _has_loaded  # noqa: PLW0603 - modules are the process's
    if not _has_loaded:
        await asyncio.to_thread(_load)
        _has_loaded = True


def has_loaded() -> bool:
    """Return whether somebody has asked for the chat yet."""
    return _has_loaded


def _load() -> None:
    for name in _MODULES:
        importlib.import_module(name)
