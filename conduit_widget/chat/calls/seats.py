"""Seats in a call, for pages that the hub serves itself where a notebook's page may not use a camera.

A member asks for a ticket, which is good once and for half a minute; the page gives it back for a key. The
key is for the call of one conversation and nothing else. Both are good at every node of the hub: the
backplane keeps them, under their hashes, and nothing else does.

A seat is a lease. The node that its page is connected to renews it every 20 seconds, and it ends a minute
after it was renewed last: the page has gone, or the node was killed. A node that the nodes' engine is cut off
from keeps the pages that it has, lets no other in, and takes their leases up again once the engine answers; a
page that loses such a node later than a minute after the cut is opened from the chat again.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from conduit_widget.contract import CALL_SCOPE, SCOPE_CLAIM, ErrorText
from conduit_widget.errors import AuthenticationError, BackplaneUnavailableError, trace_of
from conduit_widget.hub.auth.local_authority import Authenticator, Credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.backplane.memory import MemoryBackplane

_logger = logging.getLogger(__name__)

TICKET_SECONDS: Final = 30.0
SEAT_SECONDS: Final = 12 * 3600.0
LEASE_SECONDS: Final = 60.0
"""A page that has lost its connection, or its node, is waited for so long."""
RENEWALS: Final = 3
"""How often a lease is renewed in the time that it lasts."""
KEY_PREFIX: Final = "seat_"
TICKETS: Final = "call-tickets"
SEATS: Final = "call-seats"

_CONVERSATION: Final = "conduit_conversation"
_SEAT: Final = "conduit_seat"


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """For whom a ticket or a key is, and for the call of which conversation.

    ``issued_at`` is the ``iat`` claim of the member's own token: who revokes that ends this as well. A key
    ends at ``ends_at``, in epoch seconds, at the latest.
    """

    user_id: str
    user_name: str
    token_id: str
    issued_at: Any
    conversation_id: str
    ends_at: float = 0.0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Seat)


@dataclasses.dataclass
class _Page:
    """What a seat's page, or several of them, has at this node."""

    principal: Principal
    connections: int = 0
    failed: bool = False
    """Whether its last renewal failed by an error of its own: that is logged once."""


class CallSeats:
    """The tickets and seats of a hub, at one of its nodes; :meth:`start` and :meth:`aclose` it.

    ``lease`` is for how many seconds a seat is good without being renewed.
    """

    def __init__(self, backplane: Backplane | None = None, *, lease: float = LEASE_SECONDS) -> None:
        self._backplane = backplane or MemoryBackplane()
        self._lease = lease
        self._pages: dict[str, _Page] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to renew the seats whose pages are here (harmless when it has begun)."""
        if self._task is None:
            self._stop_listening = self._backplane.on_interruption(self._wake.set)
            self._task = asyncio.create_task(self._renew_on_and_on(), name="call-seats")

    async def aclose(self) -> None:
        """Renew nothing any more (idempotent)."""
        if self._task is not None and self._stop_listening is not None:
            self._stop_listening()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def ticket(self, principal: Principal, conversation_id: str) -> str:
        """Return a ticket to the call of a conversation; whoever holds it is let in as ``principal``.

        Raises:
            BackplaneUnavailableError: the other nodes cannot be told.

        """
        ticket = secrets.token_urlsafe(32)
        issued_at = principal.claims.get("iat")
        seat = Seat(principal.user_id, principal.user_name, principal.token_id, issued_at, conversation_id)
        await self._backplane.keep(TICKETS, _hash(ticket), _encoder.encode(seat), TICKET_SECONDS)
        return ticket

    async def redeem(self, ticket: str) -> tuple[str, Seat] | None:
        """Return a key and what it is for; None for a ticket that is used, too old or none.

        Raises:
            BackplaneUnavailableError: what other nodes have given out cannot be known.

        """
        kept = await self._backplane.kept(TICKETS, _hash(ticket), take=True)
        if kept is None:
            return None
        key = KEY_PREFIX + secrets.token_urlsafe(32)
        seat = msgspec.structs.replace(_decoder.decode(kept), ends_at=time.time() + SEAT_SECONDS)
        await self._backplane.keep(SEATS, _hash(key), _encoder.encode(seat), self._lease)
        return key, seat

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Return who a key speaks for.

        Raises:
            AuthenticationError: it is no key of a seat, its seat has ended, or the nodes' engine is away.

        """
        if credential is None:
            raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION)
        name = _hash(credential.value)
        try:
            kept = await self._backplane.kept(SEATS, name)
        except BackplaneUnavailableError:
            reason = "the nodes of the hub cannot be asked for its call"
            raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason=reason) from None
        seat = None if kept is None else _decoder.decode(kept)
        if seat is None or seat.ends_at <= time.time():  # a clock may have been set forward
            raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason="its call has ended")
        return _principal(seat, name)

    async def connected(self, principal: Principal) -> None:
        """Note that a page has connected: its seat is renewed from now on."""
        if name := _name_of(principal):
            self._pages.setdefault(name, _Page(principal)).connections += 1
            await self._safely_hold(name, principal)

    async def disconnected(self, principal: Principal) -> None:
        """Note that a page has gone: its seat is held once more, for a page that is loaded again."""
        page = self._pages.get(name := _name_of(principal))
        if page is not None:
            page.connections -= 1
            if page.connections <= 0:
                del self._pages[name]
            await self._safely_hold(name, principal)

    async def renew(self) -> None:
        """Hold the seats of all pages that are here; one that cannot be held costs no other its lease.

        Raises:
            BackplaneUnavailableError: the engine is away; the others would be held in vain, too.

        """
        for name, page in list(self._pages.items()):
            try:
                await self._hold(name, page.principal)
            except BackplaneUnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - a seat's own fault, whatever it is
                if not page.failed:
                    page.failed = True
                    _not_held(error)
            else:
                page.failed = False

    async def _renew_on_and_on(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._lease / RENEWALS)
            self._wake.clear()
            try:
                await self.renew()
            except BackplaneUnavailableError:
                _logger.debug("The nodes' engine is away; the seats of calls are renewed once it is back.")
            except Exception as error:  # noqa: BLE001 - this task must go on
                _logger.error("The seats of calls were not renewed: %s", trace_of(error))  # noqa: TRY400

    async def _safely_hold(self, name: str, principal: Principal) -> None:
        """Hold a seat; where it cannot be held it ends as it was to, and its page comes and goes as ever."""
        try:
            await self._hold(name, principal)
        except BackplaneUnavailableError:
            _logger.debug("The nodes' engine is away; a seat of a call ends as it was to.")
        except Exception as error:  # noqa: BLE001 - a seat's own fault, whatever it is
            _not_held(error)

    async def _hold(self, name: str, principal: Principal) -> None:
        """Keep a seat for a lease from now on, and no longer than its whole time."""
        seconds = min(self._lease, principal.expires_at - time.time())
        if seconds <= 0:
            return
        seat = Seat(
            principal.user_id,
            principal.user_name,
            principal.token_id,
            principal.claims.get("iat"),
            str(principal.claims[_CONVERSATION]),
            principal.expires_at,
        )
        await self._backplane.keep(SEATS, name, _encoder.encode(seat), seconds)


class SeatedAuthenticator:
    """Accepts the keys of seats beside what ``others`` accepts."""

    def __init__(self, seats: CallSeats, others: Authenticator) -> None:
        self._seats = seats
        self._others = others

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Return who the credential speaks for; see ``Authenticator``."""
        is_key = credential is not None and credential.value.startswith(KEY_PREFIX)
        return await (self._seats if is_key else self._others).authenticate(credential)


def may_enter(principal: Principal, conversation_id: str) -> bool:
    """Whether a principal's seat, if it has one, is in this conversation."""
    return not principal.scope or principal.claims.get(_CONVERSATION) == conversation_id


def _principal(seat: Seat, name: str) -> Principal:
    claims = {SCOPE_CLAIM: CALL_SCOPE, _CONVERSATION: seat.conversation_id, _SEAT: name}
    if seat.issued_at is not None:
        claims["iat"] = seat.issued_at
    return Principal(seat.user_id, seat.user_name, seat.token_id, seat.ends_at, claims)


def _not_held(error: Exception) -> None:
    _logger.error(
        "A seat of a call was not renewed; it ends unless a later renewal succeeds: %s", trace_of(error)
    )


def _name_of(principal: Principal) -> str:
    """Return under what the backplane keeps a principal's seat; empty when they have none."""
    return str(principal.claims.get(_SEAT, ""))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
