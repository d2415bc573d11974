"""A chat over several nodes: real hub servers that share a bus and a store."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from pathlib import Path
from typing import NoReturn

import pytest

from conduit_widget.chat.calls.page_routes import AWAY, USED
from conduit_widget.chat.nodes import channel
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.errors import ConnectionFailedError, HubException
from tests.integration.calls.test_call_pages import connection_with, give, ticket_of
from tests.support.chat.cluster import (
    NODES,
    SILENT,
    Node,
    NodeBackplane,
    cluster,
    one_at_each,
    postgres_cluster,
    take_for_dead,
)
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.servers.postgres import shared_postgres
from tests.support.waiting import eventually


async def test_order_is_one_on_all_nodes_when_many_send_at_once(tmp_path: Path) -> None:
    """Whoever sends where: everybody gets every event, in one order, without a hole."""
    async with (
        cluster(tmp_path / "h.db", None, None, None, settings=SILENT) as (_, nodes),
        one_at_each(nodes, "ann", "bob", "cem") as (ann, bob, cem),
    ):
        everybody = (ann, bob, cem)
        receipts = await asyncio.gather(*(who.send(str(n)) for n in range(40) for who in everybody))
        for person in everybody:
            await person.logged(120)
        assert ann.said() == bob.said() == cem.said()
        assert {receipt["id"] for receipt in receipts} == set(ann.said())


async def test_a_ticket_to_a_call_is_good_at_every_node_and_not_while_they_are_apart(tmp_path: Path) -> None:
    """Where the nodes cannot ask each other it is said so, and nobody is let in twice."""
    async with cluster(tmp_path / "h.db", settings=SILENT) as (nodes, (one, two)), one.person("ann") as ann:
        await ann.join("team")
        ticket = await ticket_of(ann)
        reply = await give(two, {"ticket": ticket})
        assert reply.status_code == 200
        assert (await give(one, {"ticket": ticket})).json()["error"] == USED
        async with connection_with(one, reply.json()["key"]) as page:
            await page.invoke(ChatMethod.JOIN_CONVERSATION, "team")
        waiting = await ticket_of(ann)
        nodes.bus.cut(one.backplane, two.backplane)
        assert (await give(two, {"ticket": waiting})).json()["error"] == AWAY
        with pytest.raises(HubException, match="cannot reach each other"):
            await ticket_of(ann)
        with pytest.raises(ConnectionFailedError):
            async with connection_with(one, reply.json()["key"]):
                pass
        nodes.bus.heal()
        assert (await give(two, {"ticket": waiting})).status_code == 200


async def test_tokens_are_relayed_and_add_up_to_the_stored_message(tmp_path: Path) -> None:
    """Readers on the other node get the deltas as they come, contiguous; they add up to the final text."""
    gate = asyncio.Event()
    provider = ScriptedProvider([step for n in range(30) for step in (f"{n} ", 0.005)] + [gate, "end"])
    async with (
        cluster(tmp_path / "h.db", provider, None) as (_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        answer_id = (await ann.send("?"))["answerId"]
        text = "".join(f"{n} " for n in range(30))
        await eventually(lambda: bob.streamed(answer_id) == text, what="the text so far")
        gate.set()
        final = await bob.final(answer_id)
        assert final["content"] == bob.streamed(answer_id) == ann.streamed(answer_id) == text + "end"
        await ann.final(answer_id)
        assert bob.done() == [answer_id]
        assert bob.log() == ann.log() == [1, 2, 3]


async def test_late_joiner_on_another_node_gets_text_so_far(tmp_path: Path) -> None:
    """Who comes while an answer is written on another node gets what was said, then the rest."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["one ", "two ", gate, "three"])
    settings = dataclasses.replace(NODES, checkpoint_interval=60.0)
    async with (
        cluster(tmp_path / "h.db", provider, None, settings=settings) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
    ):
        await ann.join()
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: ann.streamed(answer_id) == "one two ")
        await bob.join()
        await eventually(lambda: bob.streamed(answer_id) == "one two ", what="the text so far")
        async with nodes[1].person("cem") as cem:
            [stream] = (await cem.join())["streams"]
            assert (stream["messageId"], stream["text"]) == (answer_id, "one two ")
        gate.set()
        assert (await bob.final(answer_id))["content"] == bob.streamed(answer_id) == "one two three"


async def test_one_answer_is_written_at_a_time_over_all_nodes(tmp_path: Path) -> None:
    """Questions on two nodes: the answers come one after the other, in the order of the questions."""
    providers = [ScriptedProvider([f"{n}", 0.02, "."]) for n in range(2)]
    async with (
        cluster(tmp_path / "h.db", *providers) as (_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        receipts = await asyncio.gather(*(who.send("?") for _ in range(4) for who in (ann, bob)))
        for receipt in receipts:
            await ann.final(receipt["answerId"])
        order = [receipt["answerId"] for receipt in sorted(receipts, key=lambda found: found["seq"])]
        tokens = [m["messageId"] for _, _, m in ann.of(ChatEvent.STREAM_TOKEN)]
        assert [answer_id for answer_id, _ in itertools.groupby(tokens)] == order
        for receipt in receipts:
            assert (await bob.final(receipt["answerId"]))["content"] == bob.streamed(receipt["answerId"])


async def test_answer_is_stopped_from_the_other_node(tmp_path: Path) -> None:
    """StopGeneration ends an answer wherever it is written, running or waiting, and keeps its text."""
    async with (
        cluster(tmp_path / "h.db", ScriptedProvider(["half", asyncio.Event()]), None) as (_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        first, second = [(await ann.send("?"))["answerId"] for _ in range(2)]
        await eventually(lambda: bob.streamed(first) == "half")
        await eventually(lambda: len(bob.said()) == 4)
        assert await bob.invoke(ChatMethod.STOP_GENERATION, second) is True
        assert (await bob.final(second))["metadata"]["status"] == "cancelled"
        assert await bob.invoke(ChatMethod.STOP_GENERATION, first) is True
        final = await bob.final(first)
        assert (final["content"], final["metadata"]["finishReason"]) == ("half", "cancelled")
        await eventually(lambda: bob.of(ChatEvent.STREAM_TOKEN)[-1][2].get("done"))
        assert await bob.invoke(ChatMethod.STOP_GENERATION, first) is False


async def test_only_the_asker_and_owners_stop_a_members_answer_on_another_node(tmp_path: Path) -> None:
    """The rule of StopGeneration holds for answers written elsewhere."""
    settings = dataclasses.replace(NODES, visibility="members")
    async with (
        cluster(tmp_path / "h.db", ScriptedProvider(["half", asyncio.Event()]), None, settings=settings) as (
            _,
            nodes,
        ),
        nodes[1].person("ann") as ann,
        nodes[0].person("bob") as bob,
        nodes[1].person("bob") as bob_elsewhere,
        nodes[1].person("cem") as cem,
        nodes[1].person("eve") as eve,
    ):
        await ann.join()
        for member in ("bob", "cem"):
            await ann.invoke(ChatMethod.ADD_MEMBER, "c", member)
        for person in (bob, bob_elsewhere, cem):
            await person.join()
        first, second = [(await bob.send("?"))["answerId"] for _ in range(2)]
        await eventually(lambda: len(cem.said()) == 4)
        with pytest.raises(HubException, match="Unauthorized"):
            await cem.invoke(ChatMethod.STOP_GENERATION, first)
        assert await eve.invoke(ChatMethod.STOP_GENERATION, first) is False
        assert await bob_elsewhere.invoke(ChatMethod.STOP_GENERATION, first) is True
        assert await ann.invoke(ChatMethod.STOP_GENERATION, second) is True
        for answer_id in (first, second):
            assert (await cem.final(answer_id))["metadata"]["finishReason"] == "cancelled"


async def test_relayed_answer_is_paused_and_resumed(tmp_path: Path) -> None:
    """PauseStream and ResumeStream work for an answer written on another node."""
    gate, end = asyncio.Event(), asyncio.Event()
    async with (
        cluster(tmp_path / "h.db", ScriptedProvider(["one ", gate, "two ", end]), None) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
        nodes[1].person("cem") as cem,
    ):
        for person in (ann, bob, cem):
            await person.join()
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: bob.streamed(answer_id) == "one ")
        assert await bob.invoke(ChatMethod.PAUSE_STREAM, answer_id) is True
        gate.set()
        await eventually(lambda: cem.streamed(answer_id) == "one two ")
        await bob.invoke(ChatMethod.START_TYPING, "c")  # a round trip after the delta
        assert bob.streamed(answer_id) == "one "
        assert await bob.invoke(ChatMethod.RESUME_STREAM, answer_id) is True
        await eventually(lambda: bob.streamed(answer_id) == "one two ")
        end.set()
        await bob.final(answer_id)


async def test_presence_is_one_list_over_all_nodes(tmp_path: Path) -> None:
    """A user on two nodes is one entry, and leaves with the last connection."""
    async with (
        cluster(tmp_path / "h.db", settings=SILENT) as (_, nodes),
        nodes[0].person("ann") as ann,
    ):
        await ann.join()
        async with nodes[1].person("bob") as bob:
            assert sorted(p["userId"] for p in (await bob.join())["participants"]) == ["ann", "bob"]
            async with nodes[0].person("bob") as second:
                await second.join()
                await eventually(lambda: ann.sees() == ["ann", "bob"])

            async def seen_typing() -> bool:
                await ann.invoke(ChatMethod.START_TYPING, "c")  # again: it may be over before it is told
                return bob.of(ChatEvent.USER_TYPING)[:1] == [["ann", True]]

            await eventually(seen_typing)
            await eventually(lambda: bob.of(ChatEvent.USER_TYPING)[-1] == ["ann", False], what="its expiry")
            assert ann.of(ChatEvent.USER_LEFT) == []
        await eventually(lambda: ann.sees() == ["ann"], what="bob to have left")
        assert ann.of(ChatEvent.USER_JOINED) == [["bob", "Bob"]]
        assert ann.of(ChatEvent.USER_LEFT) == [["bob"]]


async def test_people_leave_after_their_grace_when_a_node_ends_or_dies(tmp_path: Path) -> None:
    """Nobody stays listed who was on a node that is gone, with or without a goodbye."""
    async with (
        cluster(tmp_path / "h.db", None, None, None, settings=SILENT) as (_, nodes),
        one_at_each(nodes, "ann", "bob", "cem") as (ann, _, _),
    ):
        await eventually(lambda: ann.sees() == ["ann", "bob", "cem"])
        await nodes[1].end()
        await eventually(lambda: ann.sees() == ["ann", "cem"], what="bob to have left")
        await nodes[2].die()
        await eventually(lambda: ann.sees() == ["ann"], what="cem to have left")
        assert ann.of(ChatEvent.USER_LEFT) == [["bob"], ["cem"]]


async def test_nobody_leaves_when_people_move_to_another_node(tmp_path: Path) -> None:
    """A node ends in good order, its people come back on another one: the others see no change."""
    settings = dataclasses.replace(SILENT, presence_grace=4.0)
    async with (
        cluster(tmp_path / "h.db", settings=settings) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
        nodes[1].person("cem") as cem,
    ):
        await ann.join()
        await bob.join()
        await cem.join()
        await eventually(lambda: ann.sees() == ["ann", "bob", "cem"])
        await nodes[1].end()
        async with nodes[0].person("bob") as back:
            assert {"ann", "bob"} <= {p["userId"] for p in (await back.join())["participants"]}
            await eventually(lambda: ann.sees() == ["ann", "bob"], what="the grace over for who stays away")
            assert ann.of(ChatEvent.USER_LEFT) == [["cem"]]
            assert ann.of(ChatEvent.USER_JOINED) == [["bob", "Bob"], ["cem", "Cem"]]


async def test_member_who_is_removed_is_out_on_every_node(tmp_path: Path) -> None:
    """A membership taken on one node ends what the other one, which is told of it, sends and accepts."""
    settings = dataclasses.replace(SILENT, visibility="members", access_ttl=600.0)
    async with (
        cluster(tmp_path / "h.db", settings=settings) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
        nodes[1].person("cem") as cem,
    ):
        await ann.join()
        for person in (bob, cem):
            await ann.invoke(ChatMethod.ADD_MEMBER, "c", person.user_id)
            await person.join()
        await ann.invoke(ChatMethod.REMOVE_MEMBER, "c", "bob")
        await eventually(lambda: cem.sees() == ["ann", "cem"], what="bob to be out")
        await ann.send("secret", id_="secret")
        await eventually(lambda: "secret" in cem.said())
        with pytest.raises(HubException, match="Unauthorized"):
            await bob.send("hello")
        assert "secret" not in bob.said()


async def test_everybody_converges_when_the_bus_loses_and_delays(tmp_path: Path) -> None:
    """Messages lost on the bus are fetched: nobody misses an event, and answers add up."""
    providers = [ScriptedProvider([step for n in range(20) for step in (f"{n} ", 0.005)]) for _ in range(2)]
    async with (
        cluster(tmp_path / "h.db", *providers) as (nodes_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        counter = itertools.count()
        nodes_.bus.delay = 0.01
        nodes_.bus.drop = lambda *_: next(counter) % 3 == 1
        receipts = [await who.send("?") for _ in range(3) for who in (ann, bob)]
        for receipt in receipts:
            for person in (ann, bob):
                final = await person.final(receipt["answerId"])
                assert person.streamed(receipt["answerId"]) == final["content"]
        for person in (ann, bob):
            await person.logged(18)


async def test_last_event_is_found_when_the_bus_lost_it(tmp_path: Path) -> None:
    """An event that nothing follows is found by looking into the store."""
    async with (
        cluster(tmp_path / "h.db", settings=SILENT) as (nodes_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        nodes_.bus.drop = lambda *_: True
        await ann.send("alone")
        for person in (ann, bob):
            await person.logged(1)
        await ann.send("not in the hot window any more")
        nodes_.bus.forget()
        await ann.send("in it")
        for person in (ann, bob):
            await person.logged(3)


async def test_frozen_bus_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that neither carries nor answers delays events, not joins for long; the store has them."""

    async def hang(*_arguments: object) -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(channel, "PEOPLE_PATIENCE", 0.1)
    async with (
        cluster(tmp_path / "h.db", settings=SILENT) as (nodes_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
    ):
        nodes_.bus.drop = lambda *_: True
        monkeypatch.setattr(NodeBackplane, "window", hang)
        monkeypatch.setattr(NodeBackplane, "entries", hang)
        await ann.join()
        await bob.join()
        await ann.send("alone")
        for person in (ann, bob):
            await person.logged(1)


async def test_chat_goes_on_while_the_bus_is_away_and_after(tmp_path: Path) -> None:
    """With the bus away events come from the store; when it is back, presence and answers are whole again."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["one ", gate, "two ", asyncio.Event()])
    async with (
        cluster(tmp_path / "h.db", provider, None) as (nodes_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: bob.streamed(answer_id) == "one ")
        nodes_.bus.cut()
        gate.set()
        await eventually(lambda: ann.streamed(answer_id) == "one two ")
        await bob.send("alone?", respond=False)
        for person in (ann, bob):
            await person.logged(3)
        async with nodes[1].person("cem") as cem:
            assert "c" in str((await cem.join())["conversationId"])
            nodes_.bus.heal()
            await eventually(lambda: bob.streamed(answer_id) == "one two ", what="what the bus did not bring")
            await eventually(lambda: ann.sees() == ["ann", "bob", "cem"])
            assert await cem.invoke(ChatMethod.STOP_GENERATION, answer_id) is True
        await ann.final(answer_id)


async def test_stop_is_refused_while_the_writer_cannot_be_told(tmp_path: Path) -> None:
    """With the bus away, stopping another node's answer says that it should be tried again."""
    async with (
        cluster(tmp_path / "h.db", ScriptedProvider(["half", asyncio.Event()]), None) as (nodes_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: bob.streamed(answer_id) == "half")
        nodes_.bus.cut()
        with pytest.raises(HubException, match="timed out"):
            await bob.invoke(ChatMethod.STOP_GENERATION, answer_id)


async def test_resume_on_another_node_recovers(tmp_path: Path) -> None:
    """Who comes back to another node than before gets all that was missed."""
    async with (
        cluster(tmp_path / "h.db", settings=SILENT) as (_, nodes),
        nodes[0].person("ann") as ann,
    ):
        await ann.join()
        async with nodes[0].person("bob") as bob:
            epoch = (await bob.join())["epoch"]
            await ann.send("seen")
            await bob.got(ChatEvent.RECEIVE_MESSAGE)
        for n in range(5):
            await ann.send(str(n))
        async with nodes[1].person("bob") as back:
            result = await back.invoke(ChatMethod.RESUME_CONVERSATION, "c", epoch, 1)
            assert result["recovered"] is True
            assert [event["seq"] for event in result["events"]] == [2, 3, 4, 5, 6]
            await ann.send("live")
            await eventually(lambda: back.log() == [7])


async def test_answer_of_a_dead_node_is_ended_with_what_was_heard_of_it() -> None:
    """A node dies: another one marks its answer interrupted, with the text it told; the next is written."""
    url = shared_postgres().new_database()
    dying = ScriptedProvider(["kept ", 0.2, "and heard", asyncio.Event()])
    settings = dataclasses.replace(NODES, checkpoint_interval=0.1, poll_interval=60.0)
    async with (
        postgres_cluster(url, dying, ScriptedProvider(["fine"]), settings=settings) as (_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        first = (await ann.send("?"))["answerId"]
        await eventually(lambda: bob.streamed(first) == "kept and heard")
        await nodes[0].die()
        second = (await bob.send("?"))["answerId"]
        await take_for_dead(url, *nodes)
        final = await bob.final(first)
        assert final["content"] == "kept and heard"
        assert (final["metadata"]["status"], final["metadata"]["finishReason"]) == (
            "interrupted",
            "interrupted",
        )
        assert (await bob.final(second))["content"] == "fine"
        assert bob.log() == [1, 2, 3, 4, 5, 6]
        assert bob.done() == [first, second]


async def _until_kept(node: Node, text: str) -> None:
    """Wait until an answer's text has been checkpointed."""

    async def is_kept() -> bool:
        return [stream.text for stream in await node.chat.store.open_streams("c")] == [text]

    await eventually(is_kept, what="the checkpoint")


async def test_node_that_was_taken_for_dead_gives_its_answer_up() -> None:
    """A node that comes back finds its answer ended: it says and keeps nothing more of it."""
    url = shared_postgres().new_database()
    gate = asyncio.Event()
    async with (
        postgres_cluster(url, ScriptedProvider(["kept ", gate, "more"]), None) as (_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: bob.streamed(answer_id) == "kept ")
        await _until_kept(nodes[0], "kept ")
        nodes[0].store.unheard = True
        await take_for_dead(url, *nodes)
        assert (await bob.final(answer_id))["content"] == "kept "
        gate.set()
        for person in (ann, bob):
            assert (await person.final(answer_id))["content"] == "kept "
            tokens = [(text, m.get("done", False)) for _, text, m in person.of(ChatEvent.STREAM_TOKEN)]
            assert tokens == [("kept ", False), ("", True)]
        await eventually(lambda: not nodes[0].chat.busy)
        await ann.send("after", respond=False)
        for person in (ann, bob):
            await person.logged(4)
        assert len(bob.of(ChatEvent.STREAM_TOKEN)) == 2


async def test_node_that_heard_nothing_finds_its_answer_ended() -> None:
    """A node that ends its answer before it hears that it was taken for dead tells nobody that it is done."""
    url = shared_postgres().new_database()
    gate = asyncio.Event()
    settings = dataclasses.replace(NODES, poll_interval=60.0, checkpoint_interval=0.3)
    async with (
        postgres_cluster(url, ScriptedProvider(["kept ", gate, "more"]), None, settings=settings) as (
            nodes_,
            nodes,
        ),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        answer_id = (await ann.send("?"))["answerId"]
        await _until_kept(nodes[0], "kept ")
        assert await bob.invoke(ChatMethod.PAUSE_STREAM, answer_id) is True
        assert await ann.invoke(ChatMethod.PAUSE_STREAM, answer_id) is True
        nodes[0].store.unheard = True
        nodes_.bus.cut(nodes[0].backplane)
        await take_for_dead(url, *nodes)
        assert (await bob.final(answer_id))["content"] == "kept "
        gate.set()
        assert (await ann.final(answer_id))["content"] == "kept "
        assert ann.log() == bob.log() == [1, 2, 3]
        assert ann.done() == []


async def test_removed_member_is_out_while_the_bus_is_away(tmp_path: Path) -> None:
    """A membership lost while no node can be told ends what the other node sends, soon after."""
    settings = dataclasses.replace(SILENT, visibility="members")
    async with (
        cluster(tmp_path / "h.db", settings=settings) as (nodes_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
        nodes[1].person("cem") as cem,
    ):
        await ann.join()
        for person in (bob, cem):
            await ann.invoke(ChatMethod.ADD_MEMBER, "c", person.user_id)
            await person.join()
        nodes_.bus.cut()
        await ann.invoke(ChatMethod.REMOVE_MEMBER, "c", "bob")
        await bob.got(ChatEvent.REMOVED_FROM_CONVERSATION)
        await ann.send("secret", id_="secret")
        await eventually(lambda: "secret" in cem.said())
        assert "secret" not in bob.said()


async def test_everybody_joins_anew_when_the_log_cannot_be_continued(tmp_path: Path) -> None:
    """A node that missed what is pruned by now closes its connections; who comes back has everything."""
    settings = dataclasses.replace(SILENT, poll_interval=60.0)
    async with (
        cluster(tmp_path / "h.db", settings=settings) as (nodes_, nodes),
        one_at_each(nodes, "ann", "bob") as (ann, bob),
    ):
        nodes_.bus.drop = lambda *_: True
        for n in range(3):
            await ann.send(str(n))
        nodes_.bus.forget()
        nodes_.bus.drop = None
        await nodes[0].chat.store.prune(keep_events=0, older_than=-1.0)
        nodes_.bus.interrupt()
        await eventually(lambda: bob.connection.state is ConnectionState.DISCONNECTED)
        async with nodes[1].person("bob") as back:
            assert (await back.join())["seq"] == 3
            await ann.send("live", id_="live")
            await eventually(lambda: back.said() == ["live"])
            await eventually(lambda: ann.sees() == ["ann", "bob"])
