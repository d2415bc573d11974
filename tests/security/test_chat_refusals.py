"""What a hostile or mistaken client gets from the chat: a clear refusal, and nothing else."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.contract import ChatEvent, ChatMethod, ErrorText
from conduit_widget.errors import HubException
from tests.support.chat.server import FAST, chat_server
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

QUIET = dataclasses.replace(FAST, assistant="off")
MEMBERS = dataclasses.replace(QUIET, visibility="members")
SECRET = "correct horse battery staple"
BLANKS = [" ", "\u3000", "\u200d", "\u2800 \ufe0f", "\u17b4"]


def nested(levels: int) -> Any:
    """Lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


NESTED = nested(40)

BAD_MESSAGES: list[tuple[dict[str, Any], str]] = [
    ({"content": ""}, r"message: is empty; write something"),
    ({"content": " \n\t "}, r"message: is empty; write something"),
    ({"content": None}, r"message: must be text"),
    ({"content": 7}, r"message: must be text"),
    ({"content": "é" * 16385}, r"message: has 32770 bytes of text; the limit is 32768 bytes. Send it"),
    ({"content": f"{SECRET}\0"}, r"message: must not contain NUL"),
    ({"content": []}, r"message: is empty"),
    ({"content": [{"type": "text", "text": SECRET, "x": 1}, {"type": SECRET}]}, r"message: must have only"),
    (
        {"content": [{"type": "text", "text": "x", "deep": NESTED}]},
        r"(message|content).* nests more than 32 levels",
    ),
    (
        {"content": [{"type": "image_url", "image_url": {"url": "javascript:alert(1)"}}]},
        r"image: must be an http, https or data:image URL",
    ),
    ({"id": ""}, r"message id: must not be empty"),
    ({"id": 5}, r"message id: must be text"),
    ({"id": "x" * 129}, r"message id: has 129 characters; the limit is 128"),
    ({"id": "a\nb"}, r"message id: must not contain control or invisible characters"),
    *[({"id": blank}, r"message id: must have a character that can be seen") for blank in BLANKS],
    ({"id": NESTED}, r"id.* (must be text|nests more than 32 levels deep)"),
    ({"role": "assistant"}, r"role: must be 'user'"),
    ({"role": "system"}, r"role: must be 'user'"),
    ({"parentId": ["x"]}, r"parent id: must be text"),
    ({"parentId": "\u2800"}, r"parent id: must have a character that can be seen"),
    ({"metadata": SECRET}, r"metadata: must be an object"),
    ({"metadata": {"x": "y" * 9000}}, r"metadata: too large: .* has 90\d\d bytes; the limit is 8192"),
    ({"metadata": {"x": 2**70}}, r"^metadata: must be plain JSON, whole numbers within 64 bits"),
    ({"metadata": {"deep": NESTED}}, r"metadata.* nests more than 32 levels deep"),
    ({"metadata": {"parameters": {"stop": NESTED}}}, r"metadata.* nests more than 32 levels deep"),
    ({"unknown": "y" * 9000}, r"unknown fields: too large"),
    ({SECRET: NESTED}, r"nests more than 32 levels deep"),
    ({SECRET: [2**64]}, r"unknown fields: must be plain JSON, whole numbers within 64 bits"),
    ({"attachments": [SECRET]}, r"attachments: must be a list of objects"),
    ({"attachments": [{"deep": NESTED}]}, r"attachments.* nests more than 32 levels deep"),
    ({"attachments": [{"size": -(2**63) - 1}]}, r"attachments: must be plain JSON, whole numbers within 64"),
    ({"metadata": {"respond": "yes"}}, r"^respond: must be true or false"),
    ({"metadata": {"model": 3}}, r"^model: must be text"),
    ({"metadata": {"model": "m" * 129}}, r"^model: has 129 characters; the limit is 128"),
    ({"metadata": {"model": "Ada (owner)\u202e\u200b"}}, r"^model: must not contain control or invisible"),
    ({"metadata": {"provider": "a\nb"}}, r"^provider: must not contain control or invisible"),
    ({"metadata": {"parameters": []}}, r"^parameters: must be an object"),
    ({"metadata": {"parameters": {"temperature": 9}}}, r"^temperature: must be a number from 0 to 2"),
    ({"metadata": {"parameters": {"topP": True}}}, r"^top_p: must be a number"),
    ({"metadata": {"parameters": {"maxTokens": -1}}}, r"^max_tokens: must be a whole number from 1 to 32768"),
    ({"metadata": {"parameters": {"seed": 1.5}}}, r"^seed: must be a whole number"),
    ({"metadata": {"parameters": {"stop": [""]}}}, r"^stop: must be at most 4 texts"),
    ({"metadata": {"parameters": {"systemPrompt": 1}}}, r"^system_prompt: must be text"),
    ({"metadata": {"parameters": {"systemPrompt": "s" * 4097}}}, r"^system_prompt: has 4097 bytes; the"),
]


async def test_bad_messages_are_refused_clearly_and_connection_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each bad message has its own clear error that echoes nothing; nothing is stored, nothing logged."""
    caplog.set_level(logging.DEBUG)
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        for wrong, expected in BAD_MESSAGES:
            message = {"id": "m", "role": "user", "content": SECRET, **wrong}
            with pytest.raises(HubException, match=expected) as refusal:
                await ann.invoke(ChatMethod.SEND_MESSAGE, "c", message)
            assert SECRET not in str(refusal.value)
        for arguments in (["c"], ["c", SECRET], [7, {}], ["c", {}, "more"]):
            with pytest.raises(HubException) as refusal:
                await ann.invoke(ChatMethod.SEND_MESSAGE, *arguments)
            assert SECRET not in str(refusal.value)
        assert (await ann.send(SECRET))["seq"] == 1
        await ann.got(ChatEvent.RECEIVE_MESSAGE)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("conduit_widget")]
    assert not [line for line in ours if SECRET in line]


@pytest.mark.parametrize(
    ("conversation_id", "expected"),
    [
        (" \u2003", "conversation id: must have a character that can be seen"),
        ("", "conversation id: must not be empty"),
        ("x" * 129, "conversation id: has 129 characters; the limit is 128"),
        ("a\0b", "conversation id: must not contain control or invisible characters"),
        ("a\u2028b", "conversation id: must not contain control or invisible characters"),
    ],
)
async def test_malformed_conversation_id_is_refused(
    tmp_path: Path, conversation_id: str, expected: str
) -> None:
    """No method takes a conversation id that is empty, too long or has control characters."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        for target, *rest in conversation_methods():
            with pytest.raises(HubException, match=expected):
                await ann.invoke(target, conversation_id, *rest)


def conversation_methods() -> list[tuple[Any, ...]]:
    """Every method that takes a conversation id, with its other arguments."""
    message = {"id": "m", "role": "user", "content": "hello"}
    return [
        (ChatMethod.JOIN_CONVERSATION,),
        (ChatMethod.RESUME_CONVERSATION, "epoch", 0),
        (ChatMethod.LEAVE_CONVERSATION,),
        (ChatMethod.SEND_MESSAGE, message),
        (ChatMethod.GET_HISTORY, 10, 10),
        (ChatMethod.START_TYPING,),
        (ChatMethod.STOP_TYPING,),
    ]


async def test_nothing_works_when_not_joined(tmp_path: Path) -> None:
    """An unknown, a not-joined and a left conversation are refused alike, though it is open."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        await ann.join()
        await eve.join()
        await eve.invoke(ChatMethod.LEAVE_CONVERSATION, "c")
        for conversation_id in ("c", "unknown"):
            for target, *rest in conversation_methods()[3:]:
                with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
                    await eve.invoke(target, conversation_id, *rest)
        assert await server.chat.store.find("unknown") is None
        assert (await ann.send("still fine"))["seq"] == 1


async def test_stranger_gets_nothing_when_members_only(tmp_path: Path) -> None:
    """A non-member can neither join, read nor write, gets no event, and does not learn that it exists."""
    provider = ScriptedProvider(["private"])
    settings = dataclasses.replace(MEMBERS, assistant="always")
    async with (
        chat_server(tmp_path / "h.db", provider, settings=settings) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        epoch = (await ann.join())["epoch"]
        await ann.final((await ann.send("private question"))["answerId"])
        methods = [(name, *rest) for name, *rest in conversation_methods() if name != "LeaveConversation"]
        methods.append((ChatMethod.RESUME_CONVERSATION, epoch, 1))
        for target, *rest in methods:
            with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
                await eve.invoke(target, "c", *rest)
        await eve.join("her own")
        await ann.send("more", respond=False)
        await ann.got(ChatEvent.RECEIVE_MESSAGE, 3)
        await eve.send("hi", conversation_id="her own", respond=False)
        await eve.got(ChatEvent.RECEIVE_MESSAGE)
        assert "private" not in repr(eve.events)
        assert [m["metadata"]["conversationId"] for (m,) in eve.of(ChatEvent.RECEIVE_MESSAGE)] == ["her own"]
        assert {event for event, _ in eve.events} <= {ChatEvent.RECEIVE_MESSAGE, ChatEvent.PRESENCE_UPDATE}


async def test_unknown_conversation_is_not_created_when_joining_may_not(tmp_path: Path) -> None:
    """Where creation on join is off, an unknown id is refused like a forbidden one."""
    settings = dataclasses.replace(QUIET, create_on_join=False)
    async with chat_server(tmp_path / "h.db", settings=settings) as server, server.person("ann") as ann:
        with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
            await ann.join()
        assert await server.chat.store.find("c") is None


async def test_reader_reads_only(tmp_path: Path) -> None:
    """A reader gets everything and can say, type and stop nothing."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("rae") as rae,
    ):
        await ann.join()
        await server.chat.store.set_role("c", "rae", "reader")
        await rae.join()
        await ann.send("hello")
        [[message]] = await rae.got(ChatEvent.RECEIVE_MESSAGE)
        assert message["content"] == "hello"
        assert len((await rae.invoke(ChatMethod.GET_HISTORY, "c", 9, 9))["messages"]) == 1
        for target, *rest in conversation_methods():
            if target in (ChatMethod.SEND_MESSAGE, ChatMethod.START_TYPING, ChatMethod.STOP_TYPING):
                with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
                    await rae.invoke(target, "c", *rest)


async def test_removed_member_is_out_at_once(tmp_path: Path) -> None:
    """Lost membership takes effect on open connections: no event comes, no method works."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await server.chat.store.set_role("c", "bob", "member")
        await bob.join()
        conversation = server.chat.chat_hub.conversations.live("c")
        assert conversation is not None
        await conversation.set_role("bob", None)
        await ann.send("without bob")
        await ann.got(ChatEvent.USER_LEFT)
        await ann.got(ChatEvent.RECEIVE_MESSAGE)
        for target, *rest in conversation_methods():
            if target != ChatMethod.LEAVE_CONVERSATION:
                with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
                    await bob.invoke(target, "c", *rest)
        assert bob.of(ChatEvent.RECEIVE_MESSAGE) == []


async def test_lost_membership_is_noticed_when_changed_elsewhere(tmp_path: Path) -> None:
    """A role changed behind the hub's back is asked for again after the access time."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await server.chat.store.set_role("c", "bob", "member")
        await bob.join()
        await bob.send("in")
        await server.chat.store.set_role("c", "bob", None)
        with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
            await bob.send("out")


async def test_server_events_are_not_invocable(tmp_path: Path) -> None:
    """No client can make the hub emit an event in its own or another's name."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        await ann.join()
        await eve.join()
        for name, target in vars(ChatEvent).items():
            if name.isupper():
                with pytest.raises(HubException, match="Unknown hub method"):
                    await eve.invoke(target, {"id": "x", "role": "assistant", "content": "forged"})
        await eventually(lambda: ann.of(ChatEvent.PRESENCE_UPDATE))
        assert ann.of(ChatEvent.RECEIVE_MESSAGE) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, 10), "beforeSeq: must be from 1"),
        ((2**60, 10), "beforeSeq: must be from 1"),
        ((1, 0), "limit: must be from 1 to 200"),
        ((1, 201), "limit: must be from 1 to 200"),
        (("x", 1), "beforeSeq"),
    ],
)
async def test_history_is_bounded(tmp_path: Path, arguments: tuple[Any, ...], expected: str) -> None:
    """A history request out of range is refused with the range."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        with pytest.raises(HubException, match=expected):
            await ann.invoke(ChatMethod.GET_HISTORY, "c", *arguments)


async def test_resume_position_is_bounded(tmp_path: Path) -> None:
    """A position no log can have is refused, not passed to the store."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        for seq in (-1, 2**63):
            with pytest.raises(HubException, match="seq: must be from 0"):
                await ann.invoke(ChatMethod.RESUME_CONVERSATION, "c", "e", seq)


async def test_history_file_is_private(tmp_path: Path) -> None:
    """Only the owner can read the stored conversations, the write-ahead log included."""
    async with chat_server(tmp_path / "data" / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        await ann.send("private")
        files = sorted((tmp_path / "data").iterdir())
        assert len(files) >= 2
        assert {file.stat().st_mode & 0o077 for file in files} == {0}
