"""The chat at the prompt over the real hub and real sockets, the model scripted."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.contract import ChatEvent
from conduit_widget.errors import ConnectionFailedError, HubException, ProviderError
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.types import ChatMessage
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.support.chat.server import FAST, ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import CommLedger, recorded_comms
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CommLedger]:
    """Recorded comms and a stand-in browser part."""
    module = tmp_path / "chat.js"
    module.write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", module.parent)
    with recorded_comms(monkeypatch) as ledger:
        yield ledger
    stop_loop_thread()


@pytest.fixture
def provider() -> ScriptedProvider:
    """A model that says three words, slowly enough to watch."""
    return ScriptedProvider(["Grüße", 0.05, " an", 0.05, " alle \N{GRINNING FACE}"])


@pytest.fixture
async def server(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[ChatServer]:
    """A running hub."""
    async with chat_server(tmp_path / "history.sqlite3", provider) as running:
        yield running


async def opened(server: ChatServer, user: str = "ann", conversation: str = "team") -> Chat:
    """A live chat of a user."""
    chat = Chat(conversation, hub_url=server.url, token=token(user))
    await asyncio.to_thread(chat.wait_connected, 30)
    return chat


async def closed(*chats: Chat) -> None:
    """Close chats without blocking the hub, which runs on this very loop."""
    for chat in chats:
        await asyncio.to_thread(chat.close)


async def test_ask_gives_the_answer_the_hub_stored(server: ChatServer, comms: CommLedger) -> None:
    """Question in, finished answer out, equal to what a newcomer reads from the hub."""
    chat = await opened(server)
    answer = await chat.ask("Hallo?")
    assert answer.text == "Grüße an alle \N{GRINNING FACE}"
    assert answer.metadata["status"] == "complete"
    async with server.person("bob") as bob:
        stored = (await bob.join("team"))["messages"]
    assert [message["content"] for message in stored] == ["Hallo?", answer.text]
    await closed(chat)


async def test_streamed_pieces_are_the_message(tmp_path: Path, comms: CommLedger) -> None:
    """Pieces arrive before the end and concatenate to the stored text."""
    first_is_here = asyncio.Event()
    async with chat_server(tmp_path / "h", ScriptedProvider(["One", first_is_here, " two"])) as server:
        chat = await opened(server)
        stream = chat.stream("Hallo?")
        pieces: list[str] = []
        async for piece in stream:
            pieces.append(piece)
            first_is_here.set()
        assert len(pieces) > 1
        assert stream.message is not None
        assert "".join(pieces) == stream.message.text == "One two"
        await closed(chat)


async def test_streamed_question_takes_its_files_along(tmp_path: Path, comms: CommLedger) -> None:
    """They are there before the model is asked, also where the text is empty; read twice, sent once."""
    provider = ScriptedProvider(["One"])
    async with chat_server(tmp_path / "h", provider) as server:
        chat = await opened(server)
        stream = chat.stream("", files=[("notes.txt", b"the note")])
        assert "".join([piece async for piece in stream]) == "One"
        assert [piece async for piece in stream] == []
        question = next(message for message in chat.messages if message.role == "user")
        assert [file.name for file in question.files] == ["notes.txt"]
        assert "the note" in str(provider.requests[-1].messages[-1].content)
        await closed(chat)


async def test_two_people_see_the_same_conversation(server: ChatServer, comms: CommLedger) -> None:
    """Messages, answers, presence and typing are the same for both, over two connections."""
    ann, bob = await opened(server, "ann"), await opened(server, "bob")
    heard: list[ChatMessage] = []
    await asyncio.to_thread(bob.on_message, heard.append)
    await ann.ask("Hallo?")
    await eventually(lambda: len(heard) == 2, what="bob hears question and answer")

    def same() -> bool:
        return [m.to_wire() for m in ann.messages] == [m.to_wire() for m in bob.messages]

    await eventually(lambda: asyncio.to_thread(same), what="equal transcripts")
    everybody = await asyncio.to_thread(lambda: {person.user_id for person in ann.participants})
    assert everybody == {"ann", "bob"}
    view_of_bob = comms.of("AnyModel")[1]
    view_of_bob.receive({"kind": "hello", "n": 0})
    await eventually(lambda: view_of_bob.custom, what="bob looks at it")
    comms.of("AnyModel")[0].receive({"kind": "typing", "isTyping": True})
    await eventually(
        lambda: any(
            op == {"op": "typing", "userIds": ["ann"]}
            for packet in view_of_bob.custom
            for op in packet.get("ops", ())
        ),
        what="bob's view sees ann typing",
    )
    await closed(ann, bob)


async def test_stop_keeps_the_text_so_far(tmp_path: Path, comms: CommLedger) -> None:
    """Stopping ends the provider's work; the asker gets what was written."""
    provider = ScriptedProvider(["Part", asyncio.Event()])
    async with chat_server(tmp_path / "h", provider) as server:
        chat = await opened(server)
        asking = asyncio.ensure_future(_ask(chat))
        await eventually(lambda: asyncio.to_thread(lambda: [m.text for m in chat.messages][1:] == ["Part"]))
        await chat.stop()
        answer = await asyncio.wait_for(asking, 30)
        assert (answer.text, answer.metadata["status"]) == ("Part", "cancelled")
        assert provider.closed_early == 1
        await closed(chat)


async def _ask(chat: Chat) -> ChatMessage:
    return await chat.ask("q")


async def test_missing_model_is_an_error_that_names_the_command(tmp_path: Path, comms: CommLedger) -> None:
    """Without a provider, ask says what to run."""
    async with chat_server(tmp_path / "h", None) as server:
        chat = await opened(server)
        with pytest.raises(ProviderError, match="conduit-widget model install"):
            await chat.ask("q")
        await closed(chat)


async def test_refused_token_is_shown_and_hides_itself(server: ChatServer, comms: CommLedger) -> None:
    """A bad token ends in `offline` with one line, and that line does not contain it."""
    chat = Chat("team", hub_url=server.url, token="not-a-good-token")
    await eventually(lambda: asyncio.to_thread(lambda: chat.connection.state == "offline"))
    with pytest.raises(ConnectionFailedError) as caught:
        await asyncio.to_thread(chat.wait_connected, 0.1)
    assert "not-a-good-token" not in str(caught.value)
    await closed(chat)


async def test_member_who_is_removed_sees_it_and_is_back_when_added_again(
    tmp_path: Path, comms: CommLedger
) -> None:
    """No call of theirs is needed; an ask that waits for its answer ends with the reason."""
    settings = dataclasses.replace(FAST, visibility="members")
    provider = ScriptedProvider(["first ", asyncio.Event()])
    async with (
        chat_server(tmp_path / "h", provider, settings=settings) as server,
        server.person("ann") as ann,
    ):
        await ann.join("team")
        members = ChatHubClient(ann.connection)
        await members.add_member("team", "bob")
        chat = await opened(server, "bob")
        asking = asyncio.create_task(_ask(chat))
        await ann.got(ChatEvent.STREAM_TOKEN)
        await members.remove_member("team", "bob")
        with pytest.raises(HubException, match="You were removed from this conversation"):
            await asking
        assert await asyncio.to_thread(lambda: chat.connection.state) == "removed"
        assert await asyncio.to_thread(lambda: chat.messages) == [], "nothing of the text stays"
        kept = await asyncio.to_thread(chat._repr_mimebundle_)
        assert kept is not None
        assert "You were removed from this conversation" in kept[0]["text/plain"]
        assert "first" not in kept[0]["text/plain"]
        await members.add_member("team", "bob")
        await closed(chat)
        await closed(await opened(server, "bob"))


async def test_late_view_gets_the_text_so_far(tmp_path: Path, comms: CommLedger) -> None:
    """A second chat opened in mid-answer shows the beginning and goes on with the rest."""
    go_on = asyncio.Event()
    async with chat_server(tmp_path / "h", ScriptedProvider(["Begin", go_on, " end"])) as server:
        first = await opened(server, "ann")
        asking = asyncio.ensure_future(_ask(first))
        await eventually(lambda: asyncio.to_thread(lambda: first.messages[1:] and first.messages[1].text))
        second = await opened(server, "bob")
        assert await asyncio.to_thread(lambda: second.messages[1].text) == "Begin"
        go_on.set()
        final = (await asking).text
        await eventually(lambda: asyncio.to_thread(lambda: second.messages[1].text == final == "Begin end"))
        await closed(first, second)


async def test_chat_is_live_within_a_second_of_being_made(server: ChatServer, comms: CommLedger) -> None:
    """Constructing returns at once, and a running hub is joined quickly."""
    began = time.monotonic()
    chat = Chat("team", hub_url=server.url, token=token("ann"))
    constructed = time.monotonic() - began
    await asyncio.to_thread(chat.wait_connected, 30)
    assert constructed < 4.0, "it waits for nothing; what it takes is this machine's"
    await closed(chat)


async def test_block_waits_for_the_chat_and_closes_it(server: ChatServer, comms: CommLedger) -> None:
    """Also when the block fails."""
    async with Chat("team", hub_url=server.url, token=token("ann")) as chat:
        assert chat.connection.state == "live"
        assert (await chat.ask("Hi?")).text == "Grüße an alle \N{GRINNING FACE}"
    assert "closed" in repr(chat)

    def blocking() -> Chat:
        try:
            with Chat("team", hub_url=server.url, token=token("ann")) as other:
                assert other.connection.state == "live"
                raise KeyError
        except KeyError:
            return other

    assert "closed" in repr(await asyncio.to_thread(blocking))


async def test_block_of_a_chat_that_is_refused_never_begins(server: ChatServer, comms: CommLedger) -> None:
    """One line, and nothing stays open."""
    chat = Chat("team", hub_url=server.url, token="x" * 40)
    with pytest.raises(ConnectionFailedError):
        await chat.__aenter__()
    assert "closed" in repr(chat)
