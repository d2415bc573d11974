"""Calls on real hubs: who is in one, who hears which signal, grace, limits, two nodes; no word in a log."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.contract import MAX_SIGNAL_BYTES, ChatEvent, ChatMethod, ErrorText
from conduit_widget.errors import HubException
from tests.support.chat.cluster import NODES, cluster
from tests.support.chat.server import FAST, Person, chat_server
from tests.support.waiting import eventually

ROOM = "board"
SITE = CallSettings(stun=("stun:s.example",), turn_urls=("turn:t.example",), turn_secret="the-shared-secret")
SLOW_GRACE = dataclasses.replace(FAST, presence_grace=600.0)
OFFER = {"description": {"type": "offer", "sdp": "v=0 a-private-address"}}


async def join_call(person: Person, peer_id: str, **media: bool) -> dict[str, Any]:
    """Join the call; return it."""
    call: dict[str, Any] = await person.invoke(ChatMethod.JOIN_CALL, ROOM, peer_id, media)
    return call


def in_call(person: Person) -> list[str] | None:
    """Return who is in the call, as the person was last told; None: there is none."""
    told = person.of(ChatEvent.CALL_UPDATED)
    if not told or told[-1][1] is None:
        return None
    return [peer["peerId"] for peer in told[-1][1]["peers"]]


async def in_call_is(person: Person, peers: list[str] | None) -> None:
    """Wait until the person is told so."""
    await eventually(lambda: in_call(person) == peers, what=f"{peers} in the call")


async def test_peers_see_each_other_and_signals_go_to_one_of_them(tmp_path: Path) -> None:
    """Joining, media, a signal to one view alone, leaving; who comes later sees it; secrets are one's own."""
    settings = dataclasses.replace(SLOW_GRACE, calls=SITE)
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("bob") as bobs_tablet,
    ):
        for person in (ann, bob, bobs_tablet):
            await person.join(ROOM)
        call = await join_call(ann, "a", audio=True)
        turn = call["iceServers"][1]
        assert turn["username"].endswith(":ann")
        assert turn["credential"]
        await join_call(bob, "b1", audio=True, video=True)
        await join_call(bobs_tablet, "b2")
        await in_call_is(ann, ["a", "b1", "b2"])
        assert "credential" not in repr(ann.events), (
            "everybody is told who is there, nobody another's password"
        )
        await ann.invoke(ChatMethod.SEND_SIGNAL, ROOM, "a", "b1", OFFER)
        assert await bob.got(ChatEvent.SIGNAL) == [[ROOM, "a", "b1", OFFER]]
        await bob.invoke(ChatMethod.UPDATE_CALL, ROOM, "b1", {"audio": False, "screen": True})
        await eventually(lambda: ann.of(ChatEvent.CALL_UPDATED)[-1][1]["peers"][1]["media"]["screen"])
        async with server.person("cem") as cem:
            joined = await cem.join(ROOM)
            assert [peer["peerId"] for peer in joined["call"]["peers"]] == ["a", "b1", "b2"]
            assert joined["call"]["callId"] == call["callId"]
        await bob.invoke(ChatMethod.LEAVE_CALL, ROOM, "b1")
        await in_call_is(ann, ["a", "b2"])
        with pytest.raises(HubException, match="not in the call any more"):
            await ann.invoke(ChatMethod.SEND_SIGNAL, ROOM, "a", "b1", OFFER)
        await bobs_tablet.invoke(ChatMethod.LEAVE_CONVERSATION, ROOM)
        await in_call_is(ann, ["a"])
        await ann.invoke(ChatMethod.LEAVE_CALL, ROOM, "a")
        await in_call_is(ann, None)
        assert (ann.of(ChatEvent.SIGNAL), bobs_tablet.of(ChatEvent.SIGNAL)) == ([], [])


async def test_a_peer_is_bound_to_its_connection(tmp_path: Path) -> None:
    """Nobody speaks as another's view: not with its id, not from another connection of the same user."""
    async with (
        chat_server(tmp_path / "h.db", settings=SLOW_GRACE) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("bob") as bobs_other,
    ):
        for person in (ann, bob, bobs_other):
            await person.join(ROOM)
        await join_call(ann, "a")
        await join_call(bob, "b")
        with pytest.raises(HubException, match="peer id: is in use"):
            await join_call(bob, "a")
        for refused in (
            (ChatMethod.UPDATE_CALL, "b", {"audio": True}),
            (ChatMethod.SEND_SIGNAL, "b", "a", OFFER),
        ):
            with pytest.raises(HubException, match="You are not in this call"):
                await bobs_other.invoke(refused[0], ROOM, *refused[1:])
        await bobs_other.invoke(ChatMethod.LEAVE_CALL, ROOM, "b")
        assert in_call(ann) == ["a", "b"]
        await join_call(bobs_other, "b")  # the same view on a new connection takes its place over
        with pytest.raises(HubException, match="You are not in this call"):
            await bob.invoke(ChatMethod.SEND_SIGNAL, ROOM, "b", "a", OFFER)
        await bobs_other.invoke(ChatMethod.SEND_SIGNAL, ROOM, "b", "a", OFFER)
        await ann.got(ChatEvent.SIGNAL)


async def test_a_call_is_its_conversations_own(tmp_path: Path) -> None:
    """Who is in two calls passes no signal from the one to the other, whichever conversation it names."""
    async with (
        chat_server(tmp_path / "h.db", settings=SLOW_GRACE) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        for person in (ann, bob):
            await person.join(ROOM)
        await bob.join("elsewhere")
        await join_call(ann, "a")
        await join_call(bob, "b")
        await bob.invoke(ChatMethod.JOIN_CALL, "elsewhere", "b2", {})
        for conversation, own, other in (
            (ROOM, "b", "b2"),
            (ROOM, "b2", "a"),
            ("elsewhere", "b2", "a"),
            ("elsewhere", "b", "a"),
        ):
            with pytest.raises(HubException, match="call any more"):
                await bob.invoke(ChatMethod.SEND_SIGNAL, conversation, own, other, OFFER)
        assert ann.of(ChatEvent.SIGNAL) == bob.of(ChatEvent.SIGNAL) == []
        assert in_call(ann) == ["a", "b"]
        assert all(conversation == ROOM for conversation, _ in ann.of(ChatEvent.CALL_UPDATED))


async def test_bad_input_names_the_field_and_the_limit(tmp_path: Path) -> None:
    """The seventh is told why, and so is who sends too much or something else."""
    async with chat_server(tmp_path / "h.db", settings=SLOW_GRACE) as server, server.person("ann") as ann:
        await ann.join(ROOM)
        for number in range(6):
            await join_call(ann, f"p{number}")
        with pytest.raises(HubException, match=r"The call is full \(6/6\)"):
            await join_call(ann, "p6")
        await join_call(ann, "p5", audio=True)
        large = {"candidate": {"candidate": "x" * MAX_SIGNAL_BYTES}}
        for signal, problem in (
            (large, r"signal: has \d+ bytes; the limit is 16384"),
            ({}, "either a description or a candidate"),
            ({**OFFER, "candidate": {}}, "either a description or a candidate"),
            ({"other": 1}, "either a description or a candidate"),
            ({"candidate": {"n": 2**70}}, "plain JSON"),
        ):
            with pytest.raises(HubException, match=f"signal: .*{problem}|{problem}"):
                await ann.invoke(ChatMethod.SEND_SIGNAL, ROOM, "p0", "p1", signal)
        with pytest.raises(HubException, match="peer id: must not be empty"):
            await join_call(ann, "")


async def test_who_may_not_take_part_is_put_out(tmp_path: Path) -> None:
    """Removed, or made a reader: out of the call at once, and no signal comes any more."""
    settings = dataclasses.replace(SLOW_GRACE, visibility="members")
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("cem") as cem,
    ):
        await ann.invoke(ChatMethod.CREATE_CONVERSATION, {"id": ROOM})
        for person in (bob, cem):
            await ann.invoke(ChatMethod.ADD_MEMBER, ROOM, person.user_id)
        for person, peer_id in ((ann, "a"), (bob, "b"), (cem, "c")):
            await person.join(ROOM)
            await join_call(person, peer_id)
        await ann.invoke(ChatMethod.REMOVE_MEMBER, ROOM, "bob")
        await in_call_is(ann, ["a", "c"])
        await ann.invoke(ChatMethod.ADD_MEMBER, ROOM, {"userId": "cem", "role": "reader"})
        await in_call_is(cem, ["a"])
        for person, peer_id in ((bob, "b"), (cem, "c")):
            with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                await join_call(person, peer_id)
            with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                await person.invoke(ChatMethod.SEND_SIGNAL, ROOM, peer_id, "a", OFFER)
        assert ann.of(ChatEvent.SIGNAL) == []


async def test_lost_connection_keeps_its_place_for_the_grace(tmp_path: Path) -> None:
    """It comes back with the same peer and nobody sees it go; without coming back it goes by itself."""
    async with (
        chat_server(tmp_path / "h.db", settings=dataclasses.replace(FAST, presence_grace=1.0)) as server,
        server.person("ann") as ann,
    ):
        await ann.join(ROOM)
        await join_call(ann, "a")
        async with server.person("bob") as bob:
            await bob.join(ROOM)
            await join_call(bob, "b", audio=True)
        async with server.person("bob") as bob:
            await bob.join(ROOM)
            await join_call(bob, "b", audio=True)
            await in_call_is(ann, ["a", "b"])
            counts = [len(call["peers"]) for _, call in ann.of(ChatEvent.CALL_UPDATED)]
            assert counts == [1, 2, *([2] * (len(counts) - 2))]
        await in_call_is(ann, ["a"])


async def test_call_over_two_nodes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One call on both: signals cross to one connection, a peer moves, a member is removed; no log knows."""
    caplog.set_level(logging.DEBUG)
    settings = dataclasses.replace(NODES, visibility="members", presence_grace=600.0, calls=SITE)
    async with (
        cluster(tmp_path / "h.db", settings=settings) as (nodes, (one, two)),
        one.person("ann") as ann,
        two.person("bob") as bob,
        two.person("mallory") as mallory,
    ):
        await ann.invoke(ChatMethod.CREATE_CONVERSATION, {"id": ROOM})
        for user in ("bob", "cem"):
            await ann.invoke(ChatMethod.ADD_MEMBER, ROOM, user)
        await mallory.invoke(ChatMethod.CREATE_CONVERSATION, {"id": "elsewhere"})
        await mallory.join("elsewhere")
        for person in (ann, bob):
            await person.join(ROOM)
        calls = await asyncio.gather(join_call(ann, "a", audio=True), join_call(bob, "b"))
        for person in (ann, bob):
            await eventually(lambda person=person: sorted(in_call(person) or []) == ["a", "b"])  # type: ignore[misc]
        told = {person.of(ChatEvent.CALL_UPDATED)[-1][1]["callId"] for person in (ann, bob)}
        assert len(told) == 1
        assert told <= {call["callId"] for call in calls}
        await ann.invoke(ChatMethod.SEND_SIGNAL, ROOM, "a", "b", OFFER)
        assert await bob.got(ChatEvent.SIGNAL) == [[ROOM, "a", "b", OFFER]]
        three = await nodes.node()
        async with three.person("cem") as cem, one.person("bob") as bob_again:
            joined = await cem.join(ROOM)
            assert sorted(peer["peerId"] for peer in joined["call"]["peers"]) == ["a", "b"]
            await bob_again.join(ROOM)
            await join_call(bob_again, "b", video=True)  # the same view on the other node
            await bob_again.invoke(ChatMethod.SEND_SIGNAL, ROOM, "b", "a", OFFER)
            assert await ann.got(ChatEvent.SIGNAL) == [[ROOM, "b", "a", OFFER]]
            await eventually(lambda: two.chat.chat_hub.conversations.live(ROOM).call.versions() != {})  # type: ignore[union-attr]
            await ann.invoke(ChatMethod.SEND_SIGNAL, ROOM, "a", "b", OFFER)
            await bob_again.got(ChatEvent.SIGNAL)
            await ann.invoke(ChatMethod.REMOVE_MEMBER, ROOM, "bob")
            await in_call_is(ann, ["a"])
            await in_call_is(cem, ["a"])
        await one.end()
        await eventually(lambda: ROOM not in repr(mallory.events))
        assert len(bob.of(ChatEvent.SIGNAL)) == 1
    for secret in ("a-private-address", "the-shared-secret", calls[0]["iceServers"][1]["credential"]):
        assert secret not in caplog.text


async def test_peers_of_a_killed_node_go(tmp_path: Path) -> None:
    """A node that vanishes takes its people's grace along, not the call."""
    settings = dataclasses.replace(NODES, node_grace=0.2)
    async with (
        cluster(tmp_path / "h.db", settings=settings) as (_, (one, two)),
        one.person("ann") as ann,
        two.person("bob") as bob,
    ):
        for person, peer_id in ((ann, "a"), (bob, "b")):
            await person.join(ROOM)
            await join_call(person, peer_id)
        await in_call_is(ann, ["a", "b"])
        await two.die()
        await in_call_is(ann, ["a"])
