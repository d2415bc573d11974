"""Several members of one conversation, talking through a fault proxy to a real hub process."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from conduit_widget.app import signing_authority
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry
from conduit_widget.contract import CHAT_HUB_PATH, MAX_HISTORY_PAGE
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from tests.load.proof.member import Member
from tests.support.hub.live_hub import LiveHub
from tests.support.judging.history_checker import HistoryChecker, Sighting
from tests.support.network.fault_proxy import Chaos, FaultProxy, fault_proxy
from tests.support.waiting import eventually

CONVERSATION: Final = "chaos"
PROTOCOLS: Final[tuple[type[HubProtocol], ...]] = (JsonHubProtocol, MessagePackHubProtocol)
RETRY: Final = DelayRetry(delays=(0.0, 0.2, 0.5, 1.0), min_spread=0.2)
SERVER_TIMEOUT: Final = 20.0  # above the hub's 15 s keep-alive
TOKEN_LIFETIME: Final = 3600.0
SETTLE_WITHIN: Final = 120.0  # a half-open connection may cost 20 s, then a negotiate 15 s, several times


@dataclass
class ChaosRun:
    """A running conversation of several members through a proxy."""

    hub: LiveHub
    proxy: FaultProxy
    checker: HistoryChecker
    members: list[Member]
    seed: int
    conversation: str = CONVERSATION
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _talkers: list[asyncio.Task[None]] = field(default_factory=list)

    def talk(self, pause: float) -> None:
        """Let every member send, a message each ``pause`` seconds on average."""
        for number, member in enumerate(self.members):
            chance = random.Random(f"{self.seed} {number}")
            self._talkers.append(asyncio.create_task(member.talk(self._stop, chance, pause)))

    def check_talkers(self) -> None:
        """Raise what ended a talker before its time."""
        for talker in self._talkers:
            if talker.done() and not talker.cancelled():
                talker.result()

    async def settle(self) -> None:
        """Stop talking, let the network be, wait until everybody has everything."""
        self._stop.set()
        self.proxy.calm_down()
        _, stuck = await asyncio.wait(self._talkers, timeout=SETTLE_WITHIN)
        for member in self.members:
            if stuck:
                self.checker.verdict_so_far.note(f"{member.name} at the end: {member.condition}")
        for talker in stuck:
            talker.cancel()
        self.check_talkers()

        def everybody_has_everything() -> bool:
            return not any(self.checker.missing(member.observer) for member in self.members)

        with contextlib.suppress(AssertionError):  # the verdict says what is missing
            await eventually(everybody_has_everything, within=SETTLE_WITHIN)

    async def log(self) -> list[Sighting]:
        """Read the hub's whole log with a fresh client, past the proxy."""
        async with self._direct() as connection:
            await connection.invoke("JoinConversation", self.conversation)
            log: list[Sighting] = []
            before = 2**31
            while True:
                page = await connection.invoke("GetHistory", self.conversation, before, MAX_HISTORY_PAGE)
                found = [Sighting.of_wire(message) for message in page["messages"]]
                log[:0] = found
                if not found or not page.get("hasMore"):
                    return log
                before = found[0].seq
                await asyncio.sleep(0.06)  # within the hub's rate limit

    def _direct(self) -> HubConnection:
        return HubConnection(self.hub.url + CHAT_HUB_PATH, access_token=self.hub.token("reader"), retry=None)


@contextlib.asynccontextmanager
async def chaos_run(
    hub: LiveHub, *, members: int, seed: int, chaos: Chaos | None, conversation: str = CONVERSATION
) -> AsyncIterator[ChaosRun]:
    """Join ``members`` clients, alternating the encodings, through a proxy in front of a running hub."""
    port = urlsplit(hub.url).port
    assert port is not None
    authority = signing_authority(hub.data_dir, None)
    checker = HistoryChecker()
    async with fault_proxy(port, chaos=chaos) as proxy:
        url = f"http://127.0.0.1:{proxy.port}{CHAT_HUB_PATH}"

        def connect(name: str, protocol: HubProtocol) -> HubConnection:
            return HubConnection(
                url,
                access_token=lambda: authority.issue(name, name, TOKEN_LIFETIME),
                protocol=protocol,
                retry=RETRY,
                server_timeout=SERVER_TIMEOUT,
            )

        people = []
        for number in range(members):
            name, protocol = f"m{number}", PROTOCOLS[number % len(PROTOCOLS)]()
            people.append(Member(name, lambda n=name, p=protocol: connect(n, p), checker, conversation))  # type: ignore[misc] # mypy cannot infer lambdas with defaults
        fillers = [asyncio.create_task(member.fill_gaps()) for member in people]
        try:
            for member in people:
                member.conversation.open()
            yield ChaosRun(hub, proxy, checker, people, seed, conversation)
        finally:
            for task in fillers:
                task.cancel()
            await asyncio.gather(*fillers, return_exceptions=True)
            await asyncio.gather(*(member.conversation.close() for member in people))
