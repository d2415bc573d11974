"""Joining and resuming at every interleaving: whatever happens at any await, what is seen is the log.

A driver steps the coroutine; at its k-th suspension something else runs to its end, before what is awaited
and again after it. ``k`` goes up until the path has no such suspension any more, so new awaits are covered as
they are written.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat import ChatSettings
from conduit_widget.errors import HubException
from conduit_widget.types import Author, ChatMessage
from tests.support.chat.room import CONVERSATION, Room, Seat, chat_room
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

SETTINGS = ChatSettings(presence_grace=0.0, presence_interval=0.0, access_ttl=0.0, visibility="members")
REMEMBERING = dataclasses.replace(SETTINGS, access_ttl=60.0)


class Stepped:
    """Awaits a coroutine; runs ``hook`` at its suspension ``at``, before or after what it waits for."""

    def __init__(
        self, work: Coroutine[Any, Any, None], at: int, hook: Callable[[], Awaitable[None]], *, after: bool
    ) -> None:
        self._work = work
        self._at = at
        self._hook = hook
        self._after = after
        self.ended_before = True

    def __await__(self) -> Generator[Any, Any, None]:
        for number in itertools.count():
            try:
                awaited = self._work.send(None)
            except StopIteration:
                return
            here = number == self._at
            self.ended_before = self.ended_before and not here
            if here and not self._after:
                yield from self._hook().__await__()
            yield awaited
            if here and self._after:
                yield from self._hook().__await__()


@dataclasses.dataclass
class Scene:
    """A room with Ann in it, three messages, an answer being written, and Late at the door."""

    room: Room
    ann: Seat
    late: Seat
    more: asyncio.Event

    async def say(self) -> None:
        """Two messages."""
        for _ in range(2):
            await self.ann.send(f"m{self.room.checker.sent}")

    async def finish(self) -> None:
        """The answer ends."""
        self.more.set()
        await eventually(lambda: not self.ann.view.observer.texts.open)

    async def ask(self) -> None:
        """A further question, whose answer waits its turn."""
        await self.ann.send("q2", respond=True)

    async def bo_joins(self) -> None:
        """Somebody else comes in."""
        await self.room.seat("bo").join()

    async def ann_leaves(self) -> None:
        """Who was there leaves, and comes back."""
        await self.ann.leave()
        await self.ann.come_back()

    async def late_leaves(self) -> None:
        """The newcomer leaves before having come in."""
        await self.late.leave()

    async def late_is_cut_off(self) -> None:
        """The newcomer's connection ends."""
        self.late.drop()

    async def late_comes_in_twice(self) -> None:
        """Another connection of the newcomer joins."""
        await self.room.seat("late").join()

    async def late_loses_the_role(self) -> None:
        """The newcomer is removed from the conversation."""
        await self._conversation().set_role("late", None)

    async def late_becomes_a_reader(self) -> None:
        """The newcomer's role changes."""
        await self._conversation().set_role("late", "reader")

    def _conversation(self) -> Any:
        return self.room.hub.conversations.live(CONVERSATION)


async def _open(room: Room, more: asyncio.Event) -> Scene:
    ann = room.seat("ann")
    await ann.join()
    for user in ("late", "bo"):
        await room.chat.store.set_role(CONVERSATION, user, "member")
    late = room.seat("late")
    scene = Scene(room, ann, late, more)
    await scene.say()
    await ann.send("q1", respond=True)
    await eventually(lambda: ann.view.observer.texts.open)
    return scene


def _enter(late: Seat, how: str, epoch: str) -> Coroutine[Any, Any, None]:
    async def resume() -> None:
        await late.resume(epoch, late.view.observer.last)

    return late.join() if how == "join" else resume()


async def _at_every_await(
    folder: Path,
    how: str,
    event: Callable[[Scene], Awaitable[None]],
    check: Callable[[Scene], Awaitable[None]],
    settings: ChatSettings = SETTINGS,
) -> int:
    """Let ``event`` happen at every await of the path, each in a fresh room; return how many there were."""
    for number in itertools.count():
        ended = []
        for after in (False, True):
            more = asyncio.Event()
            provider = ScriptedProvider(["one ", "two ", more, "three"], ["four"])
            async with chat_room(folder / f"{number}{after}.sqlite3", settings, provider) as room:
                scene = await _open(room, more)
                if how == "resume":
                    await scene.late.join()
                    await scene.late.leave()
                    await scene.say()
                steps = Stepped(
                    _enter(scene.late, how, scene.ann.view.epoch),
                    number,
                    lambda scene=scene: event(scene),  # type: ignore[misc] # mypy cannot infer lambdas with defaults
                    after=after,
                )
                scene.late.view.hold()
                try:
                    await asyncio.wait_for(_awaited(steps), 30)
                except HubException:
                    scene.late.gone = True
                ended.append(steps.ended_before)
                await check(scene)
        if all(ended):
            return number
    raise AssertionError


async def _awaited(steps: Stepped) -> None:
    await steps


async def _sees_the_log(scene: Scene) -> None:
    """Further events reach everybody, and all views are the log."""
    await scene.say()
    await scene.finish()
    await eventually(lambda: not scene.room.chat.busy)
    verdict = scene.room.checker.verdict(await scene.room.log())
    assert verdict.clean, verdict.findings


HARMLESS = {
    "messages": Scene.say,
    "the end of an answer": Scene.finish,
    "a question": Scene.ask,
    "another joins": Scene.bo_joins,
    "who is there goes and comes": Scene.ann_leaves,
    "it leaves too early": Scene.late_leaves,
    "its other connection joins": Scene.late_comes_in_twice,
    "its role changes": Scene.late_becomes_a_reader,
}


@pytest.mark.parametrize("how", ["join", "resume"])
@pytest.mark.parametrize("what", HARMLESS)
async def test_view_is_the_log_when_something_happens_at_any_await(
    tmp_path: Path, how: str, what: str
) -> None:
    """No event is missed, none comes twice, whichever await it falls into."""
    assert await _at_every_await(tmp_path, how, HARMLESS[what], _sees_the_log) > 0


@pytest.mark.parametrize("how", ["join", "resume"])
async def test_nobody_is_left_inside_when_the_connection_ends_at_any_await(tmp_path: Path, how: str) -> None:
    """Neither in the group nor among the people, so no ghost stays."""

    async def check(scene: Scene) -> None:
        scene.late.drop()
        await scene.late.dropped()
        assert "late" not in scene.room.inside()
        people = scene.room.hub.conversations.live(CONVERSATION)
        assert not people.has(scene.late.context.connection_id)
        await eventually(lambda: scene.ann.view.participants == ["ann"])

    await _at_every_await(tmp_path, how, Scene.late_is_cut_off, check)


@pytest.mark.parametrize("how", ["join", "resume"])
@pytest.mark.parametrize("settings", [SETTINGS, REMEMBERING], ids=["asking", "remembering"])
async def test_nobody_gets_in_when_the_role_is_lost_at_any_await(
    tmp_path: Path, how: str, settings: ChatSettings
) -> None:
    """Whose membership ends while coming in hears nothing of the conversation from then on."""

    async def check(scene: Scene) -> None:
        if await scene.room.chat.store.role(CONVERSATION, "late") is None:
            assert "late" not in scene.room.inside()

    await _at_every_await(tmp_path, how, Scene.late_loses_the_role, check, settings)


async def test_unused_conversation_is_made_anew_when_all_leave_while_one_comes(tmp_path: Path) -> None:
    """The last one leaves at any await of a join: the newcomer is in the conversation that lives on."""

    async def ann_goes(scene: Scene) -> None:
        await scene.finish()
        await scene.ann.leave()

    async def check(scene: Scene) -> None:
        await scene.ann.come_back()
        await _sees_the_log(scene)

    await _at_every_await(tmp_path, "join", ann_goes, check)


async def test_message_of_who_joins_is_seen_once_by_all(tmp_path: Path) -> None:
    """A store's own author is no special case."""
    async with chat_room(tmp_path / "h.sqlite3", SETTINGS) as room:
        ann = room.seat("ann")
        await ann.join()
        conversation = room.hub.conversations.live(CONVERSATION)
        message = ChatMessage(id="direct", role="user", content="x")
        author = Author(user_id="ann", user_name="Ann")
        await conversation.messages.append(author, message, None, lambda _commit: None)
        verdict = room.checker.verdict(await room.log())
        assert verdict.clean, verdict.findings
