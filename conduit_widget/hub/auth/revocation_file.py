"""The revocations of a hub on disk: a 0600 file that the command line adds to and the hub watches."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec
from filelock import FileLock

from conduit_widget.errors import ValidationError
from conduit_widget.hub.auth.private_file import Stamp, read_document, stamp_of, write_document

REVOCATIONS_FILE: Final = "revoked.json"
MAX_REVOCATIONS: Final = 5000
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
USER_LIFETIME: Final = 366 * 24 * 3600.0
_MAX_ID_BYTES: Final = 128


class Revocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A token by its id (``jti``), or all tokens of a user that were issued before a moment.

    ``until``: when nothing it stands for can be valid any more. Both in epoch seconds.
    """

    kind: Literal["token", "user"]
    id: str
    until: float
    before: float = 0.0


class _Content(msgspec.Struct, frozen=True):
    revoked: list[Revocation] = []


def revocation_of(kind: Literal["token", "user"], id_: str, until: float | None = None) -> Revocation:
    """Return what revokes a token (``until`` it expires), or a user's tokens issued up to now.

    Raises:
        ValidationError: the id is empty.

    """
    if not id_:
        raise ValidationError(kind, "must not be empty: name whom or what to revoke")
    now = time.time()
    end = now + USER_LIFETIME if until is None else until
    return Revocation(kind, short_id(id_), end, now if kind == "user" else 0.0)


def short_id(id_: str) -> str:
    """Return an id, or its digest when it is long: every revocation takes a bounded number of bytes."""
    data = id_.encode("utf-8", "surrogatepass")
    return id_ if len(data) <= _MAX_ID_BYTES else f"sha256:{hashlib.sha256(data).hexdigest()}"


def merged(known: Iterable[Revocation], more: Iterable[Revocation], now: float) -> list[Revocation]:
    """Return all that still counts; of two for the same the later one."""
    found: dict[tuple[str, str], Revocation] = {}
    for item in (*known, *more):
        other = found.get((item.kind, item.id), item)
        both = Revocation(item.kind, item.id, max(item.until, other.until), max(item.before, other.before))
        if both.until > now:
            found[item.kind, item.id] = both
    return list(found.values())


class RevocationFile:
    """Adds to the file and reads it; several processes may."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(f"{path.name}.lock"))

    @property
    def stamp(self) -> Stamp | None:
        """The present version of the file."""
        return stamp_of(self.path)

    def read(self) -> list[Revocation]:
        """Return what is revoked; nothing when there is no file.

        Raises:
            OSError: it cannot be read, or is open to other users.
            ValueError: it is damaged or too large.

        """
        remedy = "restore it, or move it away and revoke anew"
        content = read_document(self.path, _Content, MAX_FILE_BYTES, remedy=remedy)
        return [] if content is None else content.revoked

    def add(self, more: Iterable[Revocation]) -> None:
        """Write some more; what has expired is left out.

        Raises:
            ValidationError: there are as many as may be.
            OSError, ValueError: see :meth:`read`.

        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            known = self.read()
            every = merged(known, more, time.time())
            if len(every) > MAX_REVOCATIONS:
                raise too_many(len(every))
            if every != known:
                write_document(self.path, _Content(every))


def too_many(count: int) -> ValidationError:
    """Return the error of one revocation too many."""
    return ValidationError(
        "revocations", f"there are {count}, the limit is {MAX_REVOCATIONS}; rotate the signing key instead"
    )
