"""The local signing secret: one 0600 file per user, created once however many processes start together.

A line is a secret in hex; the first one signs. Those after it are still accepted, until the time (epoch
seconds) that follows them on their line. A site's own key file holds one secret as it is; what is still
accepted of earlier ones stands in ``<file>.previous``, in the same form.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock

from conduit_widget.errors import HubStartError, SettingsError
from conduit_widget.hub.auth.local_authority import MIN_SECRET_BYTES
from conduit_widget.hub.auth.private_file import Stamp, read_private, stamp_of, write_private

SECRET_BYTES: Final = 32
MAX_FILE_BYTES: Final = 64 * 1024

_logger = logging.getLogger(__name__)


class _Secret(NamedTuple):
    value: bytes
    until: float | None = None


class SecretFile:
    """The secrets of a hub's own key file, as a ``SecretSource``; read again when the file has changed.

    A file that has become unreadable changes nothing for a running hub, but is logged.

    Raises:
        HubStartError: the file cannot be read or created, is open to others or holds no secret.

    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._stamps: list[Stamp | None] = []
        self._secrets: list[_Secret] = []
        self()

    def __call__(self) -> Sequence[bytes]:
        """Return the secrets valid now, the one that signs first."""
        stamps = [stamp_of(path) for path in self._files()]
        if stamps != self._stamps:
            try:
                self._secrets = self._load()
            except HubStartError as error:
                if not self._secrets:
                    raise
                _logger.error("%s The keys read before stay in use.", error)  # noqa: TRY400 - the text says all
            self._stamps = stamps
        now = self._clock()
        return [item.value for item in self._secrets if item.until is None or item.until > now]

    def rotate(self, grace: float) -> None:
        """Sign with a new secret from now on; no earlier one is accepted for longer than ``grace`` seconds.

        Raises:
            HubStartError: the file cannot be read or written.

        """
        try:
            with FileLock(self._path.with_name(f"{self._path.name}.lock")):
                self._rotate(grace)
        except OSError as error:
            raise SettingsError(
                f"The signing key {self._path} cannot be changed: {error.strerror}."
            ) from error

    def _rotate(self, grace: float) -> None:
        current = _Secret(secrets.token_bytes(SECRET_BYTES))
        write_private(self._path, _lines([current, *self._retired(self._load(), grace)]))

    def _retired(self, found: Sequence[_Secret], grace: float) -> list[_Secret]:
        """Return what is still accepted after a rotation, with its end."""
        now = self._clock()
        ends = [now + grace if item.until is None else min(item.until, now + grace) for item in found]
        return [_Secret(item.value, end) for item, end in zip(found, ends, strict=True) if end > now]

    def _files(self) -> tuple[Path, ...]:
        return (self._path,)

    def _load(self) -> list[_Secret]:
        try:
            if not self._path.exists():
                _create(self._path, secrets.token_bytes(SECRET_BYTES))
            found = _read(self._path)
        except OSError as error:
            raise SettingsError(f"The signing key {self._path} cannot be used: {_reason(error)}.") from error
        if not found or found[0].until is not None:
            raise SettingsError(f"The signing key {self._path} is damaged; delete it to have a new one made.")
        return found


class SiteSecretFile(SecretFile):
    """A key file of the site's own: its content, as it is, is the secret.

    Raises:
        HubStartError: it cannot be read or is shorter than 32 bytes.

    """

    def _rotate(self, grace: float) -> None:
        (current, *earlier) = self._load()
        write_private(self._previous, _lines(self._retired([current, *earlier], grace)))
        write_private(self._path, secrets.token_hex(SECRET_BYTES).encode())

    @property
    def _previous(self) -> Path:
        return self._path.with_name(f"{self._path.name}.previous")

    def _files(self) -> tuple[Path, ...]:
        return (self._path, self._previous)

    def _load(self) -> list[_Secret]:
        try:
            key = self._path.read_bytes().strip()
            earlier = _read(self._previous) if self._previous.exists() else []
        except OSError as error:
            raise SettingsError(f"The key file {self._path} cannot be read ({_reason(error)}).") from error
        if len(key) < MIN_SECRET_BYTES:
            raise SettingsError(
                f"The key in {self._path} has {len(key)} bytes, at least {MIN_SECRET_BYTES} are needed."
            )
        return [_Secret(key), *earlier]


def load_or_create_secrets(path: Path) -> list[bytes]:
    """Return the secrets of ``path``: the current one first, then those still accepted during a rotation.

    A file that is not there is created, with one secret of 32 bytes.

    Raises:
        HubStartError: the file cannot be read or created, is open to others or holds no secret.

    """
    return list(SecretFile(path)())


def _create(path: Path, secret: bytes) -> None:
    """Write the file under a private name, then link it: one of several processes wins, none reads half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_private(private, _lines([_Secret(secret)]))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(private, path)
    finally:
        private.unlink(missing_ok=True)


def _lines(found: Sequence[_Secret]) -> bytes:
    return b"".join(
        item.value.hex().encode() + (b"" if item.until is None else b" %d" % item.until) + b"\n"
        for item in found
    )


def _read(path: Path) -> list[_Secret]:
    """Return the secrets of a file in our form; raise HubStartError where it is open to others or damaged."""
    try:
        lines = read_private(path, MAX_FILE_BYTES).decode("ascii").splitlines()
        found = [_parse(*line.split()) for line in lines if line.strip()]
    except PermissionError as error:
        if error.errno is not None:
            raise
        raise SettingsError(f"The signing key {error}") from error
    except (ValueError, TypeError):
        found = [_Secret(b"")]
    if any(len(item.value) < MIN_SECRET_BYTES for item in found):
        raise SettingsError(f"The signing key {path} is damaged; delete it to have a new one made.")
    return found


def _parse(secret: str, until: str | None = None) -> _Secret:
    return _Secret(bytes.fromhex(secret), None if until is None else float(until))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
