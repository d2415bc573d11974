"""What an error of SQLite means to those who wait: the disk is full, or the file cannot be had at present."""

from __future__ import annotations

import errno
import sqlite3
from typing import Final

from conduit_widget.errors import StoreFullError, StoreUnavailableError

_FULL: Final = frozenset({sqlite3.SQLITE_FULL})
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_LOST: Final = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_FULL_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PRIMARY: Final = 0xFF


def unavailable_by(error: BaseException) -> StoreUnavailableError | None:
    """Return what to tell of an error that passes by itself, or when somebody makes room; None for others."""
    if isinstance(error, OSError):
        return StoreFullError() if error.errno in _FULL_ERRORS else StoreUnavailableError()
    code = _code(error)
    if code in _FULL:
        return StoreFullError()
    return StoreUnavailableError() if code in _BUSY or code in _LOST else None


def wants_new_connection(error: BaseException) -> bool:
    """Whether the connection may not recover with the file, which it opened as it was then."""
    return _code(error) in _LOST


def _code(error: BaseException) -> int:
    """Return SQLite's primary code; 0 for an error that has none."""
    code = getattr(error, "sqlite_errorcode", 0) if isinstance(error, sqlite3.Error) else 0
    return int(code or 0) & _PRIMARY
