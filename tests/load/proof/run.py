"""One run of the proof: people talk, ask and watch while a nemesis works; then the checker judges."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry
from conduit_widget.contract import CHAT_HUB_PATH, ChatMethod
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from tests.load.proof.member import Member
from tests.load.proof.nemeses import Plan, play
from tests.load.stage import Stage, several_nodes, single_node
from tests.support.hub.server import stopped_reader
from tests.support.judging.history_checker import HistoryChecker
from tests.support.judging.verdict import Verdict
from tests.support.providers.scripted_model import script_of
from tests.support.signalr.client_frames import PING, frame, invocation
from tests.support.signalr.official_watcher import OfficialWatcher, prepare_node
from tests.support.signalr.wire_observer import WireObserver
from tests.support.waiting import eventually

CONVERSATION: Final = "proof"
PROTOCOLS: Final[tuple[type[HubProtocol], ...]] = (JsonHubProtocol, MessagePackHubProtocol)
RETRY: Final = DelayRetry(delays=(0.0, 0.2, 0.5, 1.0), min_spread=0.2)
SERVER_TIMEOUT: Final = 20.0  # above the hub's 15 s keep-alive
SETTLE_WITHIN: Final = 90.0
GHOSTS_GONE_WITHIN: Final = 60.0
TALKERS: Final = 5
WATCHERS: Final = 2
NEWCOMERS: Final = 5
LARGE: Final = 20_000


@dataclass
class Outcome:
    """What a run came to. ``complaints``: what is wrong though nothing was lost; they fail the run too."""

    plan: Plan
    verdict: Verdict
    events: int = 0
    answers: int = 0
    interrupted: int = 0
    reconnects: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every promise held."""
        return self.verdict.clean and not self.complaints


class Cast:
    """Everybody on the stage: talkers (our client), watchers and newcomers (on the wire)."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self.stage = stage
        self.plan = plan
        self.checker = HistoryChecker(script_of)
        self.talkers = [
            Member(name, lambda n=name, i=i: self._connect(n, i), self.checker, CONVERSATION)  # type: ignore[misc] # mypy cannot infer lambdas with defaults
            for i, name in enumerate(f"talker{i}" for i in range(TALKERS))
        ]
        self.watchers = [self._watcher(f"watcher{i}", i) for i in range(WATCHERS)]
        self.official = OfficialWatcher(
            prepare_node(),
            f"http://127.0.0.1:{stage.front.port}{CHAT_HUB_PATH}",
            stage.token("official"),
            CONVERSATION,
            self.checker.observer("official", strict=True),
        )
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._helpers: list[asyncio.Task[None]] = []
        self._slow: list[asyncio.Task[None]] = []
        self._stuck: list[asyncio.StreamWriter] = []

    @property
    def reconnects(self) -> int:
        """Return how often anybody had to come back."""
        return sum(t.reconnects for t in self.talkers) + sum(w.reconnects for w in self._eyes())

    async def begin(self) -> None:
        """Let everybody in, and begin the talk."""
        await self.official.open()
        self.stage.sleepers.append(self.official.pid)
        longest = LARGE if self.plan.nemesis.slow_readers else 200
        for talker in self.talkers:
            talker.conversation.open()
            self._helpers.append(asyncio.create_task(talker.fill_gaps()))
            chance = self.plan.chance(talker.name)
            self._tasks.append(
                asyncio.create_task(talker.talk(self._over, chance, 0.07, asks=0.02, longest=longest))
            )
        for watcher in self.watchers:
            watcher.open()
        self._tasks += [asyncio.create_task(self._come_late(number)) for number in range(NEWCOMERS)]
        self._slow += [
            asyncio.create_task(self._stop_reading(number))
            for number in range(self.plan.nemesis.slow_readers)
        ]

    async def settle(self) -> None:
        """End the talk, leave the network in peace, wait until everybody has everything."""
        self._over.set()
        self.stage.front.calm_down()
        _, late = await asyncio.wait(self._tasks, timeout=SETTLE_WITHIN)
        for task in late:
            task.cancel()
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
        await self._end_slow_readers()
        with contextlib.suppress(AssertionError):  # the verdict says what is missing
            await eventually(self._all_have_everything, within=SETTLE_WITHIN)
        with contextlib.suppress(AssertionError):
            await eventually(self._no_ghosts, within=GHOSTS_GONE_WITHIN)
        everybody = self._names()
        for name, people in self._views():
            self.checker.present(name, people, everybody)
        if not self._all_have_everything():
            for one in self._eyes():
                self.checker.verdict_so_far.note(f"{one.name} at the end: {one.condition}")
            for talker in self.talkers:
                self.checker.verdict_so_far.note(f"{talker.name} at the end: {talker.condition}")

    async def close(self) -> None:
        """Let everybody leave."""
        await self._end_slow_readers()
        for task in (*self._tasks, *self._helpers):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._helpers, return_exceptions=True)
        await asyncio.gather(
            *(talker.conversation.close() for talker in self.talkers),
            *(watcher.close() for watcher in self._eyes()),
        )

    async def _end_slow_readers(self) -> None:
        for task in self._slow:
            task.cancel()
        await asyncio.gather(*self._slow, return_exceptions=True)
        for writer in self._stuck:
            writer.transport.abort()

    def _eyes(self) -> list[WireObserver | OfficialWatcher]:
        return [*self.watchers, self.official]

    def _names(self) -> list[str]:
        return [t.name for t in self.talkers] + [w.name for w in self._eyes()]

    def _views(self) -> list[tuple[str, list[str]]]:
        """Who sees whom."""
        shown = [
            (t.name, [person.user_id for person in t.conversation.transcript.people.participants])
            for t in self.talkers
        ]
        return [*shown, *((w.name, w.view.participants) for w in self._eyes())]

    def _no_ghosts(self) -> bool:
        everybody = sorted(self._names())
        return all(sorted(people) == everybody for _, people in self._views())

    def _all_have_everything(self) -> bool:
        observers = [*(t.observer for t in self.talkers), *(w.view.observer for w in self._eyes())]
        return not any(self.checker.missing(one) or one.texts.open or one.unfinished for one in observers)

    def _connect(self, name: str, number: int) -> HubConnection:
        return HubConnection(
            f"http://127.0.0.1:{self.stage.front.port}{CHAT_HUB_PATH}",
            access_token=self.stage.token(name),
            protocol=PROTOCOLS[number % len(PROTOCOLS)](),
            retry=RETRY,
            server_timeout=SERVER_TIMEOUT,
        )

    def _watcher(self, name: str, number: int) -> WireObserver:
        observer = self.checker.observer(name, strict=True)
        return WireObserver(self._connect(name, number), CONVERSATION, observer)

    async def _come_late(self, number: int) -> None:
        """Join in the midst of it all, and stay."""
        await asyncio.sleep(self.plan.chance(f"newcomer {number}").uniform(0, self.plan.seconds))
        watcher = self._watcher(f"newcomer{number}", number)
        self.watchers.append(watcher)
        watcher.open()

    async def _stop_reading(self, number: int) -> None:
        """Join, then never read again; come back whenever the hub has had enough."""
        loop = asyncio.get_running_loop()
        url = f"http://127.0.0.1:{self.stage.front.port}"
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                token = self.stage.token(f"stuck{number}")
                _, writer = await stopped_reader(url, CHAT_HUB_PATH, token)
                self._stuck.append(writer)
                writer.write(invocation(ChatMethod.JOIN_CONVERSATION, CONVERSATION))
                until = loop.time() + 30
                while loop.time() < until and not writer.transport.is_closing():
                    await asyncio.sleep(1)
                    writer.write(frame(PING))  # alive, but reading nothing
            await asyncio.sleep(0.5)


@contextlib.asynccontextmanager
async def _staged(plan: Plan, folder: Path) -> AsyncIterator[Stage]:
    chaos, clock = plan.chaos, plan.nemesis.clock
    staged = (
        single_node(folder, chaos=chaos, clock=clock)
        if plan.nodes == 1
        else several_nodes(
            folder,
            plan.nodes,
            conversation=CONVERSATION,
            chaos=chaos,
            clock=clock,
            chance=plan.chance("balance"),
        )
    )
    async with staged as stage:
        yield stage


async def run(plan: Plan, folder: Path) -> Outcome:
    """Play a plan; ``folder`` is the hubs'."""
    began = time.monotonic()
    async with _staged(plan, folder) as stage:
        cast = Cast(stage, plan)
        try:
            await cast.begin()
            async with asyncio.timeout(plan.seconds + SETTLE_WITHIN):
                await asyncio.gather(play(stage, plan.steps()), asyncio.sleep(plan.seconds))
            for number in range(len(stage.hubs)):
                stage.set_clock(number, 0)
            await cast.settle()
        finally:
            await cast.close()
        for number, hub in enumerate(stage.hubs):
            code = await asyncio.to_thread(hub.terminate)
            if code != 0:
                stage.complaints.append(f"hub {number} ended with {code} at the end")
        log = await stage.log(CONVERSATION)
        verdict = cast.checker.verdict(log)
        newest = {seen.id: seen for seen in log if seen.parent}
        return Outcome(
            plan=plan,
            verdict=verdict,
            events=len(log),
            answers=len(newest),
            interrupted=sum(seen.status == "interrupted" for seen in newest.values()),
            reconnects=cast.reconnects,
            seconds=time.monotonic() - began,
            complaints=stage.complaints,
            errors=stage.errors(),
        )
