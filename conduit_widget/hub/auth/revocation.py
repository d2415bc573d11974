"""Revoked tokens and users: every node refuses them, and their connections end within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.contract import ErrorText
from conduit_widget.errors import (
    UNREADABLE,
    AuthenticationError,
    BackplaneUnavailableError,
    SettingsError,
    ValidationError,
    trace_of,
)
from conduit_widget.hub.auth.local_authority import REVOKED, Authenticator, Credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.auth.revocation_file import (
    MAX_REVOCATIONS,
    Revocation,
    RevocationFile,
    merged,
    revocation_of,
    short_id,
    too_many,
)
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.backplane.memory import MemoryBackplane
from conduit_widget.listeners import add_listener

LOOK_INTERVAL: Final = 1.0
CHANNEL: Final = "revocations"
TABLE: Final = "revocations"
KEY: Final = "all"

_logger = logging.getLogger(__name__)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Revocation]).decode


class Revocations:
    """Everything revoked, from ``file`` (looked at each second) and from the other nodes of ``backplane``.

    Knowledge only grows, until it expires: each node keeps what it hears, in its own file too, so that one
    node's word reaches all and survives it. While the backplane is away another node's word cannot arrive;
    it is read as soon as the backplane is back. At most ``MAX_REVOCATIONS``.
    """

    def __init__(self, file: RevocationFile | None = None, backplane: Backplane | None = None) -> None:
        self._file = file
        self._backplane = backplane or MemoryBackplane()
        self._tokens: dict[str, Revocation] = {}
        self._users: dict[str, Revocation] = {}
        self._listeners: list[Callable[[], None]] = []
        self._stamp: object = None
        self._stale = asyncio.Event()
        self._unwritten: list[Revocation] = []
        self._trouble = ""
        self._watcher: asyncio.Task[None] | None = None
        self._removers: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._tokens) + len(self._users)

    def is_revoked(self, principal: Principal) -> bool:
        """Whether a principal's token is revoked, or its user was after the token was issued.

        A token that does not say when it was issued counts as old. ``iat`` counts whole seconds: a token of
        the very second of the revocation is revoked too.
        """
        now = time.time()
        token = self._tokens.get(short_id(principal.token_id)) if principal.token_id else None
        if token is not None and token.until > now:
            return True
        user = self._users.get(short_id(principal.user_id))
        if user is None or user.until <= now:
            return False
        issued = principal.claims.get("iat")
        return not isinstance(issued, int | float) or issued < user.before

    async def revoke_token(self, token_id: str, until: float | None = None) -> None:
        """Revoke a token by its id until it expires (epoch seconds; a year unless given).

        It counts here at once, and is in the file, if there is one, on return.

        Raises:
            ValidationError: the id is empty, or there are too many revocations.
            OSError, ValueError: the file cannot be written.

        """
        await self._revoke(revocation_of("token", token_id, until))

    async def revoke_user(self, user_id: str) -> None:
        """Revoke all tokens a user has now; tokens issued later are good. See :meth:`revoke_token`."""
        await self._revoke(revocation_of("user", user_id))

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Register a callback for new revocations. Returns a function that unregisters it."""
        return add_listener(self._listeners, callback)

    async def start(self) -> None:
        """Read the file and listen to the other nodes; the backplane is started already. Idempotent.

        Raises:
            SettingsError: the file cannot be read: a hub must not let the revoked in.

        """
        if self._watcher is not None:
            return
        try:
            self._read_file()
        except (OSError, ValueError) as error:
            raise SettingsError(f"The revocations cannot be read: {error}") from error
        self._removers = [
            self._backplane.subscribe(CHANNEL, self._heard),
            self._backplane.on_interruption(self._stale.set),
            self._backplane.on_nodes_change(lambda _others: self._stale.set()),
        ]
        await self._backplane.subscribed(CHANNEL)
        await self._ask_nodes()
        self._watcher = asyncio.create_task(self._watch())

    async def aclose(self) -> None:
        """Listen no more, and keep what was heard last. Idempotent."""
        while self._removers:
            self._removers.pop()()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            await cancel_and_wait(watcher)
            try:
                await self._write_heard()
            except (OSError, ValueError, ValidationError) as error:
                self._tell_trouble(f"Revocations of other nodes could not be kept on disk: {error}")

    async def _revoke(self, item: Revocation) -> None:
        if len(self) >= MAX_REVOCATIONS:
            raise too_many(len(self) + 1)
        self._take([item])
        self._backplane.publish(CHANNEL, _encode([item]))
        if self._file is not None:
            await asyncio.to_thread(self._file.add, [item])

    def _heard(self, _sender: str, payload: bytes) -> None:
        """Take another node's word, and keep it."""
        try:
            self._unwritten += self._take(_decode(payload))
        except UNREADABLE:
            _logger.warning("Revocations of another node could not be read; is it of the same version?")

    def _take(self, items: Iterable[Revocation]) -> list[Revocation]:
        """Add what is new and tell everybody; return it."""
        known = [*self._tokens.values(), *self._users.values()]
        every = merged(known, items, time.time())
        if len(every) > MAX_REVOCATIONS:
            _logger.error("More than %d revocations: rotate the signing key instead.", MAX_REVOCATIONS)
            every = sorted(every, key=lambda item: item.until)[-MAX_REVOCATIONS:]
        before = set(known)
        new = [item for item in every if item not in before]
        if len(every) != len(known) or new:
            self._tokens = {item.id: item for item in every if item.kind == "token"}
            self._users = {item.id: item for item in every if item.kind == "user"}
            self._backplane.put(TABLE, KEY, _encode(every) if every else None)
        if new:
            for callback in tuple(self._listeners):
                callback()
        return new

    def _read_file(self) -> None:
        if self._file is None:
            return
        stamp = self._file.stamp
        if stamp != self._stamp:
            self._stamp = stamp
            new = self._take(self._file.read())
            if new:
                self._backplane.publish(CHANNEL, _encode(new))

    async def _ask_nodes(self) -> None:
        """Read what the other nodes know; once they can be reached again if they cannot now."""
        self._stale.clear()
        with contextlib.suppress(BackplaneUnavailableError):
            for payload in (await self._backplane.entries(TABLE, KEY)).values():
                self._heard("", payload)

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_INTERVAL):
                    await self._stale.wait()
            try:
                self._take(())
                self._read_file()
                if self._stale.is_set():
                    await self._ask_nodes()
                await self._write_heard()
                self._trouble = ""
            except (OSError, ValueError, ValidationError) as error:
                self._tell_trouble(f"The revocations on disk cannot be used: {error}")
            except Exception as error:  # noqa: BLE001 - whatever broke, the next look counts
                self._tell_trouble(f"Looking for revocations failed: {trace_of(error)}")

    def _tell_trouble(self, text: str) -> None:
        """Log what is wrong when it is not what was wrong at the last look, a second ago."""
        if text != self._trouble:
            self._trouble = text
            _logger.error(text)

    async def _write_heard(self) -> None:
        """Keep what other nodes said; what could not be written is written at the next look."""
        items = self._unwritten[:]
        if items and self._file is not None:
            await asyncio.to_thread(self._file.add, items)
        del self._unwritten[: len(items)]


class RevocationGuard:
    """An ``Authenticator`` that refuses what is revoked, whoever accepted it."""

    def __init__(self, authenticator: Authenticator, revocations: Revocations) -> None:
        self._authenticator = authenticator
        self._revocations = revocations

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Return who the credential speaks for; see ``Authenticator``."""
        principal = await self._authenticator.authenticate(credential)
        if self._revocations.is_revoked(principal):
            raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason=REVOKED)
        return principal
