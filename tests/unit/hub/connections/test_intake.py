"""One client's records: a share a turn, a rate, a close for who goes on; nothing is lost, all in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from conduit_widget.hub.connections.intake import RECORDS_A_TURN, Intake
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import CancelInvocation, HubMessage
from tests.support.waiting import eventually

PLENTY = HubLimits(invocations_per_second=1e9, invocation_burst=10**9)
LETTERS = 2  # bytes of a record here


class Client:
    """Understands records of two bytes; remembers when each was acted on, and whether it is read."""

    def __init__(self, limits: HubLimits = PLENTY) -> None:
        self.acted: list[str] = []
        self.turns: list[int] = []
        self.turn = 0
        self.read_now = True
        self.hammers = False
        self.free = False
        self.block_at = -1
        self.intake = Intake(self, limits)

    def read(self, data: bytes) -> tuple[Sequence[HubMessage], int]:
        records = [data[at : at + LETTERS].decode() for at in range(0, len(data), LETTERS)]
        return [CancelInvocation(record) for record in records if record != "??"], records.count("??")

    def read_piece(self, data: bytes, at: int, size: int) -> tuple[int, Sequence[HubMessage], int]:
        end = at + size - size % LETTERS
        return end, *self.read(data[at:end])

    def act(self, message: Any) -> bool:
        self.acted.append(message.invocation_id)
        self.turns.append(self.turn)
        if len(self.acted) == self.block_at:
            self.intake.block()
        return not self.free

    def hold(self) -> None:
        assert self.read_now
        self.read_now = False

    def release(self) -> None:
        assert not self.read_now
        self.read_now = True

    def close_for_flooding(self) -> None:
        self.hammers = True
        self.intake.drop()

    async def pass_turns(self, until: int) -> None:
        """Count the loop's turns until so many records were acted on."""
        while len(self.acted) < until:
            self.turn += 1
            await asyncio.sleep(0)

    @property
    def most_a_turn(self) -> int:
        return max(self.turns.count(turn) for turn in set(self.turns))


def _records(count: int) -> bytes:
    return b"".join(b"%c%c" % (97 + number // 26 % 26, 97 + number % 26) for number in range(count))


async def test_usual_frame_is_acted_on_at_once() -> None:
    """Sixty-four records, as real clients send them, take one turn and stop no reading."""
    client = Client()
    client.intake.accept(_records(RECORDS_A_TURN))
    assert len(client.acted) == RECORDS_A_TURN
    assert client.read_now


async def test_long_frames_take_turns_in_order() -> None:
    """So many records a turn and no more; nothing is read meanwhile; what still comes waits behind."""
    client = Client()
    data = _records(20_000)
    client.intake.accept(data)
    assert not client.read_now
    client.intake.accept(b"zz")
    await client.pass_turns(20_001)
    assert client.most_a_turn <= RECORDS_A_TURN
    assert "".join(client.acted).encode() == data + b"zz"
    assert client.read_now


async def test_records_that_are_none_use_up_the_turn_too() -> None:
    """A type nobody knows costs as much as one that is known."""
    client = Client()
    client.intake.accept(b"??" * 20_000 + b"zz")
    await client.pass_turns(1)
    assert client.turn > 4


async def test_who_is_over_the_rate_is_read_more_slowly_and_loses_nothing() -> None:
    """Reading stops, goes on when the rate allows, and everything is acted on."""
    client = Client(HubLimits(invocations_per_second=40, invocation_burst=2, records_per_call=5))
    client.intake.accept(_records(20))
    assert len(client.acted) == 20
    assert not client.read_now
    client.intake.accept(_records(5))
    assert len(client.acted) == 20
    await eventually(lambda: len(client.acted) == 25)
    await eventually(lambda: client.read_now)
    assert not client.hammers


async def test_frames_without_a_message_count() -> None:
    """Control frames, pieces, and frames that complete no record."""
    client = Client(HubLimits(invocations_per_second=0.001, invocation_burst=1, records_per_call=10))
    for _ in range(5):
        client.intake.count_frame()
    for _ in range(5):
        client.intake.accept(b"")
    assert client.read_now
    client.intake.count_frame()
    assert not client.read_now


async def test_who_goes_on_is_closed() -> None:
    """Patience ends; what waits is dropped, and the client is read up to its goodbye."""
    limits = HubLimits(
        invocations_per_second=0.001, invocation_burst=1, records_per_call=10, rate_limit_patience=0.5
    )
    client = Client(limits)
    for _ in range(10):
        client.intake.accept(_records(2000))
    await eventually(lambda: client.hammers)
    assert len(client.acted) < 20_000
    await eventually(lambda: client.read_now)


async def test_items_of_an_upload_are_free() -> None:
    """What the hub has asked for has no rate."""
    client = Client(HubLimits(invocations_per_second=0.001, invocation_burst=1, records_per_call=1))
    client.free = True
    client.intake.accept(_records(10_000))
    await client.pass_turns(10_000)
    assert client.read_now


async def test_full_upload_stops_what_waits_and_goes_on_in_order() -> None:
    """No more than the turn's share is acted on; then the rest."""
    client = Client()
    client.block_at = 100
    data = _records(1000)
    client.intake.accept(data)
    await client.pass_turns(100)
    for _ in range(10):
        await asyncio.sleep(0)
    assert 100 <= len(client.acted) <= 100 + RECORDS_A_TURN
    assert not client.read_now
    client.intake.unblock()
    await client.pass_turns(1000)
    assert "".join(client.acted).encode() == data
    assert client.read_now


async def test_drop_forgets_what_waits() -> None:
    """The transport is gone: nothing of it is acted on any more."""
    client = Client()
    client.intake.accept(_records(1000))
    client.intake.drop()
    await eventually(lambda: client.read_now)
    assert len(client.acted) == RECORDS_A_TURN
