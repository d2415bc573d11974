"""Tables in words: columns with type and statistics, and some rows; a small table whole."""

from __future__ import annotations

import sys
from typing import Any, Final

from conduit_widget.context.described import Draft
from conduit_widget.context.kinds import is_of
from conduit_widget.context.masking import MASK, is_secret_name
from conduit_widget.text.said import Said

WHOLE_ROWS: Final = 20
WHOLE_COLUMNS: Final = 12
SAMPLE_ROWS: Final = 5
MAX_COLUMNS: Final = 40
MEASURED_ROWS: Final = 100_000
"""Statistics of a longer table are those of so many rows at its beginning."""
MAX_CELL_CHARS: Final = 60
MAX_NAME_CHARS: Final = 60
_SHOWN_VALUES: Final = 3


def is_table(value: object) -> bool:
    """Whether a value is a DataFrame or a Series of pandas."""
    return is_of(value, "pandas", "DataFrame") or is_of(value, "pandas", "Series")


def table_draft(value: Any) -> Draft:
    """Describe a DataFrame or a Series."""
    name = type(value).__name__
    if is_of(value, "pandas", "Series"):
        frame = value.to_frame(name="value" if value.name is None else value.name)
        return _frame_draft(frame, f"{name} of {value.dtype}, {_counted(len(value), 'value')}")
    rows, columns = value.shape
    said = Said.of("{name}: rows {rows}, columns {columns}", name=name, rows=rows, columns=columns)
    title = f"{name}, {_counted(rows, 'row')} × {_counted(columns, 'column')}"
    return _frame_draft(value, title)._replace(said=said)


def _frame_draft(frame: Any, title: str) -> Draft:
    rows, columns = frame.shape
    if rows <= WHOLE_ROWS and columns <= WHOLE_COLUMNS:
        types = ", ".join(f"{_name(column)} {kind}" for column, kind in frame.dtypes.items())
        return Draft("table", f"{title}, whole", f"types: {types}\n\n{_csv(frame)}".rstrip())
    shown = frame.iloc[:, :MAX_COLUMNS]
    measured = shown.iloc[:MEASURED_ROWS]
    lines = [_column_line(measured.iloc[:, place]) for place in range(shown.shape[1])]
    left_out = columns - shown.shape[1]
    if left_out:
        lines.append(f"… and {_counted(left_out, 'column')} more")
    of_what = f" (of the first {MEASURED_ROWS:,} rows)" if rows > MEASURED_ROWS else ""
    head = shown.iloc[:SAMPLE_ROWS]
    text = f"columns{of_what}:\n" + "\n".join(lines) + f"\n\nfirst {len(head)} rows:\n{_csv(head)}"
    cut = f"{left_out:,} of {columns:,} columns" if left_out else ""
    return Draft("table", title, text.rstrip(), cut=cut)


def _column_line(column: Any) -> str:
    pandas = sys.modules["pandas"]
    facts = [f"- {_name(column.name)}: {column.dtype}"]
    missing = int(column.isna().sum())
    if missing:
        facts.append(f"{missing:,} missing")
    kinds = pandas.api.types
    if is_secret_name(str(column.name)):
        facts.append(MASK)
    elif kinds.is_bool_dtype(column.dtype):
        facts.append(f"{int(column.sum()):,} true")
    elif kinds.is_numeric_dtype(column.dtype) and not kinds.is_complex_dtype(column.dtype):
        if missing < len(column):
            facts.append(
                f"min {_number(column.min())}, median {_number(column.median())}, "
                f"mean {_number(column.mean())}, max {_number(column.max())}, std {_number(column.std())}"
            )
    elif kinds.is_datetime64_any_dtype(column.dtype):
        facts.append(f"{column.min()} to {column.max()}")
    else:
        facts.append(_values(column))
    return ", ".join(filter(None, facts))


def _values(column: Any) -> str:
    """Say which values are the most frequent; nothing where they cannot be counted (lists, dicts)."""
    try:
        counts = column.value_counts()
    except TypeError:
        return ""
    most = ", ".join(f"{_cell(value)} ({count:,})" for value, count in counts.head(_SHOWN_VALUES).items())
    more = ", …" if len(counts) > _SHOWN_VALUES else ""
    return f"{len(counts):,} different: {most}{more}" if most else ""


def _csv(frame: Any) -> str:
    pandas = sys.modules["pandas"]
    frame = frame.copy(deep=False)
    columns = list(frame.columns)
    frame.columns = [_name(column) for column in columns]
    for place, column in enumerate(columns):
        if is_secret_name(str(column)):
            frame.isetitem(place, MASK)
        elif not pandas.api.types.is_numeric_dtype(frame.iloc[:, place].dtype):
            frame.isetitem(place, frame.iloc[:, place].map(_cell, na_action="ignore").astype("object"))
    is_counted = isinstance(frame.index, pandas.RangeIndex)
    text: str = frame.to_csv(index=not is_counted, float_format="%.6g", lineterminator="\n")
    return text


def _cell(value: object) -> str:
    words = " ".join(str(value).split())
    return words if len(words) <= MAX_CELL_CHARS else f"{words[:MAX_CELL_CHARS]}…"


def _name(column: object) -> str:
    words = " ".join(str(column).split())
    return words if len(words) <= MAX_NAME_CHARS else f"{words[:MAX_NAME_CHARS]}…"


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
