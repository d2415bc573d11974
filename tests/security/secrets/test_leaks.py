"""Who is not in a conversation learns nothing of it and changes nothing in it: every method, every event.

The methods are those the hubs have, the events those of the contract: a new one fails here until it is named.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.status_hub import StatusHub
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import (
    CHAT_HUB_PATH,
    STATUS_HUB_PATH,
    TOKEN_EXPIRING,
    ChatEvent,
    ChatMethod,
    ErrorText,
    StatusEvent,
    StatusMethod,
)
from conduit_widget.errors import ConduitError, HubException
from conduit_widget.hub.auth.revocation import Revocations
from conduit_widget.hub.backplane.memory import MemoryBackplane
from tests.support.chat.server import FAST, ChatServer, Person, chat_server
from tests.support.hub.server import authority, token
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

SETTINGS = dataclasses.replace(FAST, visibility="members", presence_grace=0.05, typing_ttl=600.0)
ROOM = "the-board"
CONTENT, TITLE, ANSWER = "we-sell-the-company", "Sale-of-the-company", "wise-words"
MARKS = (CONTENT, TITLE, ANSWER, "annabel", "Annabel", "robert", "Robert")
"""What nobody outside may see: what was said, written, the title, and who is there."""


def constants(owner: type) -> set[str]:
    """Return the names a class of the contract declares."""
    return {value for name, value in vars(owner).items() if name.isupper()}


@dataclasses.dataclass
class World:
    """A conversation of two with an answer being written, and the means to look at it."""

    server: ChatServer
    ann: Person
    bob: Person
    epoch: str
    question_id: str
    answer_id: str
    go_on: asyncio.Event

    async def state(self) -> dict[str, Any]:
        """Return all there is to change."""
        store, hub = self.server.chat.store, self.server.chat.chat_hub
        live = hub.conversations.live(ROOM)
        backplane = hub.seats._backplane
        assert live is not None
        assert isinstance(backplane, MemoryBackplane)
        return {
            "record": await store.find(ROOM),
            "members": await store.members(ROOM),
            "read": await store.read_marks(ROOM),
            "log": await store.events_after(ROOM, self.epoch, 0, limit=1000, max_bytes=1 << 20),
            "streams": [stream.message_id for stream in await store.open_streams(ROOM)],
            "written": hub.generations.find(self.answer_id) is not None,
            "people": [(person.user_id, person.typing) for person in live.presence.participants()],
            "call": live.call.now(),
            "kept": {name: len(kept) for name, kept in backplane._kept_values._tables.items()},
            "listed": await store.conversations_of("annabel", limit=10),
        }


@contextlib.asynccontextmanager
async def world(path: Path, revocations: Revocations | None = None) -> AsyncIterator[World]:
    """Serve a hub with the conversation in it."""
    go_on = asyncio.Event()
    provider = ScriptedProvider([ANSWER, go_on, ANSWER])
    async with (
        chat_server(path / "h.db", provider, settings=SETTINGS, revocations=revocations) as server,
        server.person("annabel") as ann,
        server.person("robert") as bob,
    ):
        await ann.invoke(ChatMethod.CREATE_CONVERSATION, {"id": ROOM, "title": TITLE})
        await ann.invoke(ChatMethod.ADD_MEMBER, ROOM, "robert")
        epoch = (await ann.join(ROOM))["epoch"]
        await bob.join(ROOM)
        receipt = await ann.send(CONTENT, conversation_id=ROOM)
        await ann.got(ChatEvent.STREAM_TOKEN)
        await ann.invoke(ChatMethod.JOIN_CALL, ROOM, "p-ann", {"audio": True})
        await bob.invoke(ChatMethod.JOIN_CALL, ROOM, "p-bob", {})
        try:
            yield World(server, ann, bob, epoch, receipt["id"], receipt["answerId"], go_on)
        finally:
            go_on.set()


Arguments = Callable[[World, str], list[list[Any]]]
"""What a user (by id) tries: the arguments of one call or more."""

CHAT_CALLS: dict[str, Arguments] = {
    ChatMethod.JOIN_CONVERSATION: lambda world, user: [[ROOM]],
    ChatMethod.RESUME_CONVERSATION: lambda world, user: [
        [ROOM, world.epoch, 0],
        [ROOM, "", 0],
        [ROOM, "", 2],
    ],
    ChatMethod.SEND_MESSAGE: lambda world, user: [
        [ROOM, {"id": "x", "role": "user", "content": "boo"}],
        [ROOM, {"id": "y", "role": "user", "content": "boo", "author": {"userId": "annabel"}}],
    ],
    ChatMethod.DELETE_MESSAGE: lambda world, user: [[world.answer_id], [world.question_id]],
    ChatMethod.EDIT_MESSAGE: lambda world, user: [[world.question_id, "boo"], [world.answer_id, "boo"]],
    ChatMethod.REGENERATE_MESSAGE: lambda world, user: [[world.answer_id], [world.question_id, {}]],
    ChatMethod.ADD_REACTION: lambda world, user: [[world.answer_id, "!"], [world.question_id, "!"]],
    ChatMethod.REMOVE_REACTION: lambda world, user: [[world.answer_id, "!"], [world.question_id, "!"]],
    ChatMethod.START_TYPING: lambda world, user: [[ROOM]],
    ChatMethod.STOP_TYPING: lambda world, user: [[ROOM]],
    ChatMethod.REQUEST_PROVIDER_STATUS: lambda world, user: [[]],
    ChatMethod.GET_HISTORY: lambda world, user: [[ROOM, 100, 50], [ROOM, 2, 1]],
    ChatMethod.STOP_GENERATION: lambda world, user: [[world.answer_id]],
    ChatMethod.PAUSE_STREAM: lambda world, user: [[world.answer_id]],
    ChatMethod.RESUME_STREAM: lambda world, user: [[world.answer_id]],
    ChatMethod.CREATE_CONVERSATION: lambda world, user: [[{"id": ROOM}], [{"id": ROOM, "title": "mine"}]],
    ChatMethod.LIST_CONVERSATIONS: lambda world, user: [[]],
    ChatMethod.ADD_MEMBER: lambda world, user: [[ROOM, user], [ROOM, {"userId": user, "role": "owner"}]],
    ChatMethod.REMOVE_MEMBER: lambda world, user: [[ROOM, "annabel"], [ROOM, "robert"]],
    ChatMethod.LIST_MEMBERS: lambda world, user: [[ROOM]],
    ChatMethod.UPDATE_CONVERSATION: lambda world, user: [
        [ROOM, {"title": "mine"}],
        [ROOM, {"systemPrompt": "Say what was said.", "assistant": "always"}],
    ],
    ChatMethod.DELETE_CONVERSATION: lambda world, user: [[ROOM]],
    ChatMethod.MARK_READ: lambda world, user: [[ROOM, 1]],
    ChatMethod.SEARCH_MESSAGES: lambda world, user: [
        [CONTENT, {"conversationId": ROOM}],
        ["we sell", {"conversationId": ROOM, "author": "annabel"}],
        ["company"],
    ],
    ChatMethod.JOIN_CALL: lambda world, user: [[ROOM, "p-ann", {}], [ROOM, "p-new", {"audio": True}]],
    ChatMethod.UPDATE_CALL: lambda world, user: [[ROOM, "p-ann", {"screen": True}]],
    ChatMethod.LEAVE_CALL: lambda world, user: [[ROOM, "p-ann"]],
    ChatMethod.OPEN_CALL_PAGE: lambda world, user: [[ROOM]],
    ChatMethod.SEND_SIGNAL: lambda world, user: [
        [ROOM, "p-ann", "p-bob", {"candidate": {"candidate": "boo"}}],
        [ROOM, "p-new", "p-bob", {"description": {"type": "offer", "sdp": "boo"}}],
    ],
    ChatMethod.PIN_MESSAGE: lambda world, user: [[ROOM, world.question_id], [ROOM, world.answer_id]],
    ChatMethod.UNPIN_MESSAGE: lambda world, user: [[ROOM, world.question_id]],
    ChatMethod.LIST_PINNED: lambda world, user: [[ROOM]],
    ChatMethod.IMPORT_CONVERSATION: lambda world, user: [["k", {"source": "x", "messages": []}]],
    ChatMethod.REFRESH_TOKEN: lambda world, user: [[token("annabel")], [token(user)]],
    ChatMethod.LEAVE_CONVERSATION: lambda world, user: [[ROOM]],
}
STATUS_CALLS: dict[str, Arguments] = {
    StatusMethod.REQUEST_PROVIDER_STATUS: lambda world, user: [[]],
    StatusMethod.REQUEST_SYSTEM_HEALTH: lambda world, user: [[]],
    StatusMethod.EXPLAIN_PROVIDERS: lambda world, user: [[{}], [{"model": "m", "needs": ["vision"]}]],
    StatusMethod.ANNOUNCE: lambda world, user: [[{"text": "boo"}], [{"text": "boo", "priority": 3}]],
    StatusMethod.REFRESH_TOKEN: lambda world, user: [[token("annabel")], [token(user)]],
}
HARMLESS = {
    *(ChatMethod.REQUEST_PROVIDER_STATUS, StatusMethod.REQUEST_SYSTEM_HEALTH),
    StatusMethod.EXPLAIN_PROVIDERS,
    *(ChatMethod.LIST_CONVERSATIONS, ChatMethod.LEAVE_CONVERSATION, ChatMethod.IMPORT_CONVERSATION),
}
"""What anybody may call: their own things, or nobody's."""
READING = {
    *(ChatMethod.JOIN_CONVERSATION, ChatMethod.RESUME_CONVERSATION, ChatMethod.GET_HISTORY),
    *(ChatMethod.PAUSE_STREAM, ChatMethod.RESUME_STREAM),
    *(ChatMethod.LIST_MEMBERS, ChatMethod.LIST_PINNED, ChatMethod.SEARCH_MESSAGES, ChatMethod.LEAVE_CALL),
}
REACTING = {ChatMethod.ADD_REACTION, ChatMethod.REMOVE_REACTION, ChatMethod.MARK_READ}
"""What readers may do: to a message, and with their own mark."""


def test_every_method_of_both_hubs_is_tried() -> None:
    """A new method has to say here what it shows to whom."""
    assert {method.name for method in ChatHub.methods.values()} == set(CHAT_CALLS)
    assert {method.name for method in StatusHub.methods.values()} == set(STATUS_CALLS)


async def attempt(connection: HubConnection, target: str, arguments: list[Any]) -> tuple[str, Any]:
    """Call; return ``("answer", result)`` or ``("refusal", text)``."""
    try:
        return "answer", await connection.invoke(target, *arguments, timeout=30)
    except HubException as error:
        return "refusal", str(error)


async def try_everything(world: World, person: Person) -> dict[str, list[tuple[str, Any]]]:
    """Call every method on the conversation; return what came of it."""
    return {
        target: [
            await attempt(person.connection, target, arguments) for arguments in calls(world, person.user_id)
        ]
        for target, calls in CHAT_CALLS.items()
    }


def expect_refusals(outcomes: dict[str, list[tuple[str, Any]]]) -> None:
    """Every call that is somebody else's business is refused alike, or answered as if there were nothing."""
    nothing: dict[str, Any] = {
        ChatMethod.STOP_GENERATION: ("answer", False),
        ChatMethod.PAUSE_STREAM: ("answer", False),
        ChatMethod.RESUME_STREAM: ("answer", False),
        ChatMethod.SEARCH_MESSAGES: ("answer", {"hits": [], "hasMore": False}),
    }
    for target, results in outcomes.items():
        if target in HARMLESS:
            continue
        if target == ChatMethod.REFRESH_TOKEN:
            assert results[0] == ("refusal", ErrorText.UNAUTHORIZED), "somebody else's token"
            assert results[1][0] == "answer", "their own"
            continue
        for result in results:
            assert result in (("refusal", ErrorText.UNAUTHORIZED), nothing.get(target)), (target, result)


async def happen(world: World) -> set[str]:
    """Let everything happen in the conversation that people are told of; return the events it made."""
    ann, bob, server = world.ann, world.bob, world.server
    await bob.invoke(ChatMethod.START_TYPING, ROOM)
    await ann.got(ChatEvent.USER_TYPING)
    await ann.got(ChatEvent.TYPING_UPDATE)
    await ann.invoke(ChatMethod.ADD_MEMBER, ROOM, "roberta")
    async with server.person("roberta") as guest:
        await guest.join(ROOM)
        await eventually(lambda: ["roberta", "Roberta"] in ann.of(ChatEvent.USER_JOINED))
        await ann.invoke(ChatMethod.REMOVE_MEMBER, ROOM, "roberta")
        await guest.got(ChatEvent.REMOVED_FROM_CONVERSATION)
    await eventually(lambda: ["roberta"] in ann.of(ChatEvent.USER_LEFT), what="roberta left")
    await bob.send(CONTENT, conversation_id=ROOM, respond=False)
    await bob.invoke(ChatMethod.ADD_REACTION, world.question_id, "!")
    await ann.got(ChatEvent.REACTIONS_UPDATED)
    await bob.invoke(ChatMethod.MARK_READ, ROOM, 1)
    await ann.got(ChatEvent.READ_MARKS_UPDATED)
    await ann.invoke(ChatMethod.UPDATE_CONVERSATION, ROOM, {"pinned": True})
    await ann.got(ChatEvent.CONVERSATION_UPDATED)
    await bob.invoke(ChatMethod.JOIN_CALL, ROOM, "p-bob", {"video": True})
    await ann.invoke(ChatMethod.JOIN_CALL, ROOM, "p-ann", {"audio": True})
    await bob.invoke(ChatMethod.SEND_SIGNAL, ROOM, "p-bob", "p-ann", {"candidate": {"candidate": CONTENT}})
    await ann.got(ChatEvent.SIGNAL)
    await ann.got(ChatEvent.CALL_UPDATED)
    world.go_on.set()
    await ann.final(world.answer_id)
    await ann.got(ChatEvent.PRESENCE_UPDATE)
    return {name for name, _ in ann.events}


def test_every_event_of_a_conversation_is_made_to_happen() -> None:
    """A new event has to happen in the tests below, or be named here as nobody's secret."""
    private = {ChatEvent.RATE_LIMIT_WARNING, ChatEvent.REMOVED_FROM_CONVERSATION}  # to whom it happens
    for_everybody = {
        *(ChatEvent.PROVIDER_STATUS_UPDATE, ChatEvent.MODEL_AVAILABILITY_CHANGED),
        *(ChatEvent.PROVIDER_FAILOVER, ChatEvent.SYSTEM_ANNOUNCEMENT),
    }
    assert constants(ChatEvent) - private - for_everybody == HAPPENING


HAPPENING = {
    *(ChatEvent.RECEIVE_MESSAGE, ChatEvent.MESSAGE_UPDATED, ChatEvent.STREAM_TOKEN),
    ChatEvent.REACTIONS_UPDATED,
    *(ChatEvent.READ_MARKS_UPDATED, ChatEvent.CONVERSATION_UPDATED),
    *(ChatEvent.USER_JOINED, ChatEvent.USER_LEFT, ChatEvent.PRESENCE_UPDATE),
    *(ChatEvent.USER_TYPING, ChatEvent.TYPING_UPDATE, ChatEvent.CALL_UPDATED, ChatEvent.SIGNAL),
}
ADDRESSED = {ChatEvent.USER_TYPING, ChatEvent.SIGNAL}
"""Not everybody there is told these: not whom it is about, or only whom it is for."""


def expect_silence(person: Person, outcomes: Any) -> None:
    """Nothing the person ever got tells of the conversation."""
    told = repr(outcomes) + repr(person.events)
    for mark in MARKS:
        assert mark not in told, mark
    own = {ChatEvent.PROVIDER_STATUS_UPDATE, ChatEvent.RATE_LIMIT_WARNING}
    assert not [name for name, arguments in person.events if name not in own and ROOM in repr(arguments)]


@pytest.mark.parametrize("who", ["a stranger", "a removed member", "a member of another conversation"])
async def test_outsider_learns_nothing_and_changes_nothing(tmp_path: Path, who: str) -> None:
    """Whatever they call, in whatever order events come: no word, name or title, and all stays as it was."""
    async with world(tmp_path) as here, here.server.person("mallory") as mallory:
        if who == "a member of another conversation":
            await mallory.join("their-own")
            await mallory.send("mine", conversation_id="their-own", respond=False)
        if who == "a removed member":
            await here.ann.invoke(ChatMethod.ADD_MEMBER, ROOM, "mallory")
            await mallory.join(ROOM)
            await here.ann.invoke(ChatMethod.REMOVE_MEMBER, ROOM, "mallory")
            await mallory.invoke(ChatMethod.REQUEST_PROVIDER_STATUS)  # all sent to them before has arrived
            mallory.events.clear()
        before = await here.state()
        outcomes = await try_everything(here, mallory)
        expect_refusals(outcomes)
        assert await here.state() == before
        assert await happen(here) >= HAPPENING
        await mallory.invoke(ChatMethod.REQUEST_PROVIDER_STATUS)
        expect_silence(mallory, outcomes)
        listed = outcomes[ChatMethod.LIST_CONVERSATIONS][0][1]
        assert [item["conversationId"] for item in listed] == (
            ["their-own"] if who == "a member of another conversation" else []
        )


async def test_reader_reads_and_changes_nothing(tmp_path: Path) -> None:
    """A reader gets what happens, and every method that would change something is refused."""
    async with world(tmp_path) as here, here.server.person("rae") as rae:
        await here.ann.invoke(ChatMethod.ADD_MEMBER, ROOM, {"userId": "rae", "role": "reader"})
        await rae.join(ROOM)
        before = await here.state()
        for target, calls in CHAT_CALLS.items():
            if target in {ChatMethod.LEAVE_CONVERSATION, *REACTING}:
                continue
            results = [await attempt(rae.connection, target, arguments) for arguments in calls(here, "rae")]
            if target in HARMLESS | READING:
                assert {kind for kind, _ in results} == {"answer"}, target
            elif target == ChatMethod.REFRESH_TOKEN:
                assert [kind for kind, _ in results] == ["refusal", "answer"]
            else:
                assert set(results) == {("refusal", ErrorText.UNAUTHORIZED)}, target
        assert await here.state() == before
        for target in REACTING:
            for arguments in CHAT_CALLS[target](here, "rae"):
                assert await attempt(rae.connection, target, arguments) == ("answer", None)
        await happen(here)
        await eventually(lambda: {name for name, _ in rae.events} >= HAPPENING - ADDRESSED)
        assert CONTENT in repr(rae.events)


@pytest.mark.parametrize("how", ["expired", "revoked user", "revoked token"])
async def test_member_whose_token_ends_is_out(tmp_path: Path, how: str) -> None:
    """Expired or revoked, on an open connection: no event any more, no method, no way back with it."""
    revocations = Revocations()
    async with world(tmp_path, revocations) as here:
        await here.ann.invoke(ChatMethod.ADD_MEMBER, ROOM, "mallory")
        own = token("mallory", ttl=1.0 if how == "expired" else 60.0)
        url = here.server.url + CHAT_HUB_PATH
        connection = HubConnection(url, access_token=own, retry=None)
        mallory = Person(connection, "mallory")
        await connection.start()
        await mallory.join(ROOM)
        if how == "revoked user":
            await revocations.revoke_user("mallory")
        elif how == "revoked token":
            await revocations.revoke_token(authority().verify(own).token_id)
        ended = ConnectionState.DISCONNECTED
        await eventually(lambda: connection.state is ended, what="the connection's end")
        mallory.events.clear()
        before = await here.state()
        for target, calls in CHAT_CALLS.items():
            for arguments in calls(here, "mallory"):
                with pytest.raises(ConduitError):
                    await connection.invoke(target, *arguments, timeout=30)
        with pytest.raises(ConduitError, match=ErrorText.INVALID_AUTHENTICATION):
            await HubConnection(url, access_token=own, retry=None).start()
        after = await here.state()
        assert (after["log"], after["members"]) == (before["log"], before["members"])
        await happen(here)
        assert mallory.events == []
        async with here.server.person("bob") as bob:
            for refreshed in (own, token("mallory")):
                kind, _ = await attempt(bob.connection, ChatMethod.REFRESH_TOKEN, [refreshed])
                assert kind == "refusal"


async def test_status_hub_tells_nothing_of_conversations(tmp_path: Path) -> None:
    """Whoever listens to the status hub hears of providers and the system only."""
    async with world(tmp_path) as here:
        url = here.server.url + STATUS_HUB_PATH
        async with HubConnection(url, access_token=token("mallory"), retry=None) as connection:
            heard: list[Any] = []
            for target in constants(StatusEvent) | constants(ChatEvent):
                connection.on(target, lambda *arguments, target=target: heard.append((target, arguments)))
            outcomes = [
                await attempt(connection, target, arguments)
                for target, calls in STATUS_CALLS.items()
                for arguments in calls(here, "mallory")
            ]
            of_the_chat = [
                await attempt(connection, target, arguments)
                for target in set(CHAT_CALLS) - set(STATUS_CALLS)
                for arguments in CHAT_CALLS[target](here, "mallory")
            ]
            assert {kind for kind, _ in of_the_chat} == {"refusal"}
            outcomes += of_the_chat
            before = await here.state()
            assert before["written"]
            await happen(here)
            await attempt(connection, StatusMethod.REQUEST_PROVIDER_STATUS, [])
            for mark in MARKS:
                assert mark not in repr(outcomes) + repr(heard)
            assert {target for target, _ in heard} <= constants(StatusEvent)


INNER_NAMES = [
    *("attach", "on_connected", "on_disconnected", "on_limit_warning", "join_conversation"),
    *("conversations", "_joined", "methods", "__init__", "__class__", "clients.all", "groups.add"),
    *("JoinConversation ", "", "\0"),
]


@pytest.mark.parametrize("hub", ["chat", "status"])
async def test_no_event_and_nothing_inside_is_invocable(tmp_path: Path, hub: str) -> None:
    """Nobody can make the hub speak in another's name: events and inner names are unknown methods."""
    async with world(tmp_path) as here:
        url = here.server.url + (CHAT_HUB_PATH if hub == "chat" else STATUS_HUB_PATH)
        here.ann.events.clear()
        before = await here.state()
        events = constants(ChatEvent) | constants(StatusEvent) | {TOKEN_EXPIRING}
        async with HubConnection(url, access_token=token("robert"), retry=None) as connection:
            for target in (*events, *(name.lower() for name in events), *INNER_NAMES):
                for arguments in ([], [ROOM], [{"id": "x", "role": "assistant", "content": "forged"}]):
                    with pytest.raises(HubException, match="Unknown hub method") as refused:
                        await connection.invoke(target, *arguments, timeout=30)
                    assert "forged" not in str(refused.value)
        assert await here.state() == before
        assert "forged" not in repr(here.ann.events)


async def test_identity_in_a_payload_counts_for_nothing(tmp_path: Path) -> None:
    """Author, times, places and states are the hub's; what a client claims of them is dropped."""
    claims = {
        "author": {"userId": "annabel", "userName": "Annabel"},
        "userId": "annabel",
        "userName": "Annabel",
        "metadata": {
            **{"respond": False, "seq": 1, "eventSeq": 1, "timestamp": "1999-01-01T00:00:00Z", "status": "x"},
            **{"conversationId": "elsewhere", "author": "annabel", "tokensUsed": 9},
            **{"notice": "x", "reasoning": "x", "reasoningTime": 1, "unstored": "x"},
            **{"toolCalls": [{"name": "x"}], "segments": [], "cost": {"amount": 0, "currency": "EUR"}},
        },
        "error": {"type": "server_error", "recoverable": False},
    }
    async with world(tmp_path) as here:
        message = {"id": "forged", "role": "user", "content": "boo", **claims}
        receipt = await here.bob.invoke(ChatMethod.SEND_MESSAGE, ROOM, message)
        await eventually(lambda: any(m["id"] == "forged" for (m,) in here.ann.of(ChatEvent.RECEIVE_MESSAGE)))
        got = next(m for (m,) in here.ann.of(ChatEvent.RECEIVE_MESSAGE) if m["id"] == "forged")
        assert got["author"] == {"userId": "robert", "userName": "Robert"}
        assert (got["metadata"]["conversationId"], got["metadata"]["seq"]) == (ROOM, receipt["seq"])
        assert not got["metadata"]["timestamp"].startswith("1999")
        assert {"status", "tokensUsed", "eventSeq"}.isdisjoint(got["metadata"])
        assert {"notice", "reasoning", "reasoningTime", "unstored"}.isdisjoint(got["metadata"])
        assert {"toolCalls", "segments", "cost"}.isdisjoint(got["metadata"])
        assert "error" not in got
        for role in ("assistant", "system", "tool"):
            kind, text = await attempt(
                here.bob.connection, ChatMethod.SEND_MESSAGE, [ROOM, {**message, "id": role, "role": role}]
            )
            assert (kind, "role: must be" in text) == ("refusal", True)
        taken = {"id": here.answer_id, "role": "user", "content": "over the answer"}
        kind, _ = await attempt(here.bob.connection, ChatMethod.SEND_MESSAGE, [ROOM, taken])
        assert kind == "refusal", "nobody writes over another's message"
