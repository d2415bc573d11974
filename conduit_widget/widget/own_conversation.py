"""The conversation of a chat that names none: the notebook's own; elsewhere one for all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from conduit_widget.access.notebooks import notebook_conversation
from conduit_widget.kernel.interrupts import get_shell

ELSEWHERE: Final = "main"
"""The conversation of scripts, consoles, terminals and runners without a Jupyter server."""

SESSION_VARIABLE: Final = "JPY_SESSION_NAME"
"""Where the Jupyter server names the document that a kernel was started for."""
_VS_CODE: Final = "__vsc_ipynb_file__"
_CONNECTION_FILE: Final = "kernel-"


def own_conversation() -> str:
    """Return the id of the conversation of the notebook that runs here, :data:`ELSEWHERE` where none does."""
    shell = get_shell()
    if shell is None or not hasattr(shell, "kernel"):
        return ELSEWHERE
    notebook = os.environ.get(SESSION_VARIABLE) or str(shell.user_ns.get(_VS_CODE) or "")
    if not notebook.endswith(".ipynb"):
        return ELSEWHERE
    return notebook_conversation(notebook, _kernel_id(shell.kernel))


def _kernel_id(kernel: Any) -> str:
    """Return the id that the Jupyter server has given the kernel; empty where another started it."""
    application = getattr(kernel, "parent", None)
    name = Path(str(getattr(application, "connection_file", "") or "")).stem
    return name.removeprefix(_CONNECTION_FILE) if name.startswith(_CONNECTION_FILE) else ""
