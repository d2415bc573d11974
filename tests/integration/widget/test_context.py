"""Variables that go along, on a real hub: from Python, from views; who may ask; and the rest of the API."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import conduit_widget
from conduit_widget.access.defaults import Defaults, set_defaults
from conduit_widget.access.hub_access import resolve_access
from conduit_widget.context.carrying import words_of
from conduit_widget.context.namespace import Namespace
from conduit_widget.errors import AuthenticationError, ConduitError, ConnectionFailedError, ValidationError
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.types import ChatMessage
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.listening.status_listeners import ChatStatus
from conduit_widget.widget.requests import variables
from conduit_widget.widget.take_along.taken import body_of
from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import CommLedger, recorded_comms
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

KEY = "sk-abcdefghijklmnopqrstuvwxyz"
OPEN = threading.Event()


class Blocks:
    """One whose description does not end before the test says so."""

    def __llm__(self) -> str:
        OPEN.wait()
        return "late"


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CommLedger]:
    """Recorded comms, a stand-in browser part, and nothing configured."""
    (tmp_path / "chat.js").write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", tmp_path)
    with recorded_comms(monkeypatch) as ledger:
        yield ledger
    stop_loop_thread()
    set_defaults(Defaults())


@pytest.fixture
def provider() -> ScriptedProvider:
    """A model that answers at once."""
    return ScriptedProvider(["It ", "is so."])


@pytest.fixture
async def server(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[ChatServer]:
    """A running hub."""
    async with chat_server(tmp_path / "history.sqlite3", provider) as running:
        yield running


@pytest.fixture
async def chat(server: ChatServer, comms: CommLedger) -> AsyncIterator[Chat]:
    """Ann's live chat."""
    chat = Chat("team", hub_url=server.url, token=token("ann"))
    await asyncio.to_thread(chat.wait_connected, 30)
    yield chat
    await asyncio.to_thread(chat.close)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The variables of the notebook."""
    names: dict[str, Any] = {"rows": {"api_key": KEY, "count": 3}, "blocks": Blocks()}
    for module in (variables, sys.modules["conduit_widget.widget.chat.asking"]):
        monkeypatch.setattr(module, "current_namespace", lambda **_: Namespace(names))
    return names


async def asked(comms: CommLedger, **content: Any) -> Any:
    """Send a view's request; return the reply."""
    id_ = f"r{time.monotonic_ns()}"
    comms.view.receive({"requestId": id_, **content})

    def reply() -> Any:
        return next((m for m in comms.view.custom if m.get("requestId") == id_), None)

    return await eventually(reply, what="the reply")


def read_by(provider: ScriptedProvider) -> str:
    """The newest question as the model got it."""
    return str(provider.requests[-1].messages[-1].content)


async def test_question_takes_values_along(
    chat: Chat, provider: ScriptedProvider, notebook: dict[str, Any]
) -> None:
    """The model reads them, the transcript has the words, an export both; an edit keeps them."""
    await chat.ask("How many?", context=["rows"])
    assert read_by(provider) == (
        "How many?\n\n@rows: dict, 2 entries\n```text\n'api_key': [masked], 'count': 3\n```"
    )
    question = chat.messages[0]
    assert words_of(question) == "How many?"
    assert KEY not in str(question)
    assert question.metadata["context"][0]["masked"] == ["secret under its name"]
    assert body_of(question).startswith("How many?\n\nWith this context:\n\n@rows: dict")
    bundle = chat._repr_mimebundle_()
    assert bundle is not None
    assert "(With @rows (dict, 2 entries))" in bundle[0]["text/plain"]
    await chat.edit(question, "How few?")
    await eventually(lambda: len(provider.requests) == 2, what="the answer to the edit")
    assert read_by(provider).startswith("How few?\n\n@rows: dict, 2 entries")
    with pytest.raises(ValidationError, match="context: has a text that names nothing here"):
        chat.ask("Why?", context="nothing")
    stream = chat.stream("And now @rows?")
    assert [piece async for piece in stream]
    assert read_by(provider) == "And now @rows?"  # named in a text of Python's, nothing goes along
    assert stream.metrics is not None
    metrics = chat.metrics
    assert metrics is not None
    assert len(metrics.earlier) == 2
    assert "<svg" in metrics._repr_mimebundle_()["text/html"]


async def test_newest_error_is_explained(
    chat: Chat, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its code; without one it is said in a line."""
    monkeypatch.setattr(sys, "last_value", None, raising=False)
    with pytest.raises(ConduitError, match="Nothing has failed yet"):
        chat.explain()
    monkeypatch.setattr(sys, "last_value", KeyError("age"), raising=False)
    await chat.explain("In one line.")
    assert read_by(provider).startswith("Why did this Python code of my notebook fail?")
    assert "In one line." in read_by(provider)
    assert "KeyError: 'age'" in read_by(provider)


async def test_views_ask_and_send_what_they_showed(
    chat: Chat, comms: CommLedger, provider: ScriptedProvider, notebook: dict[str, Any]
) -> None:
    """What comes back, edited or not, goes; nothing else does."""
    names = (await asked(comms, kind="variables", query=""))["result"]
    assert {"rows", "blocks"} <= {each["name"] for each in names}
    (told,) = (await asked(comms, kind="context", names=["rows", "nothing"], left=20_480))["result"]
    assert (told["name"], told["title"]) == ("rows", "dict, 2 entries")
    assert KEY not in str(told)
    assert provider.requests == []
    told["text"] = "three rows"
    sent = await asked(comms, kind="send", id="q1", text="How many in @rows?", context=[told])
    assert sent["ok"]
    await eventually(lambda: provider.requests, what="the question at the model")
    assert read_by(provider) == "How many in @rows?\n\n@rows: dict, 2 entries\n```text\nthree rows\n```"
    for wrong in ("text", [{"name": 3}], [told] * 9, [{**told, "text": "x" * 30_000}]):
        refused = await asked(comms, kind="send", id="q2", text="How many?", context=wrong)
        assert not refused["ok"]
        assert refused["error"]["message"].startswith("context:")


@pytest.mark.usefixtures("chat", "notebook")
async def test_what_others_write_in_the_conversation_asks_nothing(
    comms: CommLedger, provider: ScriptedProvider, server: ChatServer
) -> None:
    """Who can send the kernel a message may run code there; a text that names variables is a text."""
    assert (await asked(comms, kind="context", names=["rows"], left=100))["ok"]
    async with server.person("mallory") as mallory:
        await mallory.join("team")
        await mallory.send("@rows @error @file:/etc/hostname", conversation_id="team")
    await eventually(lambda: provider.requests, what="the question at the model")
    assert KEY not in str(provider.requests)
    assert "count" not in str(provider.requests)


async def test_value_that_blocks_costs_only_itself(
    chat: Chat, comms: CommLedger, notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up after a while; others are told meanwhile, and not every thread may be held."""
    monkeypatch.setattr(variables, "PATIENCE", 0.2)
    refused = await asked(comms, kind="context", names=["blocks"], left=100)
    assert "Reading it takes more than 0.2 s" in refused["error"]["message"]
    monkeypatch.setattr(variables, "PATIENCE", 30.0)
    assert (await asked(comms, kind="context", names=["rows"], left=100))["ok"]
    monkeypatch.setattr(variables, "PATIENCE", 0.2)
    for _ in range(variables.MAX_READING - 1):
        await asked(comms, kind="context", names=["blocks"], left=100)
    full = await asked(comms, kind="variables", query="")
    assert full["error"]["message"].startswith("Other variables are still being read")
    OPEN.set()
    monkeypatch.setattr(variables, "PATIENCE", 30.0)

    async def told() -> bool:
        return bool((await asked(comms, kind="variables", query=""))["ok"])

    await eventually(told, what="a free thread")


async def test_later_chats_begin_as_configured(
    server: ChatServer, comms: CommLedger, provider: ScriptedProvider
) -> None:
    """Arguments come first; what is wrong changes nothing; a token is shown to its own hub only."""
    settings = conduit_widget.configure(hub_url=server.url, token=token("ann"), language="de", model="small")
    assert repr(settings) == f"Defaults(hub_url={server.url!r}, token=…, language='de', model='small')"
    chat = Chat("team")
    await asyncio.to_thread(chat.wait_connected, 30)
    english = Chat("team", language="en")
    assert (chat.language, english.language) == ("de", "en")
    await asyncio.to_thread(english.close)
    await asyncio.to_thread(chat.send("Why?", respond=False).result)
    assert chat.messages[0].metadata["model"] == "small"
    assert await resolve_access(hub_url="http://other.example").token() is None
    for wrong, error in (
        ({"language": "fr"}, ValidationError),
        ({"height": -1}, ValidationError),
        ({"model": 3}, ValidationError),
        ({"user": 3}, ValidationError),
        ({"hub_url": "ftp://x"}, ConnectionFailedError),
    ):
        with pytest.raises(error, match=r"^[^\n]+$"):
            conduit_widget.configure(**wrong)
    assert conduit_widget.configure() == settings
    assert conduit_widget.configure(model=None, language=None).model is None
    await asyncio.to_thread(chat.close)


async def test_refused_token_is_said_at_once(server: ChatServer, comms: CommLedger) -> None:
    """In one line, not after the patience for a hub that is away."""
    chat = Chat("team", hub_url=server.url, token="not.a.token")
    with pytest.raises(AuthenticationError, match=r"^[^\n]+$"):
        await asyncio.to_thread(chat.ask("Why?").result)
    await asyncio.to_thread(chat.close)


async def test_news_is_told(comms: CommLedger, tmp_path: Path) -> None:
    """Messages that speak to one, and states; not after the end of the listening."""
    mentions: list[ChatMessage] = []
    states: list[ChatStatus] = []
    async with chat_server(tmp_path / "history.sqlite3") as server, server.person("bo") as bo:
        chat = Chat("team", hub_url=server.url, token=token("ann"))
        await asyncio.to_thread(chat.wait_connected, 30)
        stop, stop_status = chat.on_mention(mentions.append), chat.on_status(states.append)
        assert "on_mention: listening" in repr(stop)
        await bo.join("team")
        await bo.send("@ann, look", conversation_id="team", mentions=["ann"], respond=False)
        await bo.send("all, look", conversation_id="team", respond=False)
        await eventually(lambda: mentions, what="the mention")
        stop()
        await bo.send("@ann", conversation_id="team", mentions=["ann"], respond=False)
        await eventually(lambda: len(chat.messages) == 3, what="the third message")
    assert [message.text for message in mentions] == ["@ann, look"]
    await eventually(lambda: states and states[-1].connection != "live", what="the loss")
    assert "reconnecting" in repr(states[-1])
    stop_status()
    await asyncio.to_thread(chat.close)
