"""Tickets and seats of call pages: once, soon, for one conversation, and nothing of them in clear."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from conduit_widget.chat.calls import seats as seats_module
from conduit_widget.chat.calls.seats import (
    LEASE_SECONDS,
    SEAT_SECONDS,
    TICKET_SECONDS,
    CallSeats,
    SeatedAuthenticator,
    may_enter,
)
from conduit_widget.errors import AuthenticationError, BackplaneUnavailableError
from conduit_widget.hub.auth.local_authority import Credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.backplane.kept_values import MOST_VALUES, KeptValues
from conduit_widget.hub.backplane.memory import MemoryBackplane, MemoryBus

ANN = Principal("ann", "Ann", "token-1", math.inf, {"iat": 7, "roles": ["operator"]})


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock of the test."""
    return Clock()


@pytest.fixture
def seats(clock: Clock) -> CallSeats:
    """Seats by that clock."""
    return CallSeats(MemoryBackplane(kept_values=KeptValues(clock=clock)))


async def test_a_ticket_is_good_once(seats: CallSeats) -> None:
    """The second time it is nothing."""
    ticket = await seats.ticket(ANN, "team")
    assert await seats.redeem(ticket) is not None
    assert await seats.redeem(ticket) is None


async def test_a_ticket_is_good_for_half_a_minute(seats: CallSeats, clock: Clock) -> None:
    """And no longer."""
    first, second = await seats.ticket(ANN, "team"), await seats.ticket(ANN, "team")
    clock.now += TICKET_SECONDS - 0.01
    assert await seats.redeem(first) is not None
    clock.now += 0.02
    assert await seats.redeem(second) is None


async def test_a_key_speaks_for_its_owner_in_one_conversation_alone(seats: CallSeats) -> None:
    """It has no role and no other right of the token; who revokes that ends it as well."""
    found = await seats.redeem(await seats.ticket(ANN, "team"))
    assert found is not None
    principal = await seats.authenticate(Credential("bearer", found[0]))
    assert (principal.user_id, principal.token_id, principal.scope) == ("ann", "token-1", "call")
    assert (principal.roles, principal.claims["iat"]) == (frozenset(), 7)
    assert may_enter(principal, "team")
    assert not may_enter(principal, "board")
    assert may_enter(ANN, "board")


async def taken(seats: CallSeats) -> Credential:
    """Return the key of a fresh seat."""
    found = await seats.redeem(await seats.ticket(ANN, "team"))
    assert found is not None
    return Credential("bearer", found[0])


async def is_over(seats: CallSeats, key: Credential) -> bool:
    """Whether a key is good for nothing any more."""
    try:
        await seats.authenticate(key)
    except AuthenticationError:
        return True
    return False


async def test_a_seat_ends_a_while_after_its_page(seats: CallSeats, clock: Clock) -> None:
    """While the page is there its node renews it; a page that loads again finds it."""
    key = await taken(seats)
    await seats.connected(await seats.authenticate(key))
    for _ in range(10):
        clock.now += LEASE_SECONDS - 1
        await seats.renew()
    principal = await seats.authenticate(key)
    await seats.disconnected(principal)
    clock.now += LEASE_SECONDS - 1
    await seats.renew()
    assert await seats.authenticate(key) == principal
    clock.now += 1
    assert await is_over(seats, key)


async def test_a_seat_lasts_as_long_as_one_of_its_pages(seats: CallSeats, clock: Clock) -> None:
    """A page that is loaded again may connect before the one before is known to have gone."""
    key = await taken(seats)
    principal = await seats.authenticate(key)
    await seats.connected(principal)
    await seats.connected(principal)
    await seats.disconnected(principal)
    clock.now += LEASE_SECONDS - 1
    await seats.renew()
    clock.now += LEASE_SECONDS - 1
    assert not await is_over(seats, key)


async def test_a_seat_that_nobody_renews_ends(seats: CallSeats, clock: Clock) -> None:
    """Its node was killed and could not say that the page has gone."""
    key = await taken(seats)
    await seats.connected(await seats.authenticate(key))
    clock.now += LEASE_SECONDS
    assert await is_over(seats, key)


async def test_a_lease_is_no_longer_than_the_seats_whole_time(seats: CallSeats, clock: Clock) -> None:
    """However long the page stays."""
    key = await taken(seats)
    principal = await seats.authenticate(key)
    await seats.connected(replace(principal, expires_at=time.time() + 30))
    clock.now += 30
    assert await is_over(seats, key)


async def test_a_key_is_good_for_no_longer_than_its_seat_whatever_the_lease(
    seats: CallSeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's clock was set forward: the lease, by another clock, goes on."""
    key = await taken(seats)
    late = time.time() + SEAT_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: late)
    assert await is_over(seats, key)


async def test_a_page_that_went_to_another_node_keeps_its_seat(clock: Clock) -> None:
    """The node that it has left notices late, and does not end what the page has at the other one."""
    bus = MemoryBus()
    bus.kept_values = KeptValues(clock=clock)
    nodes = [MemoryBackplane(bus) for _ in range(2)]
    for node in nodes:
        await node.start()
    before, now = (CallSeats(node) for node in nodes)
    key = await taken(before)
    await before.connected(await before.authenticate(key))
    await now.connected(await now.authenticate(key))
    await before.disconnected(await before.authenticate(key))
    for _ in range(10):
        clock.now += LEASE_SECONDS - 1
        await before.renew()
        await now.renew()
    principal = await now.authenticate(key)
    await now.disconnected(principal)
    clock.now += LEASE_SECONDS
    assert await is_over(now, key)


class Refusing(MemoryBackplane):
    """A backplane that refuses to keep one value, by an error that is not the engine's."""

    refused = ""

    async def keep(self, table: str, key: str, value: bytes, seconds: float) -> None:
        if key == self.refused:
            raise ValueError("refused")
        await super().keep(table, key, value, seconds)


async def seat_names(seats: CallSeats, keys: list[Credential]) -> list[str]:
    """Return under what the backplane keeps the seats."""
    return [str((await seats.authenticate(key)).claims["conduit_seat"]) for key in keys]


async def test_a_seat_that_cannot_be_renewed_costs_no_other_its_lease(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Its error is logged once, and again only after a renewal that succeeded."""
    backplane = Refusing(kept_values=KeptValues(clock=clock))
    seats = CallSeats(backplane)
    keys = [await taken(seats) for _ in range(3)]
    for key in keys:
        await seats.connected(await seats.authenticate(key))
    backplane.refused = (await seat_names(seats, keys))[0]
    for _ in range(3):
        clock.now += LEASE_SECONDS - 1
        await seats.renew()
    assert [await is_over(seats, key) for key in keys] == [True, False, False]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "refused" not in caplog.text

    backplane.refused = ""
    await seats.renew()
    assert not await is_over(seats, keys[0])
    backplane.refused = (await seat_names(seats, keys))[0]
    await seats.renew()
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2


async def test_a_page_comes_and_goes_though_its_seat_cannot_be_held(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The seat then ends as it was to."""
    backplane = Refusing(kept_values=KeptValues(clock=clock))
    seats = CallSeats(backplane)
    key = await taken(seats)
    principal = await seats.authenticate(key)
    (backplane.refused,) = await seat_names(seats, [key])
    await seats.connected(principal)
    await seats.disconnected(principal)
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    clock.now += LEASE_SECONDS
    assert await is_over(seats, key)


async def test_a_round_of_renewals_ends_where_the_engine_is_away() -> None:
    """Each of the others would wait for it in vain."""
    bus = MemoryBus()
    node = MemoryBackplane(bus)
    await node.start()
    seats = CallSeats(node)
    key = await taken(seats)
    await seats.connected(await seats.authenticate(key))
    await node.aclose()
    with pytest.raises(BackplaneUnavailableError):
        await seats.renew()


async def test_a_ticket_is_no_key_and_a_key_is_no_ticket(seats: CallSeats) -> None:
    """The one is taken for the other nowhere."""
    ticket = await seats.ticket(ANN, "team")
    with pytest.raises(AuthenticationError):
        await seats.authenticate(Credential("bearer", ticket))
    found = await seats.redeem(ticket)
    assert found is not None
    assert await seats.redeem(found[0]) is None


async def test_tickets_are_bounded_and_the_oldest_goes(seats: CallSeats) -> None:
    """Asking on and on costs no memory, and nobody their seat."""
    found = await seats.redeem(await seats.ticket(ANN, "team"))
    assert found is not None
    first = await seats.ticket(ANN, "team")
    tickets = [await seats.ticket(ANN, "team") for _ in range(MOST_VALUES)]
    assert await seats.redeem(first) is None
    assert await seats.redeem(tickets[0]) is not None
    assert (await seats.authenticate(Credential("bearer", found[0]))).user_id == "ann"


async def test_nothing_kept_lets_anybody_in() -> None:
    """What a dump of the process shows of a ticket or a key is a hash."""
    kept = KeptValues()
    seats = CallSeats(MemoryBackplane(kept_values=kept))
    ticket = await seats.ticket(ANN, "team")
    assert ticket not in repr(vars(kept))
    found = await seats.redeem(ticket)
    assert found is not None
    await seats.connected(await seats.authenticate(Credential("bearer", found[0])))
    for place in (kept, seats):
        assert found[0] not in repr(vars(place))
    assert found[0] not in repr(found[1])


async def test_other_credentials_are_others_to_judge(seats: CallSeats) -> None:
    """A key that is none is refused, and not asked of anybody else."""

    class Others:
        """Another way in."""

        async def authenticate(self, _credential: Credential | None) -> Principal:
            return replace(ANN, user_id="bob")

    both = SeatedAuthenticator(seats, Others())
    assert (await both.authenticate(Credential("bearer", "x"))).user_id == "bob"
    assert (await both.authenticate(None)).user_id == "bob"
    with pytest.raises(AuthenticationError):
        await both.authenticate(Credential("bearer", seats_module.KEY_PREFIX + "x"))
