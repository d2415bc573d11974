"""The first rows of a Parquet file, of a small one and of one that wants to become large."""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any

import pytest

from conduit_widget.errors import ConduitError
from conduit_widget.widget.attachments import parquet

pa = importlib.import_module("pyarrow")
pq = importlib.import_module("pyarrow.parquet")

pytestmark = pytest.mark.timeout(120)


def file_of(table: Any, **options: Any) -> bytes:
    """A table as a file."""
    content = io.BytesIO()
    pq.write_table(table, content, **options)
    return content.getvalue()


def test_first_rows_are_texts() -> None:
    """Names, then rows; long cells are cut, nothing is empty, two columns of one name are two."""
    table = pa.table([["a", "b" * 100], [1, None], [0.5, 1.5]], names=["text", "number", "number"])
    head, first, second = parquet.first_rows(file_of(table))
    assert head == ["text", "number", "number"]
    assert first == ["a", "1", "0.5"]
    assert second == ["b" * parquet.MOST_CHARS + "…", "", "1.5"]


def test_only_so_many_rows_and_columns() -> None:
    """A preview."""
    names = [f"c{number}" for number in range(20)]
    rows = parquet.first_rows(file_of(pa.table([list(range(1000))] * 20, names=names)))
    assert len(rows) == 1 + parquet.MOST_ROWS
    assert {len(row) for row in rows} == {parquet.MOST_COLUMNS}


def test_value_that_python_has_not_takes_no_table_with_it() -> None:
    """Years beyond 9999, zones that nobody knows, text that is none: the other cells are shown."""
    noise = pa.Array.from_buffers(pa.utf8(), 1, pa.array([b"\xff\xfe"]).buffers())
    columns = {
        "late": pa.array([10**7], pa.date32()),
        "later": pa.array([2**60], pa.timestamp("us")),
        "mars": pa.array([1], pa.timestamp("us", tz="Mars/Olympus")),
        "noise": noise,
        "nested": pa.array([[2**60]], pa.list_(pa.timestamp("us"))),
        "n": pa.array([7]),
    }
    head, row = parquet.first_rows(file_of(pa.table(columns)))
    assert head == list(columns)
    assert (row[0], row[-1]) == ("29349-01-26", "7")
    assert all(row)


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"], ids=["empty", "head", "noise"]
)
def test_no_table_is_said(content: bytes) -> None:
    """In one line."""
    with pytest.raises(ConduitError, match="cannot be shown here"):
        parquet.first_rows(content)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no process's memory")
def test_small_file_that_wants_all_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is the reading process's, whatever the file says of itself."""
    monkeypatch.setattr(parquet, "MEMORY_BYTES", 256 * 1024**2)
    cell = pa.array(["x" * (300 * 1024**2)])
    content = file_of(pa.table([cell], names=["bomb"]), compression="zstd", use_dictionary=False)
    assert len(content) < 1024**2
    with pytest.raises(ConduitError, match="cannot be shown here"):
        parquet.first_rows(content)
    assert parquet.first_rows(file_of(pa.table([[1]], names=["n"]))) == [["n"], ["1"]]
