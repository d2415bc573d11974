"""The first rows of a Parquet file, where pyarrow is installed."""

from __future__ import annotations

import importlib
import io
from typing import Any, Final

from conduit_widget.errors import ConduitError

MOST_ROWS: Final = 8
MOST_COLUMNS: Final = 12
MOST_CHARS: Final = 60
MOST_BYTES: Final = 100 * 1024 * 1024
"""Of a group of rows once it is unpacked: a small file may hold a huge one."""


def first_rows(content: bytes) -> list[list[str]]:
    """Return the names of the columns, then the first rows, as texts.

    Raises:
        ConduitError: pyarrow is not installed, or it is no table that can be read here.

    """
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ConduitError("The rows of a Parquet file are shown where pyarrow is installed.") from None
    try:
        return _read(parquet.ParquetFile(io.BytesIO(content)))
    except ConduitError:
        raise
    except Exception as error:  # noqa: BLE001 - somebody's file; pyarrow has many errors for what is none
        raise ConduitError(f"The table cannot be read ({type(error).__name__}).") from None


def _read(file: Any) -> list[list[str]]:
    names = list(file.schema_arrow.names)[:MOST_COLUMNS]
    if file.num_row_groups and file.metadata.row_group(0).total_byte_size > MOST_BYTES:
        raise ConduitError("The table is too large to be shown here. It can be downloaded.")
    for batch in file.iter_batches(batch_size=MOST_ROWS, columns=names):
        rows = zip(*(batch.column(name).to_pylist() for name in names), strict=True)
        return [names, *([_text(cell) for cell in row] for row in rows)]
    return [names]


def _text(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= MOST_CHARS else f"{text[:MOST_CHARS]}…"
