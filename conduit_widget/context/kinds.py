"""What a value is, without running any code of its own: no ``__len__``, ``__class__`` or property is called.

The list of variables is made of this, while cells run: an object that blocks, raises or is huge must cost no
more than its neighbours.
"""

from __future__ import annotations

import sys
from typing import Any, Final

_NAME: Final = type.__dict__["__name__"]
_MODULE: Final = type.__dict__["__module__"]
_SIZED: Final = (list, tuple, dict, set, frozenset, str, bytes, bytearray, range)
_SCALARS: Final = (bool, int, float, complex)
_LIBRARIES: Final = frozenset({"numpy", "pandas", "polars", "pyarrow", "scipy", "torch", "xarray", "jax"})
_BIG: Final = 10**9
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def type_name(value: object) -> str:
    """Return the name of a value's type; a metaclass has no say in it."""
    name: str = _NAME.__get__(type(value))
    return name


def is_a(value: object, kind: type) -> bool:
    """Whether a value really is of a type or of a subclass of it, whatever it claims."""
    return type.__subclasscheck__(kind, type(value))


def loaded_class(module: str, name: str) -> type | None:
    """Return a class of a library if somebody has imported that; None else."""
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) else None


def is_of(value: object, module: str, name: str) -> bool:
    """Whether a value is of a library's class, without importing the library."""
    found = loaded_class(module, name)
    return found is not None and is_a(value, found)


def shape_of(value: object) -> str:
    """Return how large a value is, as ``150 × 5`` or ``3 entries``; empty where that is not known at once."""
    kind = type(value)
    if kind in _SIZED:
        count = len(value)  # type: ignore[arg-type] # a builtin's own
        return _counted(
            count, "character" if kind is str else "byte" if kind in {bytes, bytearray} else "entry"
        )
    if kind in _SCALARS:
        return shown_number(value)
    if not _is_a_librarys(kind):
        return ""
    try:
        shape: Any = value.shape  # type: ignore[attr-defined]
        return " × ".join(f"{int(extent):,}" for extent in tuple(shape)[:6])
    except Exception:  # noqa: BLE001 - a library's lazy or closed object has none
        return ""


def size_of(value: object) -> str:
    """Return about how many bytes a value takes where that is quickly known, as people say it."""
    if not _is_a_librarys(type(value)):
        return ""
    try:
        if type_name(value) == "DataFrame" and hasattr(value, "memory_usage"):
            return byte_words(int(value.memory_usage(index=False, deep=False).sum()))
        return byte_words(int(value.nbytes))  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - it has no such figure
        return ""


def byte_words(count: int) -> str:
    """Return a number of bytes as people say it: ``950 B``, ``1.2 kB``."""
    size, unit = float(count), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if size >= 10 or unit == 0 else f"{size:.1f} {_UNITS[unit]}"


def shown_number(value: object) -> str:
    """Return a builtin number in short."""
    if type(value) is int and abs(value) > _BIG:
        return f"{value.bit_length()} bits"
    return f"{value:.6g}" if type(value) is float else repr(value)


def _counted(count: int, noun: str) -> str:
    plural = {"entry": "entries"}.get(noun, f"{noun}s")
    return f"{count:,} {noun if count == 1 else plural}"


def _is_a_librarys(kind: type) -> bool:
    """Whether a class is the very one that a library we know has under its name."""
    module, name = _MODULE.__get__(kind), _NAME.__get__(kind)
    if not isinstance(module, str) or module.partition(".")[0] not in _LIBRARIES:
        return False
    places = (module, module.partition(".")[0])
    return any(getattr(sys.modules.get(place), name, None) is kind for place in places)
