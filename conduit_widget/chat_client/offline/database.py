"""A private SQLite file of this OS user: opened, made, or set aside where it cannot be read.

The rollback journal, not WAL: home directories are often on network file systems. Everything here blocks.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from filelock import FileLock, Timeout

from conduit_widget.errors import ConduitError
from conduit_widget.runtime_file import default_data_dir

FOLDER: Final = "offline"
BUSY_TIMEOUT: Final = 10.0
"""Seconds a process waits for another one's write."""

_T = TypeVar("_T")
_SUFFIXES: Final = ("", "-journal", "-wal", "-shm")
_BROKEN: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FULL: Final = sqlite3.SQLITE_FULL
_COUNTER_AT: Final = 24
_APPLICATION_ID: Final = 0x636F6E64
_MADE: Final = re.compile(r"CREATE (?:TABLE|INDEX|TRIGGER) (\w+)")
_Identity = tuple[int, int]
"""Which file stands at a path: its device and its number there."""

_logger = logging.getLogger(__name__)


class Schema(NamedTuple):
    """What a file holds: its name, the version of its tables, and how they are made."""

    name: str
    version: int
    script: str


class KeepingError(ConduitError):
    """Something could not be kept on disk; the text says why."""


class OfflineDatabase:
    """One file, shared by all processes of the OS user, or what stands in for it in memory.

    Any thread may use it; one at a time does. :attr:`note` says in one line why nothing is kept, or where an
    unreadable file was put; it is also logged, once.

    Args:
        schema: what the file holds.
        data_dir: where; None for the user's data directory.

    """

    def __init__(self, schema: Schema, data_dir: Path | None = None) -> None:
        self.path = ((data_dir or default_data_dir()) / FOLDER / schema.name).expanduser().absolute()
        self.note = ""
        self.is_kept = True
        self._schema = schema
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._identity: _Identity | None = None
        self._process = os.getpid()

    @property
    def stamp(self) -> bytes:
        """What changes whenever any process has written: SQLite's own counter. Cheap to ask for."""
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(_COUNTER_AT)
                return file.read(4) + os.fstat(file.fileno()).st_ino.to_bytes(16, "big")
        except OSError:
            return b""

    def read(self, function: Callable[[sqlite3.Connection], _T]) -> _T:
        """Return what ``function`` reads.

        Raises:
            KeepingError: the file cannot be read at present.

        """
        return self._run(function, "DEFERRED")

    def write(self, function: Callable[[sqlite3.Connection], _T]) -> _T:
        """Return what ``function`` does in one transaction, on disk when this returns.

        Raises:
            KeepingError: the disk is full, or the file cannot be written.

        """
        return self._run(function, "IMMEDIATE")

    def say_once(self, note: str) -> None:
        """Have people told of something, unless that is what they were told last."""
        if note != self.note:
            self._say(note)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._forget()

    def _run(self, function: Callable[[sqlite3.Connection], _T], mode: str) -> _T:
        with self._lock:
            try:
                return self._transact(function, mode)
            except sqlite3.Error as error:
                code = _code(error)
                if code in _BROKEN and self.is_kept:
                    self._forget()
                    self._set_aside("it is damaged")
                elif self.is_kept and (code == sqlite3.SQLITE_ERROR or self._is_elsewhere()):
                    self._forget()  # tables are gone, or the file is: what stands there is looked at anew
                elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN) and self.is_kept:
                    self._forget()
                    self._stand_in(f"{self.path.parent} cannot be written")
                else:
                    raise KeepingError(_reason(error, self.path)) from None
            try:
                return self._transact(function, mode)
            except sqlite3.Error as error:
                raise KeepingError(_reason(error, self.path)) from None

    def _transact(self, function: Callable[[sqlite3.Connection], _T], mode: str) -> _T:
        db = self._opened()
        db.execute(f"BEGIN {mode}")
        try:
            result = function(db)
            db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise
        return result

    # ---- opening ---------------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        if self._process != os.getpid():  # a fork: SQLite's connections do not survive one
            self._db, self._process = None, os.getpid()
        if self._db is not None and self.is_kept and self._is_elsewhere():
            self._forget()  # put aside by another process, or removed: what came next is the queue
        if self._db is None:
            if self.is_kept:
                self._open_file()
            if not self.is_kept:
                self._db = self._made(sqlite3.connect(":memory:", check_same_thread=False))
        assert self._db is not None
        return self._db

    def _is_elsewhere(self) -> bool:
        """Whether the file that is open no longer stands at its path."""
        return os.name == "posix" and self._identity != _identity(self.path)

    def _open_file(self) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make_private(folder, stat.S_IFDIR, 0o700)
            # One process at a time looks at the file and, where it is none of ours, puts it aside.
            with FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=BUSY_TIMEOUT):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
                _make_private(self.path, stat.S_IFREG, 0o600)
                self._identity = _identity(self.path)
                self._look_and_open()
                self._identity = _identity(self.path)
        except (OSError, NotImplementedError, Timeout) as error:
            reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
            self._stand_in(f"{folder} cannot be used ({reason})")

    def _look_and_open(self) -> None:
        db: sqlite3.Connection | None = None
        try:
            db = _connect(self.path)
            problem = _problem(db, self._schema)
        except sqlite3.Error as error:
            if _code(error) not in _BROKEN:
                raise
            problem = "it is damaged"
        if problem:
            if db is not None:
                db.close()
            self._set_aside(problem)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            db = _connect(self.path)
        assert db is not None
        self._db = self._made(db)

    def _made(self, db: sqlite3.Connection) -> sqlite3.Connection:
        db.isolation_level = None
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            db.executescript(
                f"BEGIN IMMEDIATE; {self._schema.script} PRAGMA application_id={_APPLICATION_ID};"
                f"PRAGMA user_version={self._schema.version}; COMMIT;"
            )
        return db

    def _set_aside(self, why: str) -> None:
        moment = time.strftime("%Y%m%d-%H%M%S")
        aside = self.path.with_name(f"{self.path.name}.aside-{moment}-{os.getpid()}")
        for suffix in _SUFFIXES:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        self._say(f"{self.path.name} could not be used, because {why}: it was put aside as {aside}.")

    def _stand_in(self, why: str) -> None:
        self.is_kept = False
        self._db = None
        self._say(f"What waits for the hub is kept in memory only, because {why}: a restart loses it.")

    def _say(self, note: str) -> None:
        self.note = note
        _logger.warning("%s", note)

    def _forget(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=TRUNCATE")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")  # what was deleted is gone from the file as well
    except BaseException:
        db.close()
        raise
    return db


def _problem(db: sqlite3.Connection, schema: Schema) -> str:
    """Say why a file cannot be used; empty where it can."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version != schema.version and (version or tables):
        return f"another version of conduit_widget wrote it ({version}, this one writes {schema.version})"
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if version and not there.issuperset(_MADE.findall(schema.script)):
        return "it is damaged"
    (sound,) = db.execute("PRAGMA quick_check(1)").fetchone()
    return "" if sound == "ok" else "it is damaged"


def _make_private(path: Path, kind: int, mode: int) -> None:
    """Close a file or folder to others.

    Raises:
        OSError: it is of another kind, such as a device that a link leads to, or everybody's, such as /tmp:
            closing that would harm others.

    """
    if os.name != "posix":
        return
    found = path.stat().st_mode
    if stat.S_IFMT(found) != kind:
        raise OSError(errno.EINVAL, f"{path.name} is of another kind than it should be")
    if found & stat.S_ISVTX:
        raise OSError(errno.EPERM, f"{path.name} belongs to everybody")
    if found & 0o077:
        path.chmod(mode)


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _reason(error: sqlite3.Error, path: Path) -> str:
    if _code(error) == _FULL:
        return f"The disk of {path.parent} is full: this cannot be kept until there is room."
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return f"{path} cannot be used at present ({name})."
