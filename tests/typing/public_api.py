"""The public API as code: the type checker proves that it says what the README says. Never run."""

from __future__ import annotations

from typing import Any, assert_type

import conduit_widget
from conduit_widget import Chat, ChatMessage, HubConnection, context
from conduit_widget.types import Participant, SendReceipt


async def at_the_prompt() -> None:
    """What a person writes in async cells."""
    chat = Chat("team", user="ada", user_name="Ada", height=400)
    assert_type(await chat.ask("question", temperature=0.2, max_tokens=64, timeout=30), ChatMessage)
    assert_type(await chat.send("no answer, please", respond=False), SendReceipt)
    async for text in chat.stream("question"):
        assert_type(text, str)
    await chat.stop()


def in_a_plain_cell() -> None:
    """The synchronous forms."""
    chat = Chat()
    chat.wait_connected(timeout=10)
    answer = chat.ask("question").result(timeout=60)
    assert_type(answer, ChatMessage)
    assert_type(answer.text, str)
    stream = chat.stream("question")
    for text in stream:
        assert_type(text, str)
    assert_type(stream.message, ChatMessage | None)
    assert_type(chat.messages, list[ChatMessage])
    assert_type(chat.participants, list[Participant])
    unsubscribe = chat.on_message(lambda message: print(message.text))
    unsubscribe()
    chat.close()


def with_context(rows: dict[str, int]) -> None:
    """What goes along with a question, and what later chats begin with."""
    conduit_widget.configure(language="de", model="gpt-4o")
    context.register(HubConnection, lambda connection: f"a connection, {connection.state}")
    chat = Chat()
    assert_type(chat.ask("question", context=rows).result(), ChatMessage)
    assert_type(chat.ask("question", context=["rows", "error"]).result(), ChatMessage)
    assert_type(chat.explain("remark", temperature=0).result(), ChatMessage)
    chat.on_status(lambda status: print(status.connection, status.providers))()
    chat.on_mention(lambda message: print(message.author))()
    if (metrics := chat.metrics) is not None:
        assert_type(metrics.earlier[0].latency, float | None)


async def without_jupyter(token: str) -> None:
    """The SignalR client alone."""

    async def fresh_token() -> str:
        return token

    async with HubConnection("http://127.0.0.1:8765/hubs/chat", access_token=fresh_token) as connection:
        connection.on("ReceiveMessage", print)
        assert_type(await connection.invoke("JoinConversation", "team"), Any)
        await connection.send("StartTyping", "team")
        async for item in connection.stream("Count", 3):
            assert_type(item, Any)
