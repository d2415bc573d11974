"""Keep view → kernel messages live while a cell runs.

JupyterLab sends comm messages on a subshell (a kernel thread of its own) where the kernel has them, so they
get in while the main shell is busy. ipykernel 7.1 and 7.3 deliver them there. ipykernel 7.4.0 routes every
message of a comm to the shell that last *sent* on it (``BaseComm._reply_subshell_for``): a comm opened by a
cell then waits for the main shell. ipykernel 6 has no subshells; there, messages wait for the cell.
"""

from __future__ import annotations

from typing import Any, Final

_ROUTE: Final = "_reply_subshell_for"


def keep_on_chosen_shell(comm: Any) -> bool:
    """Make the kernel deliver this comm's messages on the shell the front end chose.

    Returns whether the kernel needed this.

    The attribute is private to ipykernel 7.4, hence the exact condition; other kernels are left alone.
    """
    if not hasattr(comm, _ROUTE):
        return False
    setattr(comm, _ROUTE, _chosen_by_sender)
    return True


def _chosen_by_sender(data: object, default: str | None) -> str | None:
    return default
