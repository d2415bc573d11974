"""Arrays in words: shape, type, statistics, and the values at their corners."""

from __future__ import annotations

import sys
from typing import Any, Final

from conduit_widget.context.described import Draft
from conduit_widget.context.kinds import byte_words, is_of

MEASURED: Final = 5_000_000
"""Statistics of a larger array are those of so many of its elements, from the beginning."""
WHOLE: Final = 60


def is_array(value: object) -> bool:
    """Whether a value is an array of NumPy."""
    return is_of(value, "numpy", "ndarray")


def array_draft(array: Any) -> Draft:
    """Describe an array of NumPy."""
    numpy = sys.modules["numpy"]
    shape = " × ".join(f"{extent:,}" for extent in array.shape) or "no dimension"
    title = f"{type(array).__name__}, {shape}, {array.dtype}, {byte_words(array.nbytes)}"
    values = numpy.array2string(array, threshold=WHOLE, edgeitems=3, precision=6, max_line_width=100)
    return Draft("array", title, "\n".join(filter(None, [_statistics(numpy, array), values])))


def _statistics(numpy: Any, array: Any) -> str:
    if array.dtype.kind not in "iuf" or array.size == 0:
        return ""
    flat = array.reshape(-1)[:MEASURED]
    known = flat[~numpy.isnan(flat)] if array.dtype.kind == "f" else flat
    of_what = f" (of the first {MEASURED:,} elements)" if array.size > MEASURED else ""
    missing = f", {flat.size - known.size:,} NaN" if known.size < flat.size else ""
    if known.size == 0:
        return f"all NaN{of_what}"
    return (
        f"min {float(known.min()):.6g}, mean {float(known.mean()):.6g}, max {float(known.max()):.6g}, "
        f"std {float(known.std()):.6g}{missing}{of_what}"
    )
