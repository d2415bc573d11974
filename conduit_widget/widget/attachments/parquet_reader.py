"""What :mod:`~conduit_widget.widget.attachments.parquet` runs: a file in, its first rows out, as JSON.

It is run by its path and imports nothing of this package, so that it is about its work at once.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
from typing import Any


def main(rows: int, columns: int, chars: int, memory_bytes: int, not_installed: int) -> int:
    """Return the exit status. Errors speak on the standard error stream, which nobody shows."""
    _limit(memory_bytes)
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others reserve more than they need
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        return not_installed
    file = parquet.ParquetFile(io.BytesIO(sys.stdin.buffer.read()))
    names = list(file.schema_arrow.names)[:columns]
    told = [[_cut(name, chars) for name in names]]
    for batch in file.iter_batches(batch_size=rows, columns=names, use_threads=False):
        cells = zip(*(map(_value, batch.column(number)) for number in range(len(names))), strict=True)
        told += [[_cut(cell, chars) for cell in row] for row in cells]
        break
    sys.stdout.write(json.dumps(told))
    return 0


def _limit(memory_bytes: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def _value(cell: Any) -> Any:
    """Return what a cell holds; where Python has no such value (the year 20000, a zone on Mars), its text."""
    for read in (cell.as_py, lambda: cell.cast("string").as_py()):
        with contextlib.suppress(ValueError, OverflowError, LookupError, NotImplementedError):
            return read()
    return "?"


def _cut(cell: Any, chars: int) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= chars else f"{text[:chars]}…"


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
