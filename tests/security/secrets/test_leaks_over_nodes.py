"""Who is not in a conversation learns nothing of it on another node: the nodes talk among themselves."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import STATUS_HUB_PATH, ChatEvent, ChatMethod, StatusEvent
from tests.security.secrets.test_leaks import (
    ADDRESSED,
    ANSWER,
    CONTENT,
    HAPPENING,
    MARKS,
    ROOM,
    TITLE,
    World,
    constants,
    expect_refusals,
    expect_silence,
    happen,
    try_everything,
)
from tests.support.chat.cluster import NODES, cluster
from tests.support.chat.server import Person
from tests.support.hub.server import token
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

SETTINGS = dataclasses.replace(NODES, visibility="members", presence_grace=0.05, typing_ttl=600.0)


async def test_relayed_events_reach_members_only(tmp_path: Path) -> None:
    """A member on each node: strangers and removed members beside the second one hear and change nothing."""
    go_on = asyncio.Event()
    async with (
        cluster(tmp_path / "h.db", ScriptedProvider([ANSWER, go_on, ANSWER]), None, settings=SETTINGS) as (
            _,
            (one, two),
        ),
        one.person("annabel") as ann,
        two.person("robert") as bob,
        two.person("mallory") as mallory,
        two.person("mabel") as mabel,
        HubConnection(two.url + STATUS_HUB_PATH, access_token=token("mallory"), retry=None) as status,
    ):
        heard: list[Any] = []
        for target in constants(StatusEvent) | constants(ChatEvent):
            status.on(target, lambda *arguments, target=target: heard.append((target, arguments)))
        await ann.invoke(ChatMethod.CREATE_CONVERSATION, {"id": ROOM, "title": TITLE})
        for user in ("robert", "mabel"):
            await ann.invoke(ChatMethod.ADD_MEMBER, ROOM, user)
        epoch = (await ann.join(ROOM))["epoch"]
        for person in (bob, mabel):
            await person.join(ROOM)
        await mallory.join("their-own")
        receipt = await ann.send(CONTENT, conversation_id=ROOM)
        await bob.got(ChatEvent.STREAM_TOKEN)
        await ann.invoke(ChatMethod.REMOVE_MEMBER, ROOM, "mabel")
        assert await mabel.got(ChatEvent.REMOVED_FROM_CONVERSATION) == [[ROOM]]
        await eventually(lambda: ["mabel"] in bob.of(ChatEvent.USER_LEFT), what="mabel is out everywhere")
        await _all_has_come(mabel)
        mabel.events.clear()
        here = World(two, ann, bob, epoch, receipt["id"], receipt["answerId"], go_on)
        before = await here.state()
        outcomes = {person: await try_everything(here, person) for person in (mallory, mabel)}
        assert await here.state() == before
        assert await happen(here) >= HAPPENING
        await bob.final(here.answer_id)
        assert {name for name, _ in bob.events} >= HAPPENING - ADDRESSED
        for person in (mallory, mabel):
            expect_refusals(outcomes[person])
            await _all_has_come(person)
            expect_silence(person, outcomes[person])
        assert not [mark for mark in MARKS if mark in repr(heard)]
        for person in (ann, bob, mallory):
            assert person.of(ChatEvent.REMOVED_FROM_CONVERSATION) == []


async def _all_has_come(person: Person) -> None:
    """An answer comes after whatever was sent before it."""
    await person.invoke(ChatMethod.REQUEST_PROVIDER_STATUS)
