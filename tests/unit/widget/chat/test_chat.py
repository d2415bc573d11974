"""The chat at the prompt and its comm, on a scripted hub and recorded comms."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import os
import pickle
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    ConnectionLostError,
    FrontEndMissingError,
    HubException,
    InvocationTimeoutError,
    ProviderError,
    ValidationError,
)
from conduit_widget.kernel.callback_thread import THREAD_NAME as CALLBACK_THREAD
from conduit_widget.kernel.loop_thread import THREAD_NAME, loop_thread
from conduit_widget.types import ChatMessage
from conduit_widget.widget.browser import views
from conduit_widget.widget.chat import backend
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.connections import connections_of
from tests.support.kernel.comm import CommLedger
from tests.support.waiting import eventually, eventually_sync
from tests.unit.widget.conftest import ScriptedHub


def texts(chat: Chat) -> list[str]:
    """What the chat holds."""
    return [message.text for message in chat.messages]


# ---- asking --------------------------------------------------------------------------------------------


def test_send_returns_the_receipt_in_a_plain_cell(chat: Chat, hub: ScriptedHub) -> None:
    """The receipt comes after the hub took the message."""
    receipt = chat.send("hello", model="m").result(30)
    assert receipt.id == hub.questions[0]["id"]
    assert hub.questions[0]["metadata"] == {"model": "m"}


async def test_ask_returns_the_finished_answer_when_awaited(chat: Chat, hub: ScriptedHub) -> None:
    """`await chat.ask(...)` gives the final message, not the first token."""
    asking = asyncio.ensure_future(_ask(chat, "what is it?"))
    await eventually(lambda: hub.questions)
    hub.stream("4", "2")
    await eventually(lambda: texts(chat) == ["what is it?", "42"])
    assert not asking.done()
    hub.finish("42")
    message = await asking
    assert (message.text, message.role, message.metadata["status"]) == ("42", "assistant", "complete")


async def _ask(chat: Chat, text: str) -> ChatMessage:
    return await chat.ask(text)


def test_ask_works_in_a_plain_cell(chat: Chat, hub: ScriptedHub) -> None:
    """The synchronous form blocks only its own thread."""
    pending = chat.ask("q", temperature=0)
    eventually_sync(lambda: hub.questions)
    hub.finish("a")
    assert pending.result(30).text == "a"
    assert hub.questions[0]["metadata"] == {"respond": True, "parameters": {"temperature": 0}}


def test_ask_finds_its_own_answer_when_others_talk_too(chat: Chat, hub: ScriptedHub) -> None:
    """Somebody else's answer is not mistaken for mine."""
    first, second = chat.ask("one"), chat.ask("two")
    eventually_sync(lambda: len(hub.questions) == 2)
    hub.finish("answer two")
    assert second.result(30).text == "answer two"
    assert not first.done()
    hub.questions.reverse()
    hub.finish("answer one")
    assert first.result(30).text == "answer one"


def test_model_failure_is_a_provider_error_with_advice(chat: Chat, hub: ScriptedHub) -> None:
    """The error has the provider's type and says what to do."""
    pending = chat.ask("q")
    eventually_sync(lambda: hub.questions)
    error = {"type": "rate_limit", "recoverable": True, "retryAfter": 3, "message": "Too many requests."}
    hub.finish("", "error", error={**error, "suggestions": ["Wait 3 s."]})
    with pytest.raises(ProviderError, match=r"Too many requests\. Wait 3 s\.") as caught:
        pending.result(30)
    assert (caught.value.type, caught.value.retry_after) == ("rate_limit", 3)


def test_advice_that_a_failure_has_given_is_not_repeated(chat: Chat, hub: ScriptedHub) -> None:
    """The provider's line may say what to do itself, as a part of a longer sentence."""
    pending = chat.ask("q")
    eventually_sync(lambda: hub.questions)
    said = "house failed (HTTP 503). Try again in a moment, or choose another provider."
    advice = ["Try again in a moment.", "Choose another provider.", "Look at its log."]
    error = {"type": "server_error", "recoverable": True, "message": said, "suggestions": advice}
    hub.finish("", "error", error=error)
    with pytest.raises(ProviderError) as caught:
        pending.result(30)
    assert str(caught.value) == f"{said} Look at its log."


def test_broken_off_answer_is_an_error_and_a_stopped_one_is_not(chat: Chat, hub: ScriptedHub) -> None:
    """Nobody takes half an answer for a whole one, except who pressed Stop."""
    broken = chat.ask("one")
    eventually_sync(lambda: hub.questions)
    hub.finish("half", "interrupted")
    with pytest.raises(ProviderError, match="broke off"):
        broken.result(30)
    stopped = chat.ask("two")
    eventually_sync(lambda: len(hub.questions) == 2)
    hub.finish("half", "cancelled")
    assert stopped.result(30).text == "half"


def test_question_nobody_will_answer_is_an_error_not_a_hang(chat: Chat, hub: ScriptedHub) -> None:
    """The receipt says whether an answer comes; without one, ask ends at once."""
    receipt = {"id": "x", "seq": 1, "timestamp": "2026-01-01T00:00:00Z"}
    hub.answers["SendMessage"] = lambda *_: receipt
    with pytest.raises(ProviderError, match="no model answers"):
        chat.ask("q").result(30)


@pytest.mark.parametrize("order", ["events first", "receipt first"])
def test_a_question_given_up_on_its_way_is_stopped_once(chat: Chat, hub: ScriptedHub, order: str) -> None:
    """The answer's id comes with the receipt and with the events: whichever is first stops it."""
    send = hub.answers["SendMessage"]
    may_answer, told = asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any) -> Any:
        receipt = send(*arguments) if order == "events first" else None
        told.set()
        await may_answer.wait()
        return receipt or send(*arguments)

    hub.answers["SendMessage"] = slow
    pending = chat.ask("q")
    eventually_sync(told.is_set)
    pending.cancel()
    questions = chat._backend.questions
    if order == "events first":
        eventually_sync(lambda: hub.stopped)
    hub.act(may_answer.set)
    eventually_sync(lambda: hub.stopped and not questions.open)
    another = chat.ask("another")  # is sent after the first one's receipt
    eventually_sync(lambda: len(hub.questions) == 2)
    hub.finish("here")
    another.result(30)
    assert hub.stopped.count(f"answer to {hub.questions[0]['id']}") == 1


def test_timeout_stops_the_generation(chat: Chat, hub: ScriptedHub) -> None:
    """An answer nobody waits for any more is not paid for."""
    with pytest.raises(InvocationTimeoutError, match=r"within 1 s"):
        chat.ask("q", timeout=1.0).result(30)
    eventually_sync(lambda: hub.stopped)
    assert hub.stopped == [f"answer to {hub.questions[0]['id']}"]


def test_cancelling_ask_stops_the_generation(chat: Chat, hub: ScriptedHub) -> None:
    """Interrupting the cell ends the answer."""
    pending = chat.ask("q")
    eventually_sync(lambda: len(chat.messages) == 2)
    assert pending.cancel()
    eventually_sync(lambda: hub.stopped)


def test_stop_ends_the_open_answers_only(chat: Chat, hub: ScriptedHub) -> None:
    """Stop without anything to stop is fine; with an open answer it names it."""
    chat.stop().result(30)
    assert hub.stopped == []
    chat.send("q").result(30)
    eventually_sync(lambda: len(chat.messages) == 2)
    chat.stop().result(30)
    assert len(hub.stopped) == 1


def test_refusals_reach_the_prompt_in_one_line(chat: Chat, hub: ScriptedHub) -> None:
    """The hub's text for people, and our own checks before it."""

    def refuse(*_: Any) -> None:
        raise HubException("metadata.temperature: must be between 0 and 2")

    hub.answers["SendMessage"] = refuse
    with pytest.raises(HubException, match="temperature"):
        chat.ask("q").result(30)
    with pytest.raises(ValidationError, match="empty"):
        chat.ask(" ")


# ---- streaming -----------------------------------------------------------------------------------------


async def test_stream_yields_the_text_as_it_comes_in_an_async_cell(chat: Chat, hub: ScriptedHub) -> None:
    """Pieces are strings, together they are the message, which is there afterwards."""
    stream = chat.stream("q")
    assert hub.questions == [], "nothing is sent before the iteration begins"
    pieces: list[str] = []

    async def read() -> None:
        async for piece in stream:
            pieces.append(piece)

    reading = asyncio.ensure_future(read())
    await eventually(lambda: hub.questions)
    hub.stream("Hello ")
    await eventually(lambda: pieces == ["Hello "])
    hub.stream("world", start=6)
    await eventually(lambda: pieces == ["Hello ", "world"])
    hub.finish("Hello world")
    await asyncio.wait_for(reading, 30)
    assert pieces == ["Hello ", "world"]
    assert stream.message is not None
    assert stream.message.text == "Hello world"


def test_stream_yields_the_text_in_a_plain_cell(chat: Chat, hub: ScriptedHub) -> None:
    """`for` works like `async for`, and a second loop is simply over."""
    stream = chat.stream("q")

    def play() -> None:
        eventually_sync(lambda: hub.questions)
        hub.stream("a", "b")
        hub.finish("abc")

    player = threading.Thread(target=play)
    player.start()
    assert "".join(stream) == "abc"
    player.join()
    assert list(stream) == []
    assert stream.message is not None
    assert repr(stream) == "<stream: finished; iterate with `async for` or `for`>"


def test_failing_stream_raises_where_it_is_read(chat: Chat, hub: ScriptedHub) -> None:
    """The text so far comes first, then the error."""
    stream = chat.stream("q")

    def play() -> None:
        eventually_sync(lambda: hub.questions)
        hub.stream("par")
        hub.finish("par", "interrupted")

    player = threading.Thread(target=play)
    player.start()
    pieces: list[str] = []
    with pytest.raises(ProviderError):
        pieces.extend(stream)
    player.join()
    assert "".join(pieces) == "par"


def test_stream_can_be_stopped(chat: Chat, hub: ScriptedHub) -> None:
    """`stop` ends the generation of this answer."""
    stream = chat.stream("q")

    def play() -> None:
        eventually_sync(lambda: hub.questions)
        hub.stream("x")

    player = threading.Thread(target=play)
    player.start()
    assert next(stream) == "x"
    player.join()
    stream.stop().result(30)
    assert len(hub.stopped) == 1


# ---- reading and listening -----------------------------------------------------------------------------


def test_messages_hold_the_text_so_far_of_an_open_answer(chat: Chat, hub: ScriptedHub) -> None:
    """What is read is a snapshot that later tokens do not change."""
    chat.send("q").result(30)
    hub.stream("so far")
    eventually_sync(lambda: texts(chat) == ["q", "so far"])
    before = chat.messages
    hub.stream(", so good", start=6)
    eventually_sync(lambda: texts(chat) == ["q", "so far, so good"])
    assert before[1].text == "so far"


def test_listener_hears_every_finished_message_once_in_the_background(chat: Chat, hub: ScriptedHub) -> None:
    """Questions when sent, answers when finished, each once; the listener may use the chat and block."""
    heard: list[tuple[str, str, int]] = []

    def listen(message: ChatMessage) -> None:
        heard.append((message.text, threading.current_thread().name, len(chat.messages)))

    unsubscribe = chat.on_message(listen)
    chat.send("q").result(30)
    hub.stream("a")
    hub.finish("a")
    eventually_sync(lambda: len(heard) == 2)
    assert [(text, thread) for text, thread, _ in heard] == [("q", CALLBACK_THREAD), ("a", CALLBACK_THREAD)]
    unsubscribe()
    chat.send("again").result(30)
    eventually_sync(lambda: len(chat.messages) == 4)
    assert len(heard) == 2


def test_listener_does_not_hear_history(hub: ScriptedHub, comms: CommLedger) -> None:
    """What was said before the chat existed is in `messages`, not an event."""
    hub.log = [{"id": "old", "role": "user", "content": "old", "metadata": {"seq": 1, "conversationId": "c"}}]
    hub.seq = 1
    chat = Chat("c", hub_url="http://scripted", token="t")
    heard: list[str] = []
    chat.on_message(lambda message: heard.append(message.text))
    chat.wait_connected(30)
    chat.send("new").result(30)
    eventually_sync(lambda: heard)
    assert heard == ["new"]
    chat.close()


def test_listener_hears_nothing_of_the_time_before_it(chat: Chat, hub: ScriptedHub) -> None:
    """Whoever listens again after a pause hears what is said from then on, nothing of the pause."""
    heard: list[str] = []
    chat.on_message(lambda message: heard.append(message.text))()
    chat.send("between").result(30)
    eventually_sync(lambda: "between" in texts(chat))
    chat.on_message(lambda message: heard.append(message.text))
    chat.send("after").result(30)
    eventually_sync(lambda: heard)
    assert heard == ["after"]


def test_coroutine_function_is_refused_as_a_listener(chat: Chat) -> None:
    """It would never run; the error says what to do instead."""

    async def listen(_message: ChatMessage) -> None: ...

    with pytest.raises(TypeError, match="plain function"):
        chat.on_message(listen)
    number: Any = 3
    with pytest.raises(TypeError, match="needs a function, not int"):
        chat.on_message(number)


def test_connection_state_is_readable_and_waiting_for_it_says_why_not(chat: Chat, hub: ScriptedHub) -> None:
    """A person at the prompt sees what the badge shows."""
    assert chat.connection.state == "live"
    chat.wait_connected(0)
    hub.act(hub.lose, ConnectionLostError("cable"))
    eventually_sync(lambda: chat.connection.state == "reconnecting")
    with pytest.raises(ConnectionFailedError, match="not connected: cable"):
        chat.wait_connected(0.05)
    hub.act(hub.restore)
    chat.wait_connected(30)


# ---- the comm ------------------------------------------------------------------------------------------


def test_synced_state_is_small_and_holds_no_token(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """Only what the view is given and the module are state; no token anywhere a notebook could keep it."""
    state = comms.view.opened_with
    ours = {name for name in state if not name.startswith("_")} - {"layout", "tabbable", "tooltip"}
    assert ours == {"height", "language", "saved_class", "starters"}
    chat.send("q").result(30)
    bundle, _ = chat._repr_mimebundle_() or ({}, {})
    eventually_sync(lambda: comms.view.custom)
    everything = json.dumps([state, comms.view.sent, bundle, repr(chat)])
    assert "SECRET-TOKEN" not in everything
    assert "mint" not in everything.lower()


def test_view_gets_a_snapshot_without_asking_and_again_on_hello(chat: Chat, comms: CommLedger) -> None:
    """A view that cannot get through to a busy kernel still sees the conversation; hello repeats it."""
    view = comms.view
    assert view.custom == [], "before it is shown there is nobody to tell"
    chat._repr_mimebundle_()
    snapshot = eventually_sync(lambda: [m for m in view.custom if m["kind"] == "snapshot"])[0]
    assert snapshot["n"] == 0
    assert snapshot["state"]["connection"]["state"] == "live"
    assert snapshot["state"]["conversationId"] == "c"
    assert snapshot["state"]["self"] == {"userId": "me", "userName": "me"}
    assert set(snapshot["state"]) == {
        "conversationId",
        "epoch",
        "seq",
        "self",
        "call",
        "connection",
        "provider",
        "providers",
        "failovers",
        "notices",
        "participants",
        "typing",
        "readMarks",
        "conversation",
        "queue",
        "messages",
        "paused",
        "streams",
        "variables",
        "hasMore",
    }
    before = len(view.custom)
    view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: len(view.custom) > before)
    assert view.custom[-1]["kind"] == "snapshot"


def test_snapshot_and_ops_rebuild_the_same_conversation(
    chat: Chat, hub: ScriptedHub, comms: CommLedger
) -> None:
    """A view that applies what it gets, by the rules of the comm protocol, holds what Python holds."""
    view = comms.view
    view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: [packet["kind"] for packet in view.custom].count("snapshot") == 1)
    chat.send("q").result(30)
    for start in range(0, 50, 10):  # several ticks' worth
        before = len(view.custom)
        hub.act(_stream_ten, hub, start)
        eventually_sync(lambda: len(view.custom) > before)  # noqa: B023 - called at once
    final = "".join(f"{number:02d} " for number in range(50))
    hub.finish(final)
    eventually_sync(lambda: texts(chat) == ["q", final])
    eventually_sync(lambda: replay(view.custom) == ["q", final])
    ops = [packet for packet in view.custom if packet["kind"] == "ops"]
    assert 5 <= len(ops) < 20, "tokens are batched"


def _stream_ten(hub: ScriptedHub, start: int) -> None:
    """Ten tokens of the newest question's answer in one turn of the loop: less than a tick, however busy."""
    answer_id = f"answer to {hub.questions[-1]['id']}"
    for number in range(start, start + 10):
        metadata = {"messageId": answer_id, "seq": 2, "index": 0, "count": 1, "offset": 3 * number}
        hub.emit("StreamToken", "c", f"{number:02d} ", metadata)


def replay(custom: list[dict[str, Any]]) -> list[str]:
    """A small view model: contents in order; fails on a gap in numbers or offsets."""
    messages: dict[str, dict[str, Any]] = {}
    streams: dict[str, str] = {}
    n = 0
    for packet in custom:
        if packet["kind"] == "snapshot":
            n = packet["n"]
            messages = {message["id"]: message for message in packet["state"]["messages"]}
            streams = {id_: stream["text"] for id_, stream in packet["state"]["streams"].items()}
        elif packet["kind"] == "ops":
            assert packet["n"] == n + 1
            n = packet["n"]
            for op in packet["ops"]:
                if op["op"] == "message":
                    messages[op["message"]["id"]] = op["message"]
                elif op["op"] == "token":
                    assert op["offset"] == len(streams.get(op["id"], ""))
                    streams[op["id"]] = streams.get(op["id"], "") + op["text"]
                elif op["op"] == "streamEnd":
                    streams.pop(op["id"])
    ordered = sorted(messages.values(), key=lambda message: int(message["metadata"]["seq"]))
    return [streams.get(message["id"]) or message["content"] for message in ordered]


def test_everything_is_sent_from_the_loop_thread(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """One writer: custom messages leave from one thread only, so their order is their number."""
    comms.view.receive({"kind": "hello", "n": 0})
    chat.send("q").result(30)
    eventually_sync(lambda: len(comms.view.custom) >= 2)
    senders = {thread for _, data, thread in comms.view.sent if data.get("method") == "custom"}
    assert senders == {THREAD_NAME}


def request(comms: CommLedger, request_id: int, **content: Any) -> dict[str, Any]:
    """Send a view's request and wait for its reply."""
    comms.view.receive({"requestId": request_id, **content})
    reply: dict[str, Any] = eventually_sync(
        lambda: next((m for m in comms.view.custom if m.get("requestId") == request_id), None)
    )
    return reply


def test_view_sends_with_its_own_id_and_a_retry_gets_a_receipt_again(
    chat: Chat, hub: ScriptedHub, comms: CommLedger
) -> None:
    """The view's id is the idempotency key end to end."""
    reply = request(comms, 1, kind="send", id="view-id", text="hello")
    assert reply == {"kind": "reply", "requestId": 1, "ok": True, "result": reply["result"]}
    assert reply["result"]["id"] == "view-id"
    assert hub.questions[0]["id"] == "view-id"
    assert request(comms, 2, kind="send", id="view-id", text="hello")["ok"]


def test_view_names_the_model_that_is_to_answer(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """The picker's choice travels as the prompt's options do."""
    assert request(comms, 1, kind="send", id="a", text="Hi", provider="openai", model="gpt")["ok"]
    assert hub.questions[0]["metadata"] == {"provider": "openai", "model": "gpt"}
    assert request(comms, 2, kind="send", id="b", text="Hi", model=5)["error"]["code"] == "invalid"


def test_view_asks_how_the_providers_are(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """While its details are open; the answer comes as an op."""
    comms.view.receive({"kind": "hello", "n": 0})
    hub.answers["RequestProviderStatus"] = lambda: [{"provider": "local", "state": "healthy"}]
    comms.view.receive({"kind": "providers"})
    told = eventually_sync(
        lambda: [op for m in comms.view.custom for op in m.get("ops", []) if op["op"] == "providers"]
    )
    assert told[0]["providers"][0]["status"]["provider"] == "local"


def test_view_asks_how_far_the_hub_is(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """A round trip in ms, measured when asked for."""
    hub.answers["RequestProviderStatus"] = lambda: [{"provider": "local", "state": "healthy"}]
    told = request(comms, 3, kind="health")
    assert 0 <= told["result"]["latency"] < 30_000


def test_first_paint_is_a_figure_of_the_answer(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """A view tells when it drew; the newest finished answer has it beside its provider's and the hub's."""
    comms.view.receive({"kind": "hello", "n": 0})
    assert chat.metrics is None
    chat.send("Hi").result(30)
    hub.stream("Hel")
    eventually_sync(lambda: chat.messages[-1].text == "Hel")
    comms.view.receive({"kind": "painted", "messageId": chat.messages[-1].id, "at": 0, "held": 7})
    cost = {"amount": 0.002, "currency": "USD"}
    hub.finish("Hello", metadata={"timeToFirstToken": 250.0, "flushTime": 1.5, "cost": cost})
    metrics = eventually_sync(lambda: chat.metrics)
    assert (metrics.time_to_first_token, metrics.flush) == (250.0, 1.5)
    assert metrics.first_paint is not None
    paint = f"first paint {metrics.first_paint:g} ms"
    assert repr(metrics) == f"<smol: first token 250 ms, hub flush 1.5 ms, {paint}, 0.002 USD>"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"kind": "send", "id": "x", "text": ""}, "invalid"),
        ({"kind": "send", "id": "x", "text": 7}, "invalid"),
        ({"kind": "send", "id": "", "text": "hi"}, "invalid"),
        ({"kind": "send", "text": "no id"}, "invalid"),
        ({"kind": "nonsense"}, "invalid"),
    ],
)
def test_bad_request_of_a_view_gets_a_reply(
    chat: Chat, comms: CommLedger, content: dict[str, Any], code: str
) -> None:
    """A view never waits for ever, and the kernel takes nothing it does not understand."""
    reply = request(comms, 5, **content)
    assert (reply["ok"], reply["error"]["code"]) == (False, code)


@pytest.mark.parametrize("content", [None, [], {"kind": 1}, {"kind": "typing", "isTyping": "yes"}, {}])
def test_meaningless_message_of_a_view_is_ignored(chat: Chat, comms: CommLedger, content: Any) -> None:
    """Garbage from the front-end changes nothing."""
    comms.view.receive(content)
    assert request(comms, 9, kind="stop", messageId="x")["ok"]


def test_view_stops_loads_history_and_types(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """The other requests of the comm protocol reach the hub."""
    hub.answers["GetHistory"] = lambda *_: {"messages": [], "hasMore": False}
    assert request(comms, 1, kind="stop", messageId="a1")["ok"]
    assert hub.stopped == ["a1"]
    assert request(comms, 2, kind="history", beforeSeq=9)["result"] == {"count": 0, "hasMore": False}
    comms.view.receive({"kind": "typing", "isTyping": True})
    eventually_sync(lambda: hub.sent)
    assert hub.sent == [("StartTyping", ("c",))]
    comms.view.receive({"kind": "retry"})
    eventually_sync(lambda: hub.retries == 1)


def test_view_that_asks_whether_anybody_listens_is_answered_without_the_hub(
    chat: Chat, hub: ScriptedHub, comms: CommLedger
) -> None:
    """The kernel's own answer: a hub that is away is not taken for a kernel that is."""
    assert request(comms, 4, kind="ping")["ok"]
    assert hub.sent == []


def test_failure_of_a_request_is_an_answer_with_code(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """The view can tell a refusal from a lost connection."""

    def refuse(_id: str) -> None:
        raise HubException("Unauthorized")

    hub.answers["StopGeneration"] = refuse
    reply = request(comms, 3, kind="stop", messageId="a1")
    assert reply["error"] == {"message": "Unauthorized", "code": "refused"}


# ---- beginning and end ---------------------------------------------------------------------------------


def test_constructor_does_not_wait_for_the_hub(hub: ScriptedHub, comms: CommLedger) -> None:
    """A hub that takes for ever to answer does not hold up the cell; closing works all the same."""
    hub.gate = asyncio.Event()
    chat = Chat("c", hub_url="http://scripted", token="t")
    assert chat.connection.state == "connecting"
    with pytest.raises(ConnectionFailedError, match=r"still connecting after 0\.05 s"):
        chat.wait_connected(0.05)
    chat.close()


def test_close_is_idempotent_and_waits_end(hub: ScriptedHub, comms: CommLedger) -> None:
    """A closed chat hangs nobody and says what to do."""
    chat = Chat("c", hub_url="http://scripted", token="t")
    chat.wait_connected(30)
    pending = chat.ask("q")
    eventually_sync(lambda: hub.questions)
    chat.close()
    chat.close()
    with pytest.raises(ConduitError, match="closed"):
        pending.result(30)
    with pytest.raises(ConduitError, match="create a new one"):
        chat.send("q")
    assert hub.count("LeaveConversation") == 1
    assert repr(chat) == "Chat('c') (closed)"


def test_closed_chat_is_garbage(hub: ScriptedHub, comms: CommLedger) -> None:
    """Nothing keeps a closed chat alive: no callback, no registry, no task."""
    chat = Chat("c", hub_url="http://scripted", token="t")
    chat.wait_connected(30)
    chat.on_message(print)
    chat.close()
    gone = weakref.ref(chat)
    del chat
    loop_thread().submit(asyncio.sleep(0)).result(30)
    eventually_sync(lambda: gc.collect() >= 0 and gone() is None)


def test_two_chats_share_a_connection_and_close_apart(hub: ScriptedHub, comms: CommLedger) -> None:
    """Two cells on one conversation are one connection; closing one leaves the other live."""
    first, second = (Chat("c", hub_url="http://scripted", token="t") for _ in range(2))
    for chat in (first, second):
        chat.wait_connected(30)
    assert hub.starts == 1
    first.close()
    assert second.connection.state == "live"
    second.send("q").result(30)
    second.close()
    assert hub.stops == 1


def test_missing_browser_part_is_one_line_that_says_what_to_run(
    built_front_end: Path, hub: ScriptedHub, comms: CommLedger
) -> None:
    """Without a build there is no widget, and nothing is left half made."""
    built_front_end.unlink()
    with pytest.raises(FrontEndMissingError, match="pip install") as caught:
        Chat("c", hub_url="http://scripted", token="t")
    assert "\n" not in str(caught.value)
    assert comms.comms == []


@pytest.mark.parametrize("conversation_id", ["", "x" * 200])
def test_bad_conversation_id_is_refused(hub: ScriptedHub, comms: CommLedger, conversation_id: str) -> None:
    """The mistake is named at once, not by the hub later."""
    with pytest.raises(ValidationError, match="conversation_id"):
        Chat(conversation_id)


# ---- stopping ------------------------------------------------------------------------------------------


def test_interrupted_for_loop_stops_the_generation(chat: Chat, hub: ScriptedHub) -> None:
    """Ctrl-C while the next piece is waited for ends the answer."""
    stream = chat.stream("q")
    waiting = loop_thread().submit(stream._reading.next())
    eventually_sync(lambda: hub.questions)
    waiting.cancel()
    eventually_sync(lambda: hub.stopped)
    assert list(stream) == []


async def test_cancelled_async_for_stops_the_generation(chat: Chat, hub: ScriptedHub) -> None:
    """A task that is cancelled while it reads ends the answer."""

    async def read() -> None:
        async for _ in chat.stream("q"):
            pass

    reading = asyncio.create_task(read())
    await eventually(lambda: hub.questions)
    hub.stream("x")
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await eventually(lambda: hub.stopped)


def test_break_lets_the_answer_go_on_and_follows_it_no_more(chat: Chat, hub: ScriptedHub) -> None:
    """Leaving a loop is no wish to stop; it costs nothing afterwards either."""

    def play() -> None:
        eventually_sync(lambda: hub.questions)
        hub.stream("x")

    player = threading.Thread(target=play)
    player.start()
    for _ in chat.stream("q"):
        break
    player.join()
    eventually_sync(lambda: not chat._backend.questions.open)
    assert hub.stopped == []


def test_interrupt_before_the_receipt_stops_the_answer_that_comes(chat: Chat, hub: ScriptedHub) -> None:
    """The hub has the question already, so its answer would be written for nobody."""
    taken, cancelled = threading.Event(), threading.Event()
    send = hub.answers["SendMessage"]

    async def slowly(*arguments: Any) -> Any:
        result = send(*arguments)
        taken.set()
        await asyncio.to_thread(cancelled.wait)
        return result

    hub.answers["SendMessage"] = slowly
    pending = chat.ask("q")
    assert taken.wait(30)
    pending.cancel()
    cancelled.set()
    eventually_sync(lambda: hub.stopped)
    assert set(hub.stopped) == {f"answer to {hub.questions[0]['id']}"}


def test_closing_a_chat_stops_the_answers_it_waits_for(hub: ScriptedHub, comms: CommLedger) -> None:
    """Nobody pays for what nobody will read."""
    chat = Chat("c", hub_url="http://scripted", token="t")
    pending = chat.ask("q")
    eventually_sync(lambda: len(chat.messages) == 2)
    chat.close()
    with pytest.raises(ConduitError, match="closed"):
        pending.result(30)
    assert len(hub.stopped) == 1


# ---- views ---------------------------------------------------------------------------------------------


def test_chat_that_nobody_sees_sends_nothing(chat: Chat, hub: ScriptedHub, comms: CommLedger) -> None:
    """Without a view there is no traffic, whatever is said."""
    asking = chat.ask("q")
    eventually_sync(lambda: hub.questions)
    hub.stream("a", "b")
    hub.finish("ab")
    assert asking.result(30).text == "ab"
    assert comms.view.custom == []


def test_chat_whose_last_view_has_gone_leaves_and_comes_back(
    chat: Chat, hub: ScriptedHub, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No ghost in the list of people, no traffic; the next view, or call, has everything again."""
    monkeypatch.setattr(views, "ABSENCE", 0.05)
    monkeypatch.setattr(backend, "ABSENCE", 0.05)
    view = comms.view
    view.receive({"kind": "hello", "n": 0})
    chat.send("before").result(30)
    view.receive({"kind": "bye"})
    eventually_sync(lambda: hub.count("LeaveConversation") == 1)
    assert {"kind": "anybody"} in view.custom
    sent = len(view.custom)
    hub.act(lambda: hub.answer_message("c", "x", "y", "said meanwhile", "complete", new=True))
    assert "said meanwhile" in texts(chat), "a call brings it back"
    assert len(view.custom) == sent
    eventually_sync(lambda: hub.count("LeaveConversation") == 2)
    view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: "said meanwhile" in json.dumps(view.custom[sent:]))


def test_chat_that_is_used_while_it_leaves_leaves_once_more(
    chat: Chat, hub: ScriptedHub, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A goodbye takes a while; whoever calls meanwhile does not keep the chat in for ever."""
    monkeypatch.setattr(views, "ABSENCE", 0.05)
    monkeypatch.setattr(backend, "ABSENCE", 0.05)
    conversations, said = connections_of(chat._thread), asyncio.Event()
    release = conversations.release

    async def slow_release(conversation: Conversation) -> None:
        await release(conversation)
        await said.wait()

    monkeypatch.setattr(conversations, "release", slow_release)
    comms.view.receive({"kind": "hello", "n": 0})
    chat.send("before").result(30)
    comms.view.receive({"kind": "bye"})
    eventually_sync(lambda: hub.count("LeaveConversation") == 1)
    assert "before" in texts(chat), "a call brings it back"
    chat._thread.call(said.set)
    eventually_sync(lambda: hub.count("LeaveConversation") == 2)


def test_view_that_answers_keeps_the_chat(
    chat: Chat, hub: ScriptedHub, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two windows one is closed: the other stays live."""
    monkeypatch.setattr(views, "ABSENCE", 0.2)
    view = comms.view
    view.receive({"kind": "hello", "n": 0})
    view.receive({"kind": "bye"})
    eventually_sync(lambda: {"kind": "anybody"} in view.custom)
    view.receive({"kind": "here"})
    chat.send("still seen").result(30)
    eventually_sync(lambda: "still seen" in json.dumps(view.custom))
    assert hub.count("LeaveConversation") == 0


def test_a_view_that_is_out_of_sight_lets_others_go_first(
    chat: Chat, hub: ScriptedHub, comms: CommLedger
) -> None:
    """It says so itself, when that changes; what is no answer to that is ignored."""
    channel = chat._views._channel
    comms.view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: comms.view.custom)
    comms.view.receive({"kind": "sight", "inSight": False})
    eventually_sync(lambda: not channel.in_sight)
    comms.view.receive({"kind": "sight", "inSight": True})
    eventually_sync(lambda: channel.in_sight)
    comms.view.receive({"kind": "sight", "inSight": False})
    comms.view.receive({"kind": "sight", "inSight": "?"})
    eventually_sync(lambda: not channel.in_sight)
    comms.view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: channel.in_sight)


def test_cell_that_is_run_often_costs_one_conversation(hub: ScriptedHub, comms: CommLedger) -> None:
    """Chats of one conversation and one user share what stands behind them."""
    chats = [Chat("c", hub_url="http://scripted", token="t") for _ in range(20)]
    for each in chats:
        each.wait_connected(30)
    assert hub.count("JoinConversation") == 1
    chats[0].send("hello").result(30)
    eventually_sync(lambda: all("hello" in texts(each) for each in chats))
    for each in chats:
        each.close()
    assert hub.count("LeaveConversation") == 1


# ---- what is no use of a chat --------------------------------------------------------------------------


def test_conversation_cannot_be_exchanged(chat: Chat, comms: CommLedger) -> None:
    """Assigning it is an error in one line, not silence; a view cannot do it either."""
    with pytest.raises(ValidationError, match=r"conversation_id: cannot be set; chat\.switch_to"):
        chat.conversation_id = "other"
    state = {"conversation_id": "other", "_esm": "alert(1)", "saved_class": "x"}
    message = {"content": {"data": {"method": "update", "state": state}}, "buffers": []}
    comms.view.handle_msg(message)
    assert chat.conversation_id == "c"
    assert "alert" not in chat._esm
    assert chat.saved_class != "x"


@pytest.mark.parametrize(
    "arguments",
    [
        {"conversation_id": 5},
        {"conversation_id": ["team"]},
        {"user": 5},
        {"user_name": b"x"},
        {"hub_url": 80},
        {"token": 5},
        {"height": "400px"},
        {"height": -1},
        {"language": "fr"},
        {"language": 3},
    ],
)
def test_argument_of_the_wrong_kind_is_one_line_with_its_name(
    hub: ScriptedHub, comms: CommLedger, arguments: dict[str, Any]
) -> None:
    """The name is the one that was written, and nothing is left half made."""
    (name,) = arguments
    with pytest.raises(ValidationError, match=f"^{name}: must be"):
        Chat(**arguments)
    assert comms.comms == []


@pytest.mark.parametrize("copy_it", [copy.copy, copy.deepcopy, pickle.dumps])
def test_chat_cannot_be_copied_and_says_what_to_do(chat: Chat, copy_it: Callable[[Chat], object]) -> None:
    """One line in place of a library's riddle."""
    with pytest.raises(ConduitError, match=r"cannot be copied or pickled: create Chat\('c'\) there"):
        copy_it(chat)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_chat_used_in_a_forked_child_says_what_to_do(chat: Chat) -> None:
    """The connection is the parent's: the child gets one line, and closing there harms nobody."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            chat.send("q")
        except ConduitError as error:
            os.write(writing, str(error).encode())
        chat.close()
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "This chat was made in another process: create Chat('c') in this one."
    chat.send("still here").result(30)


def test_layout_is_taken_as_by_every_widget(hub: ScriptedHub, comms: CommLedger) -> None:
    """A mapping or a Layout."""
    chat = Chat("c", hub_url="http://scripted", token="t", layout={"width": "50%"})
    assert chat.layout.width == "50%"
    chat.close()


def test_embedded_state_is_small_and_silent(chat: Chat) -> None:
    """A saved document never holds the browser part."""
    state = chat._get_embed_state()["state"]
    assert "display = 'none'" in state["_esm"]
    assert len(json.dumps(state)) < 2000


def test_refused_option_is_named_as_at_the_prompt(chat: Chat, hub: ScriptedHub) -> None:
    """And raised as the class that the prompt's own checks raise."""

    def refuse(*_: Any) -> None:
        raise HubException("max_tokens: must be a whole number from 1 to 32768")

    hub.answers["SendMessage"] = refuse
    for use in (lambda: chat.ask("q", max_tokens=-1).result(30), lambda: list(chat.stream("q"))):
        with pytest.raises(ValidationError, match=r"^max_tokens: must be a whole number"):
            use()
