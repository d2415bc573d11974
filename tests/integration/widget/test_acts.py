"""What a person at the prompt, or in a view, does to messages: over the real hub and real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.errors import ConduitError, HubException, ValidationError
from conduit_widget.widget.chat.chat import Chat
from tests.integration.widget.test_chat import closed, comms, opened
from tests.support.chat.server import chat_server
from tests.support.kernel.comm import CommLedger
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

__all__ = ["comms"]  # the fixture


async def become(chat: Chat, expected: list[str]) -> None:
    """Wait until the chat has these texts; read without blocking the hub, which runs on this very loop."""
    backend = chat._backend
    await eventually(lambda: [message.text for message in backend.messages()] == expected)


async def test_deletion_is_seen_by_everybody(tmp_path: Path, comms: CommLedger) -> None:
    """By a message, a receipt or an id; a stranger's is refused, and what is no message is named."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server:
        owner, bob = await opened(server, "ann"), await opened(server, "bob")
        receipt = await bob.send("mistake", respond=False)
        await owner.send("of the owner", respond=False)
        question = await bob.ask("hello?")
        await bob.delete(receipt)
        await bob.delete(receipt.id)
        await bob.delete(question)
        with pytest.raises(
            HubException, match=r"^Unauthorized: there is no such message, .* may not delete it"
        ):
            await bob.delete((await asyncio.to_thread(lambda: bob.messages))[1])
        with pytest.raises(ValidationError, match=r"^message: must be a message of chat\.messages"):
            bob.delete(7)  # type: ignore[arg-type]
        expected = ["", "of the owner", "hello?", ""]
        for chat in (owner, bob):
            await become(chat, expected)
        await closed(owner, bob)


async def test_view_deletes_a_message(tmp_path: Path, comms: CommLedger) -> None:
    """A request of a view is answered when the hub has done it."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server:
        chat = await opened(server)
        receipt = await chat.send("mistake", respond=False)
        comms.view.receive({"kind": "delete", "requestId": 7, "messageId": receipt.id})
        reply = await eventually(
            lambda: next((each for each in comms.view.custom if each.get("requestId") == 7), None)
        )
        assert (reply["ok"], reply["result"]) == (True, None)
        await closed(chat)


async def reply_to(comms: CommLedger, request_id: int, **content: object) -> dict[str, Any]:
    """Ask as a view does; return the reply."""
    comms.view.receive({"requestId": request_id, **content})
    reply: dict[str, Any] = await eventually(
        lambda: next((each for each in comms.view.custom if each.get("requestId") == request_id), None)
    )
    return reply


async def test_edits_reactions_and_other_answers_at_the_prompt(tmp_path: Path, comms: CommLedger) -> None:
    """Each is awaited like a send, and seen in the chat."""
    provider = ScriptedProvider(["one"], ["two"], ["three"])
    async with chat_server(tmp_path / "h", provider) as server:
        chat = await opened(server)
        with pytest.raises(ConduitError, match="There is no answer yet"):
            await chat.regenerate()
        note = await chat.send("a note ", respond=False)
        await chat.edit(note, "an edited note\n")
        await become(chat, ["an edited note"])
        await chat.ask("hello?")
        receipt = await chat.regenerate(model="m2")
        assert receipt.answer_id == receipt.id
        await become(chat, ["an edited note", "hello?", "one", "two"])
        assert provider.requests[-1].model == "m2"
        question = (await asyncio.to_thread(lambda: chat.messages))[1]
        edited = await chat.edit(question, "hello!")
        await become(chat, ["an edited note", "hello?", "one", "two", "hello!", "three"])
        await chat.react(edited, "\N{THUMBS UP SIGN}")
        await chat.react(edited, "!")
        await chat.react(edited, "!", remove=True)
        transcript = chat._backend.conversation.transcript

        def reactions() -> object:
            message = transcript.message(edited.id)
            return message and message.metadata.get("reactions")

        await eventually(lambda: reactions() == {"\N{THUMBS UP SIGN}": ["ann"]})
        with pytest.raises(ValidationError, match="text: is empty"):
            chat.edit(note, " ")
        for act in (chat.edit("nothing", "x"), chat.react("nothing", "!"), chat.regenerate("nothing")):
            with pytest.raises(HubException, match=r"^Unauthorized: there is no such message"):
                await act
        with pytest.raises(ValidationError, match=r"^provider: is none of this hub's\. It has: scripted\."):
            await chat.regenerate(provider="nobody")
        with pytest.raises(HubException, match="emoji: must be one emoji or character"):
            await chat.react(note, "two")
        with pytest.raises(ValidationError, match="emoji: must be a string, not int"):
            chat.react(note, 7)  # type: ignore[arg-type]
        await closed(chat)


async def test_view_begins_a_fresh_context(tmp_path: Path, comms: CommLedger) -> None:
    """The model reads nothing from before the message that begins it; what follows goes on from there."""
    async with chat_server(tmp_path / "h", provider := ScriptedProvider(["fine"])) as server:
        chat = await opened(server)
        texts = ["one", "two", "three"]
        for number, text in enumerate(texts, 1):
            fresh = {"contextStart": True} if text == "two" else {}
            assert (await reply_to(comms, number, kind="send", id=text, text=text, **fresh))["ok"]
            await become(chat, [each for asked in texts[:number] for each in (asked, "fine")])
        read = [
            [turn.content for turn in request.messages if turn.role != "system"]
            for request in provider.requests
        ]
        assert read == [["one"], ["two"], ["two", "fine", "three"]]
        await closed(chat)


async def test_view_edits_reacts_and_has_a_question_answered_again(tmp_path: Path, comms: CommLedger) -> None:
    """Receipts are the replies; what the hub refuses, or is no text, is refused to the view in one line."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server:
        chat = await opened(server)
        sent = await reply_to(
            comms, 1, kind="send", id="m", text="hello", mentions=["bob"], parameters={"temperature": 0}
        )
        answer_id = sent["result"]["answerId"]
        await become(chat, ["hello", "fine"])
        reply = await reply_to(comms, 2, kind="send", id="m2", text="go on", parentId=answer_id, replyTo="m")
        assert reply["ok"]
        await become(chat, ["hello", "fine", "go on", "fine"])
        message = chat._backend.conversation.transcript.message("m2")
        assert message is not None
        assert (message.parent_id, message.metadata["replyTo"]) == (answer_id, "m")
        edited = await reply_to(comms, 3, kind="edit", messageId="m", text="hallo ")
        again = await reply_to(comms, 4, kind="regenerate", messageId=answer_id)
        assert again["result"]["answerId"] == again["result"]["id"]
        await become(chat, ["hello", "fine", "go on", "fine", "hallo", "fine", "fine"])
        assert (await reply_to(comms, 5, kind="react", messageId="m", emoji="!", on=True))["ok"]
        refused: dict[int, dict[str, object]] = {
            6: {"kind": "edit", "messageId": "m", "text": " "},
            7: {"kind": "react", "messageId": "m", "emoji": "two", "on": True},
            8: {"kind": "react", "messageId": "m", "emoji": 7, "on": True},
            9: {"kind": "regenerate", "messageId": "nothing"},
            10: {"kind": "send", "id": "m3", "text": "hello", "parentId": 7},
            11: {"kind": "delete", "messageId": "nothing"},
        }
        for request_id, content in refused.items():
            reply = await reply_to(comms, request_id, **content)
            assert (reply["ok"], "\n" in reply["error"]["message"]) == (False, False), content
        assert edited["ok"]
        await closed(chat)


async def test_paused_chat_holds_the_text_and_catches_up(tmp_path: Path, comms: CommLedger) -> None:
    """The answers being written, and one that begins meanwhile; the model goes on, an end is shown."""
    begun, go_on, end = asyncio.Event(), asyncio.Event(), asyncio.Event()
    provider = ScriptedProvider(["one", go_on, " two", begun, " three", end], ["all at once"])
    async with chat_server(tmp_path / "h", provider) as server, server.person("bob") as bob:
        await bob.join("team")
        chat = await opened(server)
        receipt = await chat.send("hello?")
        streams = chat._backend.conversation.transcript.streams
        answer_id = receipt.answer_id or ""
        await eventually(lambda: answer_id in streams and streams[answer_id].text == "one")
        await chat.pause()
        assert chat._backend.conversation.pausing.is_on
        go_on.set()
        await eventually(lambda: bob.streamed(answer_id) == "one two", what="the others' text")
        assert streams[answer_id].text == "one"
        await chat.resume()
        await eventually(lambda: streams[answer_id].text == "one two", what="what was held")
        await chat.pause()
        begun.set()
        end.set()
        await become(chat, ["hello?", "one two three"])
        await chat.ask("and now?")
        await chat.resume()
        await become(chat, ["hello?", "one two three", "and now?", "all at once"])
        await closed(chat)


async def test_who_waits_for_an_answer_hears_that_it_was_deleted(tmp_path: Path, comms: CommLedger) -> None:
    """Not an empty text, as if the model had nothing to say."""
    async with (
        chat_server(tmp_path / "h", ScriptedProvider(["part", asyncio.Event()])) as server,
        server.person("ann") as other,
    ):
        await other.join("team")
        chat = await opened(server)
        asked = asyncio.ensure_future(chat.ask("hello?"))
        [[_, _, metadata]] = await other.got(ChatEvent.STREAM_TOKEN)
        await other.invoke(ChatMethod.DELETE_MESSAGE, metadata["messageId"])
        with pytest.raises(ConduitError, match="The answer was deleted"):
            await asyncio.wait_for(asked, 30)
        await closed(chat)


async def test_pins_at_the_prompt_and_in_a_view(tmp_path: Path, comms: CommLedger) -> None:
    """Listed with those of others; what is deleted is pinned no more."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server, server.person("bob") as bob:
        chat = await opened(server, "ann")
        conversation = chat.conversation_id
        await bob.join(conversation)
        first = await chat.send("first", respond=False)
        second = await chat.send("second", respond=False)
        await chat.pin(second)
        await bob.invoke(ChatMethod.PIN_MESSAGE, conversation, first.id)
        pinned = await asyncio.to_thread(lambda: chat.pinned)
        assert [(each.text, each.metadata["pinned"]["by"]) for each in pinned] == [
            ("first", "bob"),
            ("second", "ann"),
        ]
        await chat.pin(second, remove=True)
        await chat.delete(second)
        with pytest.raises(HubException, match="message: was deleted"):
            await chat.pin(second)
        with pytest.raises(HubException, match="may not pin it"):
            await chat.pin("nothing")
        reply = await reply_to(comms, 1, kind="pinned")
        assert [each["id"] for each in reply["result"]] == [first.id]
        assert (await reply_to(comms, 2, kind="pin", messageId=first.id, on=False))["ok"]
        assert await asyncio.to_thread(lambda: chat.pinned) == []
        await closed(chat)
