"""The first rows of a Parquet file, where pyarrow is installed.

A file says itself how large its pages are once they are unpacked, and pyarrow believes it: ten kilobytes may
ask for all the memory there is. So it is read in a process of its own, with little memory and little time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from conduit_widget.errors import UNREADABLE, ConduitError

MOST_ROWS: Final = 8
MOST_COLUMNS: Final = 12
MOST_CHARS: Final = 60
MEMORY_BYTES: Final = 1024**3
"""Of the process; where the operating system has no such limit (Windows), its time alone is limited."""
PATIENCE: Final = 30.0
"""Seconds."""
NOT_INSTALLED: Final = 3
"""Exit status of the process where there is no pyarrow."""

_READER: Final = Path(__file__).with_name("parquet_reader.py")


def first_rows(content: bytes) -> list[list[str]]:
    """Return the names of the columns, then the first rows, as texts; up to 30 s in a process of its own.

    Raises:
        ConduitError: pyarrow is not installed, or it is no table that can be read here.

    """
    limits = [str(each) for each in (MOST_ROWS, MOST_COLUMNS, MOST_CHARS, MEMORY_BYTES, NOT_INSTALLED)]
    command = [sys.executable, "-P", str(_READER), *limits]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise ConduitError("The table takes too long to read here. It can be downloaded.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConduitError(f"The table cannot be read here: {reason}. It can be downloaded.") from None
    if done.returncode == NOT_INSTALLED:
        raise ConduitError("The rows of a Parquet file are shown where pyarrow is installed.")
    try:
        return msgspec.json.decode(done.stdout, type=list[list[str]])
    except UNREADABLE:
        raise ConduitError("The table cannot be shown here. It can be downloaded.") from None
