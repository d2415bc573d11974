"""What two nodes never show: two survivors of one dead node, a third that writes while another one reads."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.contract import ChatEvent
from tests.support.chat.cluster import (
    NODES,
    SILENT,
    Node,
    cluster,
    one_at_each,
    postgres_cluster,
    take_for_dead,
)
from tests.support.chat.server import Person
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.servers.postgres import shared_postgres
from tests.support.waiting import eventually


def ends(person: Person) -> list[tuple[str, str, int]]:
    """The answers' ends that came, in order: id, text, position."""
    updates = (message for (message,) in person.of(ChatEvent.MESSAGE_UPDATED))
    return [(found["id"], found["content"], found["metadata"]["eventSeq"]) for found in updates]


def _end_at_once(monkeypatch: pytest.MonkeyPatch, *nodes: Node) -> None:
    """Let nobody end an abandoned answer before each of the nodes is about to."""
    barrier = asyncio.Barrier(len(nodes))
    for node in nodes:
        update = node.store.update

        async def meet(conversation_id: str, message: Any, *, _update: Any = update, **options: Any) -> Any:
            if message.metadata.get("status") == "interrupted":
                await barrier.wait()
            return await _update(conversation_id, message, **options)

        monkeypatch.setattr(node.store, "update", meet, raising=False)


async def test_answer_ends_once_when_two_survivors_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find a node dead and end its answers: everybody sees one end of each, and the queue goes on."""
    url = shared_postgres().new_database()
    dying = ScriptedProvider(["kept ", 0.2, "and heard", asyncio.Event()])
    settings = dataclasses.replace(NODES, checkpoint_interval=0.1, poll_interval=60.0)
    fine = [ScriptedProvider([f"fine {n}"]) for n in range(2)]
    async with (
        postgres_cluster(url, dying, *fine, settings=settings) as (_, nodes),
        one_at_each(nodes, "ann", "bob", "cem") as (ann, bob, cem),
    ):
        broken_off, never_begun = [(await ann.send("?"))["answerId"] for _ in range(2)]
        for person in (bob, cem):
            await eventually(lambda person=person: person.streamed(broken_off) == "kept and heard")  # type: ignore[misc]
        next_up = [(await person.send("?"))["answerId"] for person in (bob, cem)]
        await nodes[0].die()
        _end_at_once(monkeypatch, *nodes[1:])
        await take_for_dead(url, *nodes)
        for person in (bob, cem):
            await person.logged(12)
            assert [(id_, text) for id_, text, _ in ends(person)] == [
                (broken_off, "kept and heard"),
                (never_begun, ""),
                (next_up[0], "fine 0"),
                (next_up[1], "fine 1"),
            ]
            assert person.done() == [broken_off, never_begun, *next_up]
        assert ends(bob) == ends(cem)
        statuses = [end["metadata"]["status"] for (end,) in cem.of(ChatEvent.MESSAGE_UPDATED)]
        assert statuses == ["interrupted", "interrupted", "complete", "complete"]
        async with nodes[1].person("dan") as dan:
            snapshot = await dan.join()
            assert snapshot["seq"] == 12
            assert [m["content"] for m in snapshot["messages"] if m["id"] == broken_off] == ["kept and heard"]


def _look_first(monkeypatch: pytest.MonkeyPatch, first: Node, second: Node) -> None:
    """Let one node look for abandoned answers, once, and be through with them before another one may look."""
    turns = {node.backplane.node_id: asyncio.Event() for node in (first, second)}

    def watch(node: Node, look: Any) -> Any:
        async def watched() -> Any:
            if node is second:
                await turns[second.backplane.node_id].wait()
                return await look()
            if turns[first.backplane.node_id].is_set():  # its one look is over
                turns[second.backplane.node_id].set()
                return []
            found = await look()
            if found:
                turns[first.backplane.node_id].set()
            return found

        return watched

    for node in (first, second):
        monkeypatch.setattr(
            node.store, "abandoned_streams", watch(node, node.store.abandoned_streams), raising=False
        )


async def test_what_a_survivor_has_read_stays_when_another_one_looks_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A node whose people came later does not end an answer with less than people elsewhere have read."""
    url = shared_postgres().new_database()
    dying = ScriptedProvider(["read by cem", asyncio.Event()])
    settings = dataclasses.replace(NODES, checkpoint_interval=60.0, poll_interval=60.0)
    async with (
        postgres_cluster(url, dying, None, None, settings=settings) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[2].person("cem") as cem,
    ):
        await ann.join()
        await cem.join()
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: cem.streamed(answer_id) == "read by cem")
        await nodes[0].die()
        async with nodes[1].person("bob") as bob:
            await bob.join()
            _look_first(monkeypatch, nodes[1], nodes[2])
            await take_for_dead(url, *nodes)
            for person in (bob, cem):
                assert (await person.final(answer_id))["content"] == "read by cem"
                assert person.streamed(answer_id) == "read by cem"
                assert person.done() == [answer_id]


async def test_people_are_one_list_over_three_nodes_when_one_of_them_dies(tmp_path: Path) -> None:
    """Somebody at two nodes stays when one of these dies, at every survivor; who was only there leaves."""
    async with (
        cluster(tmp_path / "h.db", None, None, None, settings=SILENT) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
        nodes[2].person("bob") as bob_elsewhere,
        nodes[2].person("cem") as cem,
    ):
        for person in (ann, bob, bob_elsewhere, cem):
            await person.join()
        for person in (ann, bob, cem):
            await eventually(lambda person=person: person.sees() == ["ann", "bob", "cem"])  # type: ignore[misc]
        await nodes[2].die()
        for person in (ann, bob):
            await eventually(lambda person=person: person.sees() == ["ann", "bob"], what="cem to have left")  # type: ignore[misc]
            assert person.of(ChatEvent.USER_LEFT) == [["cem"]]
        for node, name in ((nodes[0], "dan"), (nodes[1], "eve")):
            async with node.person(name) as late:
                assert {"ann", "bob"} <= {p["userId"] for p in (await late.join())["participants"]}
        await eventually(
            lambda: ann.sees() == bob.sees() == ["ann", "bob"], what="the late ones to have left"
        )


async def test_hole_is_filled_while_a_third_node_tells_of_its_event_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nodes write, and the hot window lacks the one's event: the third reads each once, in order."""
    async with (
        cluster(tmp_path / "h.db", None, None, None, settings=SILENT) as (nodes_, nodes),
        one_at_each(nodes, "ann", "bob", "cem") as (ann, bob, cem),
    ):
        held: list[tuple[str, int, bytes]] = []
        append = nodes[1].backplane.append
        monkeypatch.setattr(nodes[1].backplane, "append", lambda *event: held.append(event))
        nodes_.bus.drop = lambda _channel, receiver, _payload: receiver == nodes[2].backplane.node_id
        for person, id_ in ((ann, "1"), (bob, "2"), (ann, "3")):
            await person.send(id_=id_)
        await eventually(lambda: cem.log() == [1, 2, 3], what="what the bus did not bring")
        nodes_.bus.drop = None
        for event in held:
            append(*event)
        await ann.send(id_="4")
        for person in (ann, bob, cem):
            await person.logged(4)
            assert person.said() == ["1", "2", "3", "4"]
