"""Opaque keys (``condt_…``): a random text per program or person, of which the hub keeps the SHA-256 only."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from filelock import FileLock

from conduit_widget.contract import MAX_ID_CHARS, ErrorText
from conduit_widget.errors import AuthenticationError, ValidationError
from conduit_widget.hub.auth.local_authority import NO_CREDENTIAL, Credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.auth.private_file import Stamp, read_document, stamp_of, write_document
from conduit_widget.text.plain_text import is_user_id, plain_name

KEY_PREFIX: Final = "condt_"
MAX_KEYS: Final = 1000
MAX_FILE_BYTES: Final = 2 * 1024 * 1024
_SECRET_BYTES: Final = 32
_FOR_EVER: Final = 100 * 365.25 * 86400.0  # a number that every peer can read, unlike infinity in JSON
_MAX_KEY_CHARS: Final = 256

_logger = logging.getLogger(__name__)


class OpaqueKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key's entry in the file: whom it speaks for, never the key itself. Times are epoch seconds."""

    id: str
    hash: str
    user_id: str
    user_name: str
    roles: list[str] = []
    created_at: float = 0.0
    expires_at: float | None = None

    def __repr__(self) -> str:
        return f"OpaqueKey(id={self.id!r}, user_id={self.user_id!r})"


class _Content(msgspec.Struct, frozen=True):
    keys: list[OpaqueKey] = []


class OpaqueKeyFile:
    """The keys of a hub: a 0600 file that the command line changes and the hub reads.

    Its methods raise OSError or ValueError when the file cannot be read, is open to others, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(f"{path.name}.lock"))

    def keys(self) -> list[OpaqueKey]:
        """Return every key, expired ones too; none when there is no file."""
        remedy = "restore it, or delete it and make new keys"
        content = read_document(self.path, _Content, MAX_FILE_BYTES, remedy=remedy)
        return [] if content is None else content.keys

    def create(
        self, user_id: str, user_name: str, *, roles: Sequence[str] = (), lifetime: float | None = None
    ) -> tuple[str, OpaqueKey]:
        """Make a key, good for ``lifetime`` seconds; return its text, kept nowhere, and its entry.

        Raises:
            ValidationError: the user id or a role is empty, too long or has invisible characters, or there
                are as many keys as may be.

        """
        for field, value in (("user_id", user_id), *(("role", role) for role in roles)):
            if not is_user_id(value):
                raise ValidationError(
                    field,
                    f"must have 1 to {MAX_ID_CHARS} characters, none invisible, and not only blanks",
                )
        text = KEY_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        now = time.time()
        entry = OpaqueKey(
            id=f"key-{secrets.token_hex(4)}",
            hash=_hash(text),
            user_id=user_id,
            user_name=plain_name(user_name, MAX_ID_CHARS) or user_id,
            roles=list(roles),
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
        )
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            keys = self.keys()
            if len(keys) >= MAX_KEYS:
                raise ValidationError("key", f"there are {len(keys)}, the limit is {MAX_KEYS}; remove some")
            self._write([*keys, entry])
        return text, entry

    def remove(self, key_id: str) -> OpaqueKey | None:
        """Take a key back; return what it was, or None where there is none of that id."""
        if stamp_of(self.path) is None:
            return None
        with self._lock:
            keys = self.keys()
            found = next((key for key in keys if key.id == key_id), None)
            if found is not None:
                self._write([key for key in keys if key is not found])
        return found

    def _write(self, keys: list[OpaqueKey]) -> None:
        write_document(self.path, _Content(keys))


class OpaqueKeys:
    """Lets in who holds a key of the file; an ``Authenticator``. A change of the file counts at once.

    A file that cannot be read lets nobody in by key, and is logged once.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = OpaqueKeyFile(path)
        self._clock = clock
        self._stamp: Stamp | None = None
        self._keys: list[OpaqueKey] = []

    def __repr__(self) -> str:
        return f"OpaqueKeys(keys={len(self._keys)})"

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Accept a key, as ``api_key`` or ``bearer``; see ``Authenticator``."""
        if credential is None:
            raise AuthenticationError(ErrorText.AUTHENTICATION_REQUIRED, reason=NO_CREDENTIAL)
        key = self._find(credential.value)
        if key is None:
            is_one = credential.kind == "api_key" or credential.value.startswith(KEY_PREFIX)
            reason = "it is no key of this hub" if is_one else ""
            raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason=reason)
        if key.expires_at is not None and key.expires_at <= self._clock():
            raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason="it has expired")
        return Principal(
            user_id=key.user_id,
            user_name=key.user_name,
            token_id=key.id,
            expires_at=key.created_at + _FOR_EVER if key.expires_at is None else key.expires_at,
            claims={"roles": key.roles, "iat": key.created_at},
        )

    def _find(self, text: str) -> OpaqueKey | None:
        """Return the key of a text; every one is compared, in constant time."""
        if not text.startswith(KEY_PREFIX) or len(text) > _MAX_KEY_CHARS:
            return None
        self._read_changes()
        given, found = _hash(text), None
        for key in self._keys:
            if hmac.compare_digest(key.hash.encode(), given.encode()):
                found = key
        return found

    def _read_changes(self) -> None:
        stamp = stamp_of(self._file.path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = self._file.keys()
        except (OSError, ValueError) as error:
            self._keys = []
            _logger.error("No opaque key is accepted: %s", error)  # noqa: TRY400 - the text says it all


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
