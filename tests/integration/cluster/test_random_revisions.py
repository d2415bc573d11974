"""Random edits, deletions, branches, reactions, pins and read marks on two nodes, against a model of them.

The seed is the test's parameter; it decides what is tried, not what time makes of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, ChatEvent, ChatMethod
from conduit_widget.errors import HubException
from tests.support.chat.cluster import NODES, Cluster, Node, cluster, postgres_cluster
from tests.support.hub.server import token
from tests.support.judging.history_checker import HistoryChecker, Sighting
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.servers.postgres import shared_postgres
from tests.support.signalr.wire_observer import WireObserver
from tests.support.waiting import eventually

ACTS = 40
EVERYTHING = 2**40
ACTIONS = ("send", "send", "ask", "edit", "edit", "delete", "react", "again", "drop", "pin", "pin", "read")
MARKS = ("!", "?", "\N{THUMBS UP SIGN}")


def connection(node: Node, user_id: str) -> HubConnection:
    """A user's connection to a node."""
    return HubConnection(node.url + CHAT_HUB_PATH, access_token=lambda: token(user_id), retry=None)


class Run:
    """One random run: what people did, and what must be so at its end."""

    def __init__(self, nodes: list[Node], seed: int) -> None:
        self.checker = HistoryChecker()
        self.texts: dict[str, str] = {}
        """What each message must say in the end; the empty text where it was deleted."""
        self.reactions: dict[str, set[tuple[str, str]]] = {}
        self.pins: dict[str, str] = {}
        """Who pinned each pinned message."""
        self.read: dict[str, int] = {}
        """How far each has said that they have read, at most to the newest event then."""
        self.gone: set[str] = set()
        """Texts that nobody may read any more."""
        self._nodes = nodes
        self._seed = seed
        self._count = 0
        self.seen: dict[str, dict[str, int]] = {}
        """The read marks as each watcher was told them."""
        self.newest = 0
        """A position that was committed: nobody can have read further than to the newest."""

    def text(self) -> str:
        """Return a text that nobody has said."""
        self._count += 1
        return f"words-{self._count:04d}."

    def told(self, watcher: str, marks: dict[str, int]) -> None:
        """A watcher is told of read marks: one never falls."""
        known = self.seen.setdefault(watcher, {})
        for user_id, seq in marks.items():
            assert seq >= known.get(user_id, 0)
            known[user_id] = seq

    async def act(self, name: str) -> None:
        """Do one thing after the other to one's own messages and their answers, at both nodes by turns."""
        chance = random.Random(f"{self._seed} {name}")
        mine: list[str] = []
        answers: list[str] = []
        for part in range(4):
            async with connection(self._nodes[part % 2], name) as hub:
                await hub.invoke(ChatMethod.JOIN_CONVERSATION, "c", timeout=30)
                for _ in range(ACTS // 4):
                    await self._one_thing(hub, name, chance, mine, answers)

    async def _one_thing(
        self, hub: HubConnection, name: str, chance: random.Random, mine: list[str], answers: list[str]
    ) -> None:
        alive = [id_ for id_ in mine if self.texts[id_]]
        what = chance.choice(ACTIONS)
        if what in ("send", "ask") or not alive:
            await self._send(hub, name, chance, mine, answers, asks=what == "ask")
            return
        chosen = chance.choice(alive)
        match what:
            case "edit":
                text = self.text()
                receipt = await self._do(hub, ChatMethod.EDIT_MESSAGE, chosen, text)
                if receipt["id"] == chosen:
                    self.gone.add(self.texts[chosen])
                else:
                    mine.append(receipt["id"])
                    answers.append(receipt["answerId"])
                self.texts[receipt["id"]] = text
            case "delete":
                await self._do(hub, ChatMethod.DELETE_MESSAGE, chosen)
                self.gone.add(self.texts[chosen])
                self.texts[chosen] = ""
                self.reactions.pop(chosen, None)
                self.pins.pop(chosen, None)
            case "pin":
                await self._pin(hub, name, chance, chosen)
            case "read":
                await self._read(hub, name, chance)
            case "react":
                await self._react(hub, name, chance, chosen)
            case "again":
                receipt = await self._do(hub, ChatMethod.REGENERATE_MESSAGE, chosen)
                answers.append(receipt["answerId"])
            case "drop" if answers:
                answer_id = answers.pop(chance.randrange(len(answers)))
                with contextlib.suppress(HubException):  # its question is gone, and with it the right to
                    await self._do(hub, ChatMethod.DELETE_MESSAGE, answer_id)
                    self.texts[answer_id] = ""

    async def _send(
        self,
        hub: HubConnection,
        name: str,
        chance: random.Random,
        mine: list[str],
        answers: list[str],
        *,
        asks: bool,
    ) -> None:
        text = self.text()
        id_ = f"{name}-{self._count}"
        message: dict[str, Any] = {"id": id_, "role": "user", "content": text, "metadata": {"respond": asks}}
        if mine and chance.random() < 0.3:
            message["parentId"] = chance.choice(mine)
        self.checker.send(id_)
        receipt = await self._do(hub, ChatMethod.SEND_MESSAGE, "c", message)
        self.checker.acknowledge(id_, receipt["seq"], receipt.get("answerId"))
        self.texts[id_] = text
        self.newest = max(self.newest, receipt["seq"])
        mine.append(id_)
        if asks:
            answers.append(receipt["answerId"])

    async def _react(self, hub: HubConnection, name: str, chance: random.Random, message_id: str) -> None:
        mark, is_on = chance.choice(MARKS), chance.random() < 0.7
        method = ChatMethod.ADD_REACTION if is_on else ChatMethod.REMOVE_REACTION
        await self._do(hub, method, message_id, mark)
        known = self.reactions.setdefault(message_id, set())
        (known.add if is_on else known.discard)((mark, name))

    async def _pin(self, hub: HubConnection, name: str, chance: random.Random, message_id: str) -> None:
        """Pin a message or take its pin away, at times what is so already."""
        if chance.random() < 0.7:
            await self._do(hub, ChatMethod.PIN_MESSAGE, "c", message_id)
            self.pins[message_id] = name
        else:
            await self._do(hub, ChatMethod.UNPIN_MESSAGE, "c", message_id)
            self.pins.pop(message_id, None)

    async def _read(self, hub: HubConnection, name: str, chance: random.Random) -> None:
        """Say how far one has read, at times less than before."""
        seq = chance.randint(1, max(2, self.newest))
        await self._do(hub, ChatMethod.MARK_READ, "c", seq)
        self.read[name] = max(self.read.get(name, 0), seq)

    async def _do(self, hub: HubConnection, method: str, *arguments: Any) -> Any:
        """Do something, at times twice: what is repeated must change nothing."""
        result = await hub.invoke(method, *arguments, timeout=60)
        if method not in (ChatMethod.REGENERATE_MESSAGE,) and self._count % 3 == 0:
            again = await hub.invoke(method, *arguments, timeout=60)
            assert again == result
        return result


@contextlib.asynccontextmanager
async def two_nodes(store: str, path: Path) -> AsyncIterator[tuple[Cluster, list[Node]]]:
    """Two nodes on one store."""
    models = [ScriptedProvider(["an ", 0.01, "answer"]) for _ in range(2)]
    if store == "sqlite":
        async with cluster(path / "h.db", *models, settings=NODES) as run:
            yield run
    else:
        async with postgres_cluster(shared_postgres().new_database(), *models, settings=NODES) as run:
            yield run


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_everybody_ends_with_the_same_and_nothing_deleted_comes_back(
    tmp_path: Path, store: str, seed: int
) -> None:
    """Those who watch all the time, those who come back, and the model have one state."""
    async with two_nodes(store, tmp_path) as (_, nodes):
        run = Run(nodes, seed)
        watchers = []
        for name, node in (("w0", nodes[0]), ("w1", nodes[1])):
            retrying = HubConnection(node.url + CHAT_HUB_PATH, access_token=lambda name=name: token(name))  # type: ignore[misc]
            watcher = WireObserver(retrying, "c", run.checker.observer(name, strict=True))
            retrying.on(ChatEvent.READ_MARKS_UPDATED, lambda _id, marks, name=name: run.told(name, marks))
            watcher.open()
            watchers.append(watcher)
        await eventually(lambda: all(each.view.epoch for each in watchers), what="the watchers")
        await asyncio.gather(*(run.act(name) for name in ("ann", "bob", "cem")))
        chat_store = nodes[0].chat.store
        await eventually(lambda: not any(node.chat.busy for node in nodes), what="the end of all answers")
        seq = (await chat_store.newest_seqs(["c"]))["c"]
        await eventually(lambda: all(each.view.observer.last == seq for each in watchers), what="all events")
        epoch = watchers[0].view.epoch
        late = run.checker.observer("late", strict=True)
        for node in nodes:
            async with connection(node, "late") as hub:
                resumed = await hub.invoke(ChatMethod.RESUME_CONVERSATION, "c", epoch, 0, timeout=30)
                joined = await hub.invoke(ChatMethod.JOIN_CONVERSATION, "c", timeout=30)
                pinned = await hub.invoke(ChatMethod.LIST_PINNED, "c", timeout=30)
            assert not [text for text in run.gone if text in repr((resumed, joined, pinned))]
            assert {each["id"]: each["metadata"]["pinned"]["by"] for each in pinned} == run.pins
            assert resumed["readMarks"] == joined["readMarks"] == run.read
        events = await chat_store.events_after("c", epoch, 0, limit=10**6, max_bytes=EVERYTHING)
        assert events is not None
        log = [Sighting.of_wire(event.arguments[0]) for event in events]
        for seen in log:
            late.live(seen)
        verdict = run.checker.verdict(log)
        assert verdict.clean, verdict.findings
        history = await chat_store.history("c", before_seq=EVERYTHING, limit=10**6, max_bytes=EVERYTHING)
        stored = {message["id"]: message for message in history.messages}
        assert {id_: stored[id_]["content"] for id_ in run.texts} == run.texts
        found_pins = {
            id_: each["metadata"]["pinned"]["by"]
            for id_, each in stored.items()
            if "pinned" in each["metadata"]
        }
        assert found_pins == run.pins
        assert await chat_store.read_marks("c") == run.read
        await eventually(lambda: run.seen == dict.fromkeys(("w0", "w1"), run.read), what="the read marks")
        reactions = {
            id_: {
                (mark, who)
                for mark, users in message["metadata"].get("reactions", {}).items()
                for who in users
            }
            for id_, message in stored.items()
        }
        assert {id_: found for id_, found in reactions.items() if found} == {
            id_: found for id_, found in run.reactions.items() if found
        }
        assert run.gone
        assert run.pins
        assert run.read
        assert not [text for text in run.gone if text in repr((events, history))]
        for watcher in watchers:
            await watcher.close()
