"""Log, join and resume as a state machine: whatever anybody does, a view is the log.

Connections of several people join, leave, come back from any position (of a wrong epoch or a future one, too)
and write, twice at times; answers begin and end; the process crashes and starts again on the same file.
"""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from conduit_widget.chat import ChatSettings
from tests.support.chat.room import CONVERSATION, Room, Seat
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.signalr.wire_observer import WireView
from tests.support.waiting import eventually

T = TypeVar("T")

PEOPLE = ("ann", "bo", "cy")
SETTINGS = ChatSettings(
    presence_grace=0.0,
    presence_interval=0.0,
    access_ttl=0.0,
    snapshot_messages=3,
    recovery_events=6,
    recovery_seconds=0.0,
    checkpoint_interval=0.0,
)


@dataclasses.dataclass
class Client:
    """A client over all its connections; ``seat`` is the present one, once it has joined."""

    user_id: str
    view: WireView
    seat: Seat | None = None


class LogMachine(RuleBasedStateMachine):
    """Rules are what may happen; after each, every view must be the log as far as it was told."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="conduit-log-")
        self._step = asyncio.Event()
        provider = ScriptedProvider(["one ", self._step, "two ", "three"])
        self.room = Room(Path(self._folder.name) / "h.sqlite3", SETTINGS, provider)
        self._run(self.room.start())
        self.clients = [self._client(name) for name in PEOPLE]
        self._sent: list[tuple[str, str]] = []
        self._answers_are_open = False

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        async def bounded() -> T:
            async with asyncio.timeout(20):
                return await work

        return self._loop.run_until_complete(bounded())

    def _client(self, name: str) -> Client:
        return Client(name, WireView(self.room.checker.observer(name, strict=True)))

    def _connected(self, client: Client) -> Seat:
        if client.seat is None:
            client.seat = self.room.seat(client.user_id, client.view)
        return client.seat

    async def _enter(self, client: Client) -> None:
        seat = self._connected(client)
        await (seat.come_back() if client.view.epoch else seat.join())
        await seat.fill()

    # ---- coming and going ------------------------------------------------------------------------------

    @rule(who=st.integers(0, 2))
    def come(self, who: int) -> None:
        """Join, or resume after what was seen."""
        self._run(self._enter(self.clients[who]))

    @rule(who=st.integers(0, 2))
    def join_again(self, who: int) -> None:
        """Join, though one may be in already."""
        self._run(self._connected(self.clients[who]).join())
        self._run(self._connected(self.clients[who]).fill())

    @rule(who=st.integers(0, 2))
    def leave(self, who: int) -> None:
        """Leave; the connection stays."""
        self._run(self._connected(self.clients[who]).leave())

    @rule(who=st.integers(0, 2))
    def lose_connection(self, who: int) -> None:
        """The connection ends."""
        client = self.clients[who]
        if client.seat is not None:
            client.seat.drop()
            self._run(client.seat.dropped())
            client.seat = None

    @rule(who=st.integers(0, 2), back=st.integers(-3, 12), same_epoch=st.booleans())
    def resume_from_anywhere(self, who: int, back: int, same_epoch: bool) -> None:
        """A newcomer resumes from any position: it has all from there, or a snapshot; never a part."""
        newest = self._run(self.room.log())
        epoch = next((client.view.epoch for client in self.clients if client.view.epoch), "")
        position = max(0, len(newest) - back)
        name = f"visitor{len(self.room.checker.observers)}"
        view = WireView(self.room.checker.observer(name, strict=True))
        seat = self.room.seat(self.clients[who].user_id, view)
        view.observer.snapshot(newest[:position], position)  # what it says it has
        if position > len(newest):
            view.observer.last = position
        result = self._run(seat.resume(epoch if same_epoch else "another", position))
        missed = len(newest) - position
        if result["recovered"]:
            assert same_epoch
            assert [event["seq"] for event in result.get("events", [])] == [
                *range(position + 1, len(newest) + 1)
            ]
        else:
            assert not same_epoch or not 0 <= missed <= SETTINGS.recovery_events or not epoch
            assert result["join"]["seq"] == len(newest)
        seat.drop()
        self._run(seat.dropped())
        self.room.checker.observers.remove(view.observer)

    # ---- the log ---------------------------------------------------------------------------------------

    def _write(self, who: int, message_id: str, *, respond: bool) -> None:
        client = self.clients[who]

        async def write() -> None:
            await self._enter(client)
            await self._connected(client).send(message_id, respond=respond)

        self._run(write())

    @rule(who=st.integers(0, 2), respond=st.booleans())
    def append(self, who: int, respond: bool) -> None:
        """Send a message; with ``respond`` an answer begins, or waits its turn."""
        message_id = f"m{len(self._sent)}"
        self._write(who, message_id, respond=respond)
        self._sent.append((message_id, self.clients[who].user_id))
        self._answers_are_open |= respond

    @precondition(lambda self: self._sent)
    @rule(data=st.data())
    def append_again(self, data: st.DataObject) -> None:
        """Send a message a second time: the same receipt, nothing new."""
        message_id, author = data.draw(st.sampled_from(self._sent))
        before = len(self._run(self.room.log()))
        self._write(PEOPLE.index(author), message_id, respond=data.draw(st.booleans()))
        assert len(self._run(self.room.log())) == before

    @precondition(lambda self: self._answers_are_open)
    @rule()
    def end_answers(self) -> None:
        """The answers being written and waiting come to their ends: updates of the log."""
        self._step.set()
        self._run(eventually(lambda: not self.room.chat.busy, within=15))
        self._step.clear()
        self._answers_are_open = False

    @rule()
    def crash(self) -> None:
        """The process ends without a farewell and starts anew on the same file; every connection is gone."""

        async def again() -> None:
            for client in self.clients:
                if client.seat is not None:
                    client.seat.drop()
                    client.seat = None
            await self.room.crash()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self.room.start()

        self._run(again())
        self._answers_are_open = False

    # ---- what must hold --------------------------------------------------------------------------------

    @invariant()
    def views_of_those_inside_are_the_log(self) -> None:
        """Who is in has seen everything, once and in order."""
        log = self._run(self.room.log())
        for client in self.clients:
            seat = client.seat
            if seat is not None and seat.context.items and self._is_inside(seat):
                assert client.view.observer.last == len(log)
                newest = {seen.id: seen.position for seen in log}
                for message_id, position in newest.items():
                    assert client.view.observer.version_of(message_id) == position
        verdict = self.room.checker.verdict_so_far
        assert verdict.clean, verdict.findings

    @invariant()
    def group_is_who_joined(self) -> None:
        """Nobody gets events who is not listed, and no listed connection goes without."""
        live = self.room.hub.conversations.live(CONVERSATION)
        members = self.room.mounted.groups.members(f"conversation:{CONVERSATION}")
        for member in members:
            assert live is not None
            assert live.has(member.connection_id)
        for client in self.clients:
            if client.seat is not None and live is not None:
                assert live.has(client.seat.context.connection_id) == self._is_inside(client.seat)

    def _is_inside(self, seat: Seat) -> bool:
        members = self.room.mounted.groups.members(f"conversation:{CONVERSATION}")
        return any(member is seat.context for member in members)

    def teardown(self) -> None:
        """Everybody comes, everything ends; then the whole history is judged."""

        async def end() -> None:
            for client in self.clients:
                await self._enter(client)
            self._step.set()
            await eventually(lambda: not self.room.chat.busy, within=15)
            verdict = self.room.checker.verdict(await self.room.log())
            await self.room.chat.aclose()
            assert verdict.clean, verdict.findings

        try:
            self._run(end())
        finally:
            self._loop.close()
            self._folder.cleanup()


LogMachine.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

TestLog = LogMachine.TestCase
