"""A chat that goes on in another conversation, on a real hub: its views, listeners and waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.errors import ValidationError
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat import backend
from conduit_widget.widget.chat.chat import Chat
from tests.support.chat.server import FAST, ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import CommLedger, recorded_comms
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CommLedger]:
    """Recorded comms and a stand-in browser part."""
    (tmp_path / "chat.js").write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", tmp_path)
    with recorded_comms(monkeypatch) as ledger:
        yield ledger
    stop_loop_thread()


@pytest.fixture
def gate() -> asyncio.Event:
    """Opened when the model may go on."""
    return asyncio.Event()


@pytest.fixture
async def server(tmp_path: Path, gate: asyncio.Event) -> AsyncIterator[ChatServer]:
    """A running hub whose model says "one two" and waits in between."""
    provider = ScriptedProvider(["one ", gate, "two"])
    async with chat_server(tmp_path / "history.sqlite3", settings=FAST, provider=provider) as running:
        yield running


@pytest.fixture
async def chat(server: ChatServer, comms: CommLedger) -> AsyncIterator[Chat]:
    """Ann's live chat in "team"."""
    chat = Chat("team", hub_url=server.url, token=token("ann"))
    await asyncio.to_thread(chat.wait_connected, 30)
    yield chat
    await asyncio.to_thread(chat.close)


def shown(comms: CommLedger) -> dict[str, Any]:
    """Return the newest whole state that the views were sent."""
    states: list[dict[str, Any]] = [m["state"] for m in comms.view.custom if m["kind"] == "snapshot"]
    return states[-1] if states else {}


def texts(state: dict[str, Any]) -> list[str]:
    """Return what was said in a state."""
    return [message["content"] for message in state.get("messages", [])]


async def is_shown(comms: CommLedger, conversation_id: str, *said: str) -> None:
    """Wait until the views have a conversation, joined, with its messages."""

    def found() -> bool:
        state = shown(comms)
        return state.get("conversationId") == conversation_id and texts(state) == list(said)

    await eventually(found, what=f"the view of {conversation_id}")


async def test_everything_of_the_chat_goes_to_the_other_conversation(
    server: ChatServer, chat: Chat, comms: CommLedger
) -> None:
    """Views get its state, what is sent goes there, listeners hear it alone, and back again."""
    async with server.person("bob") as bob:
        await bob.join("other")
        await bob.send("said before", conversation_id="other", respond=False)
        await chat.send("in team", respond=False)
        chat._repr_mimebundle_()
        await is_shown(comms, "team", "in team")
        heard: list[str] = []
        listening = chat.on_message(lambda message: heard.append(message.text))

        chat.switch_to("other")
        assert (chat.conversation_id, repr(chat)) == ("other", "Chat('other')")
        await is_shown(comms, "other", "said before")
        await chat.send("from ann", respond=False)
        await eventually(lambda: heard == ["from ann"], what="the listener, without what was said before")
        assert [each.text for each in chat.messages] == ["said before", "from ann"]

        comms.view.receive(
            {"kind": "conversation", "requestId": "o", "action": "open", "conversationId": "team"}
        )
        await is_shown(comms, "team", "in team")
        assert chat.conversation_id == "team"
        await bob.send("not for this chat", conversation_id="other", respond=False)
        await chat.send("again in team", respond=False)
        await eventually(lambda: heard[1:] == ["again in team"], what="the listener in team alone")
        listening()
        await chat.send("unheard", respond=False)
        assert heard[2:] == []


async def test_who_waits_for_an_answer_gets_it_from_where_they_asked(
    chat: Chat, gate: asyncio.Event, comms: CommLedger
) -> None:
    """The question stays with its conversation; a stream not yet begun does, too."""
    asked = chat.ask("first?")
    later = chat.stream("second?")
    await eventually(lambda: "one " in [each.text for each in chat.messages], what="the answer's beginning")
    chat.switch_to("other")
    gate.set()
    assert (await asked).text == "one two"
    assert "".join([piece async for piece in later]) == "one two"
    assert chat.messages == []
    chat.switch_to("team")
    await eventually(
        lambda: [each.text for each in chat.messages if each.role == "user"] == ["first?", "second?"],
        what="both questions in the first conversation",
    )


async def test_a_jump_waits_until_the_conversation_is_there(
    server: ChatServer, chat: Chat, comms: CommLedger
) -> None:
    """Opening a conversation and asking for what lies around a message needs no wait in between."""
    async with server.person("bob") as bob:
        await bob.join("long")
        for number in range(120):
            await bob.send(f"number {number}", conversation_id="long", respond=False)
    chat._repr_mimebundle_()
    comms.view.receive({"kind": "conversation", "requestId": "o", "action": "open", "conversationId": "long"})
    comms.view.receive({"kind": "around", "requestId": "a", "seq": 10})
    await eventually(lambda: [m for m in comms.view.custom if m.get("requestId") == "a"], what="a reply")
    assert "number 9" in [each.text for each in chat.messages]


@pytest.mark.parametrize("wrong", ["", "x" * 200, 7, None])
async def test_what_is_no_conversation_is_refused(chat: Chat, comms: CommLedger, wrong: Any) -> None:
    """In one line, at the prompt and to the view; the chat stays where it is."""
    with pytest.raises(ValidationError, match="conversation_id"):
        chat.switch_to(wrong)
    comms.view.receive({"kind": "conversation", "requestId": "o", "action": "open", "conversationId": wrong})
    reply = await eventually(
        lambda: next((m for m in comms.view.custom if m.get("requestId") == "o"), None), what="a reply"
    )
    assert reply["error"]["code"] == "invalid"
    assert chat.conversation_id == "team"


async def test_the_kept_transcript_is_of_the_conversation_shown(
    server: ChatServer, chat: Chat, comms: CommLedger
) -> None:
    """What the notebook keeps follows the chat, without a word of the conversation before."""
    async with server.person("bob") as bob:
        await bob.join("other")
        await bob.send("kept words", conversation_id="other", respond=False)
    await chat.send("left words", respond=False)
    chat.switch_to("other")
    await eventually(lambda: [each.text for each in chat.messages] == ["kept words"], what="the join")
    bundle, _ = chat._repr_mimebundle_() or ({}, {})
    assert "kept words" in bundle["text/plain"]
    assert "left words" not in bundle["text/plain"]


async def test_conversations_that_were_left_are_forgotten(
    chat: Chat, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Going through many keeps the transcripts of few; the first can be gone back to."""
    monkeypatch.setattr(backend, "ABSENCE", 0.01)
    views = chat._views
    for number in range(5):
        before = views.backend
        await asyncio.to_thread(chat.switch_to, f"room {number}")
        await eventually(partial(getattr, before, "has_left"), what="the one before is left")
    assert set(views._backends) <= {"room 3", "room 4"}
    await asyncio.to_thread(chat.switch_to, "team")
    await asyncio.to_thread(chat.wait_connected, 30)
