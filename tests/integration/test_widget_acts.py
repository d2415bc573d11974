"""What a person at the prompt, or in a view, does to messages: over the real hub and real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conduit_widget.errors import HubException, ValidationError
from conduit_widget.widget.chat import Chat
from tests.integration.test_widget_chat import closed, comms, opened
from tests.support.chat_server import chat_server
from tests.support.comm import CommLedger
from tests.support.scripted_provider import ScriptedProvider
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
        with pytest.raises(HubException, match=r"^Unauthorized$"):
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
