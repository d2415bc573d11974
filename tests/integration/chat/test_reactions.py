"""Reactions over real sockets: who may, what counts as one, many at once, two nodes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from pathlib import Path

import pytest

from conduit_widget.contract import MAX_REACTION_KINDS, ChatEvent, ChatMethod
from conduit_widget.errors import HubException
from tests.support.chat.cluster import NODES, cluster, postgres_cluster
from tests.support.chat.server import FAST, chat_server
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.servers.postgres import shared_postgres
from tests.support.waiting import eventually

QUIET = dataclasses.replace(FAST, assistant="off")
FAMILY = "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}"


async def test_reactions_are_set_and_taken_away_once(tmp_path: Path) -> None:
    """In the message and as an event of their own; the same again changes nothing; readers may, too."""
    settings = dataclasses.replace(QUIET, visibility="members")
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("rae") as rae,
    ):
        await ann.join()
        await ann.invoke(ChatMethod.ADD_MEMBER, "c", {"userId": "rae", "role": "reader"})
        await rae.join()
        await ann.send("hello", id_="m")
        for _ in range(2):
            await rae.invoke(ChatMethod.ADD_REACTION, "m", "\N{THUMBS UP SIGN}")
        await ann.invoke(ChatMethod.ADD_REACTION, "m", "\N{THUMBS UP SIGN}")
        await ann.got(ChatEvent.REACTIONS_UPDATED, 2)
        for _ in range(2):
            await rae.invoke(ChatMethod.REMOVE_REACTION, "m", "\N{THUMBS UP SIGN}")
        await ann.invoke(ChatMethod.REMOVE_REACTION, "m", "\N{THUMBS UP SIGN}")
        told = await rae.got(ChatEvent.REACTIONS_UPDATED, 4)
        assert [args[2] for args in told] == [
            {"\N{THUMBS UP SIGN}": ["rae"]},
            {"\N{THUMBS UP SIGN}": ["rae", "ann"]},
            {"\N{THUMBS UP SIGN}": ["ann"]},
            {},
        ]
        assert {(args[0], args[1]) for args in told} == {("c", "m")}
        updates = [message["metadata"]["reactions"] for (message,) in rae.of(ChatEvent.MESSAGE_UPDATED)]
        assert updates == [args[2] for args in told]
        assert rae.log() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "emoji",
    [
        *("\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}", FAMILY, "\N{HEAVY BLACK HEART}\ufe0f"),
        *("\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}", "1\ufe0f\u20e3"),
        *("e\u0301", "\N{HANGUL SYLLABLE GAG}", "?"),
    ],
)
async def test_one_character_as_people_see_it_is_a_reaction(tmp_path: Path, emoji: str) -> None:
    """However many code points it takes."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        await ann.send("hello", id_="m")
        await ann.invoke(ChatMethod.ADD_REACTION, "m", emoji)
        assert (await ann.join())["messages"][0]["metadata"]["reactions"] == {emoji: ["ann"]}


@pytest.mark.parametrize(
    ("emoji", "expected"),
    [
        *(
            (text, "emoji: must be one emoji or character")
            for text in ("", "ab", " ", "\n", "\u200d", "\u0301")
        ),
        *((text, "emoji: must be one emoji or character") for text in ("\N{FIRE}\N{FIRE}", "\u202ea")),
        ("e" + "\u0301" * 16, "emoji: has 33 bytes; the limit is 32"),
    ],
)
async def test_other_texts_are_no_reaction(tmp_path: Path, emoji: str, expected: str) -> None:
    """The refusal names the field and the limit, and does not repeat the text."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        await ann.send("hello", id_="m")
        for method in (ChatMethod.ADD_REACTION, ChatMethod.REMOVE_REACTION):
            with pytest.raises(HubException, match=f"^{expected}$"):
                await ann.invoke(method, "m", emoji)


async def test_message_has_so_many_kinds_of_reactions(tmp_path: Path) -> None:
    """One more kind is refused, one of those that are there is not; nor is any to what was deleted."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        await ann.send("hello", id_="m")
        for n in range(MAX_REACTION_KINDS):
            await ann.invoke(ChatMethod.ADD_REACTION, "m", chr(ord("a") + n))
        with pytest.raises(HubException, match=r"the message has 20 kinds of reactions; the limit is 20"):
            await bob.invoke(ChatMethod.ADD_REACTION, "m", "z")
        await bob.invoke(ChatMethod.ADD_REACTION, "m", "a")
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m")
        with pytest.raises(HubException, match="message: was deleted"):
            await bob.invoke(ChatMethod.ADD_REACTION, "m", "b")
        assert "reactions" not in (await bob.join())["messages"][0]["metadata"]


async def test_hundred_people_who_react_at_once_make_few_versions(tmp_path: Path) -> None:
    """Everybody's reaction is kept, and the message is written again a few times, not a hundred."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        contextlib.AsyncExitStack() as stack,
    ):
        people = [await stack.enter_async_context(server.person(f"u{n}")) for n in range(100)]
        for person in people:
            await person.join()
        await people[0].send("hello " * 1000, id_="m")
        await asyncio.gather(*(each.invoke(ChatMethod.ADD_REACTION, "m", "!") for each in people))
        joined = await people[0].join()
        assert sorted(joined["messages"][0]["metadata"]["reactions"]["!"]) == sorted(
            f"u{n}" for n in range(100)
        )
        assert joined["seq"] <= 20
        for person in people:
            await eventually(lambda person=person: person.log()[-1:] == [joined["seq"]], what="the newest")  # type: ignore[misc]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_reaction_to_an_answer_being_written_stays(tmp_path: Path, store: str) -> None:
    """The answer's end is a new version of it, with the reactions it has by then."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["so ", gate, "far"])
    run = (
        cluster(tmp_path / "h.db", provider, None, settings=NODES)
        if store == "sqlite"
        else postgres_cluster(shared_postgres().new_database(), provider, None, settings=NODES)
    )
    async with run as (_, nodes), nodes[0].person("ann") as ann:
        await ann.join()
        answer_id = (await ann.send("hello"))["answerId"]
        await ann.got(ChatEvent.STREAM_TOKEN)
        await ann.invoke(ChatMethod.ADD_REACTION, answer_id, "!")
        gate.set()
        *_, [final] = await ann.got(ChatEvent.MESSAGE_UPDATED, 2)
        assert (final["id"], final["content"]) == (answer_id, "so far")
        assert final["metadata"].get("reactions") == {"!": ["ann"]}
        assert (await ann.join())["messages"][1] == final


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_reactions_on_several_nodes_are_all_kept(tmp_path: Path, store: str) -> None:
    """Each reads the newest version in its transaction."""
    providers = ScriptedProvider(["fine"]), ScriptedProvider(["fine"])
    run = (
        cluster(tmp_path / "h.db", *providers, settings=NODES)
        if store == "sqlite"
        else postgres_cluster(shared_postgres().new_database(), *providers, settings=NODES)
    )
    async with run as (_, nodes), nodes[0].person("ann") as ann, nodes[1].person("bob") as bob:
        await ann.join()
        await bob.join()
        await ann.send("hello", id_="m", respond=False)
        marks = [chr(ord("a") + n) for n in range(10)]
        await asyncio.gather(
            *(who.invoke(ChatMethod.ADD_REACTION, "m", mark) for mark in marks for who in (ann, bob))
        )
        for person in (ann, bob):
            reactions = (await person.join())["messages"][0]["metadata"]["reactions"]
            assert {mark: sorted(users) for mark, users in reactions.items()} == {
                mark: ["ann", "bob"] for mark in marks
            }
        await eventually(lambda: ann.log() == bob.log(), what="one log")
