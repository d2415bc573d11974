"""Starts Python processes of this package, in which no file of the present folder runs."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path


def python_command(module: str) -> list[str]:
    """Return the command that runs a module of this package, in a folder other than the present one.

    With ``-P`` the folder is not searched for modules: a file beside the notebook (say ``html.py``) must not
    stand in for a library's. The folder is another because an empty entry of ``PYTHONPATH`` would name it.
    """
    return [sys.executable, "-P", "-m", module]


def child_environment() -> dict[str, str]:
    """Return the environment of a child, which must find this very package, wherever it was imported from."""
    environment = dict(os.environ)
    home = str(Path(__file__).resolve().parents[1])
    if home not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        paths = [home, *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
    return environment
