"""The local signing secret: one 0600 file per user, created once however many processes start together."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from conduit_widget.errors import HubStartError
from conduit_widget.hub.auth import MIN_SECRET_BYTES

SECRET_BYTES: Final = 32


def load_or_create_secret(path: Path) -> bytes:
    """Return the current secret of ``path`` (32 bytes), creating the file if there is none.

    Raises:
        HubStartError: the file cannot be read or created, is open to others or holds no secret.

    """
    return load_or_create_secrets(path)[0]


def load_or_create_secrets(path: Path) -> list[bytes]:
    """Return the secrets of ``path``: the current one first, then those still accepted during a rotation.

    Raises:
        HubStartError: see :func:`load_or_create_secret`.

    """
    try:
        if not path.exists():
            _create(path, secrets.token_bytes(SECRET_BYTES))
        return _read(path)
    except OSError as error:
        raise HubStartError(f"The signing key {path} cannot be used: {error.strerror}.") from error


def _create(path: Path, secret: bytes) -> None:
    """Write the file under a private name, then link it: one of several processes wins, none reads half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(private, path)
    finally:
        private.unlink(missing_ok=True)


def _read(path: Path) -> list[bytes]:
    with path.open(encoding="ascii", errors="replace") as file:
        status = os.fstat(file.fileno())
        text = file.read()
    if os.name == "posix" and (
        status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid != os.geteuid()
    ):
        raise HubStartError(f"The signing key {path} is open to other users; run: chmod 600 {path}")
    try:
        found = [bytes.fromhex(line) for line in text.split()]
    except ValueError:
        found = []
    if not found or any(len(item) < MIN_SECRET_BYTES for item in found):
        raise HubStartError(f"The signing key {path} is damaged; delete it to have a new one made.")
    return found
