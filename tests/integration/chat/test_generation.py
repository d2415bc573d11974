"""Answers over real sockets: tokens equal the stored text; late joiners, stop, queue, errors, crash."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat import SqliteHistoryStore
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.contract import ChatEvent, ChatMethod, ErrorText
from conduit_widget.errors import HubException, ProviderError
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import Chunk, GenerationRequest, Usage
from tests.support.chat.server import FAST, chat_server
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

WORDS = [
    "Grüß",
    " dich",
    " 👋🏽",
    " e",
    "\u0301",
    "te",
    " 👨‍",
    "👩‍👧",
    " e\u0301",
    "\n```py\n",
    "x=1",
    "\n```",
    " 日本",
    "語",
]


def metrics_of(tokens: list[list[Any]]) -> list[dict[str, Any]]:
    """The metrics of the events that carry some."""
    return [metadata["metrics"] for _, _, metadata in tokens if "metrics" in metadata]


async def test_deltas_equal_stored_text_when_streamed(tmp_path: Path) -> None:
    """Every reader's concatenated deltas are the stored message, emoji and combining marks included."""
    script = [step for word in WORDS for step in (word, 0.004)]
    provider = ScriptedProvider(script, usage=Usage(prompt_tokens=9, completion_tokens=14))
    # On a machine that stands still for a moment, too, some words share a delta, and nobody is told twice.
    settings = dataclasses.replace(FAST, batch_interval=0.2, metrics_interval=60.0)
    async with (
        chat_server(tmp_path / "h.db", provider, settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        receipt = await ann.send("hello?")
        answer_id = receipt["answerId"]
        finals = [await person.final(answer_id) for person in (ann, bob)]
        text = "".join(WORDS)
        for person, final in zip((ann, bob), finals, strict=True):
            assert final["content"] == text
            assert person.streamed(answer_id) == text
            tokens = person.of(ChatEvent.STREAM_TOKEN)
            assert 1 < len(tokens) < len(WORDS)
            assert sum(metadata["count"] for _, _, metadata in tokens) == len(WORDS)
            assert [metadata.get("done", False) for _, _, metadata in tokens] == [
                *[False] * (len(tokens) - 1),
                True,
            ]
            assert {metadata["seq"] for _, _, metadata in tokens} == {2}
            assert person.log() == [1, 2, 3]
        [_, [placeholder]] = ann.of(ChatEvent.RECEIVE_MESSAGE)
        assert (placeholder["role"], placeholder["content"]) == ("assistant", "")
        assert placeholder["parentId"] == receipt["id"]
        assert placeholder["metadata"]["status"] == "streaming"
        metadata = finals[0]["metadata"]
        assert {key: metadata[key] for key in ("status", "finishReason", "model", "provider")} == {
            "status": "complete",
            "finishReason": "stop",
            "model": "script-1",
            "provider": "scripted",
        }
        assert (metadata["promptTokens"], metadata["completionTokens"], metadata["tokensUsed"]) == (9, 14, 23)
        assert metadata["tokensPerSecond"] > 0
        assert metadata["latency"] > metadata["timeToFirstToken"] > 0
        assert 0 <= metadata["flushTime"] < metadata["latency"]
        [first, last] = metrics_of(ann.of(ChatEvent.STREAM_TOKEN))
        assert first["timeToFirstToken"] == last["timeToFirstToken"] == metadata["timeToFirstToken"]
        assert (await bob.join())["messages"][1] == finals[0]


async def test_late_joiner_gets_text_so_far_when_answer_streams(tmp_path: Path) -> None:
    """Who joins or resumes in the middle has the text so far, and the later deltas continue it."""
    gates = [asyncio.Event(), asyncio.Event()]
    provider = ScriptedProvider(["one", " two", gates[0], " three", gates[1], " four"])
    async with (
        chat_server(tmp_path / "h.db", provider) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        epoch = (await ann.join())["epoch"]
        answer_id = (await ann.send())["answerId"]
        await eventually(lambda: ann.streamed(answer_id) == "one two")
        join = await bob.join()
        [stream] = join["streams"]
        assert (stream["messageId"], stream["seq"], stream["text"], stream["index"]) == (
            answer_id,
            2,
            "one two",
            2,
        )
        gates[0].set()
        await eventually(lambda: ann.streamed(answer_id) == "one two three")
        await eventually(lambda: bob.of(ChatEvent.STREAM_TOKEN))
        resumed = await bob.invoke(ChatMethod.RESUME_CONVERSATION, "c", epoch, 2)
        assert resumed["streams"][0]["text"] == "one two three"
        gates[1].set()
        final = await bob.final(answer_id)
        text = stream["text"]
        for _, token, metadata in bob.of(ChatEvent.STREAM_TOKEN):
            assert metadata["offset"] == len(text)
            text += token
        assert text == final["content"] == "one two three four"
        assert (await bob.join())["streams"] == []


async def test_snapshot_reaches_back_to_an_answer_when_it_streams(tmp_path: Path) -> None:
    """However much was said meanwhile, who joins has all since the answer being written began."""
    gate = asyncio.Event()
    async with (
        chat_server(tmp_path / "h.db", ScriptedProvider(["one", gate, " two"])) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        answer_id = (await ann.send())["answerId"]
        await eventually(lambda: ann.streamed(answer_id) == "one")
        for number in range(60):
            await ann.send(f"meanwhile {number}", respond=False)
        join = await bob.join()
        assert [message["metadata"]["seq"] for message in join["messages"]][-61:] == list(range(2, 63))
        gate.set()
        await bob.final(answer_id)
        assert len((await bob.join())["messages"]) == 50


async def test_answer_goes_on_when_nobody_reads(tmp_path: Path) -> None:
    """A generation ends and is stored though everybody has gone; who comes back finds all of it."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["to", " nobody", gate, " yet"])
    async with chat_server(tmp_path / "h.db", provider) as server:
        async with server.person("ann") as ann:
            epoch = (await ann.join())["epoch"]
            answer_id = (await ann.send())["answerId"]
        conversations = server.chat.chat_hub.conversations
        await eventually(lambda: provider.running == 1)
        gate.set()
        await eventually(lambda: len(conversations) == 0)
        async with server.person("ann") as ann:
            resumed = await ann.invoke(ChatMethod.RESUME_CONVERSATION, "c", epoch, 2)
            [event] = resumed["events"]
            assert event["target"] == ChatEvent.MESSAGE_UPDATED
            assert event["arguments"][0]["id"] == answer_id
            assert event["arguments"][0]["content"] == "to nobody yet"


async def test_partial_text_is_kept_when_stopped(tmp_path: Path) -> None:
    """Stop ends the provider's work; the text stays, marked cancelled; stopping again is harmless."""
    provider = ScriptedProvider(["some", " text", asyncio.Event()])
    async with (
        chat_server(tmp_path / "h.db", provider) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        answer_id = (await ann.send())["answerId"]
        await eventually(lambda: bob.streamed(answer_id) == "some text")
        assert await bob.invoke(ChatMethod.STOP_GENERATION, answer_id)
        final = await ann.final(answer_id)
        assert final["content"] == "some text"
        assert (final["metadata"]["status"], final["metadata"]["finishReason"]) == ("cancelled", "cancelled")
        assert (provider.closed_early, provider.running) == (1, 0)
        [_, _, last] = ann.of(ChatEvent.STREAM_TOKEN)[-1]
        assert last["done"]
        assert last["finishReason"] == "cancelled"
        assert await bob.invoke(ChatMethod.STOP_GENERATION, answer_id) is False
        assert await bob.invoke(ChatMethod.STOP_GENERATION, "never was") is False


async def test_answers_queue_visibly_when_questions_come_fast(tmp_path: Path) -> None:
    """One answer at a time; the others wait as 'queued' placeholders, each answered to its own question."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["first", gate], ["second"], ["third"])
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        receipts = [await ann.send(f"question {n}") for n in range(3)]
        ids = [receipt["answerId"] for receipt in receipts]
        answers = {
            message["id"]: message["metadata"]["status"]
            for (message,) in await ann.got(ChatEvent.RECEIVE_MESSAGE, 6)
            if message["role"] == "assistant"
        }
        assert answers == dict(zip(ids, ("streaming", "queued", "queued"), strict=True))
        assert await ann.invoke(ChatMethod.STOP_GENERATION, ids[1])
        cancelled = await ann.final(ids[1])
        assert (cancelled["content"], cancelled["metadata"]["status"]) == ("", "cancelled")
        assert len(provider.requests) == 1
        gate.set()
        assert (await ann.final(ids[0]))["content"] == "first"
        assert (await ann.final(ids[2]))["content"] == "second"
        assert provider.most_running == 1
        assert len({asked.cache_key for asked in provider.requests}) == 1
        asked = [message.content for message in provider.requests[1].messages if message.role == "user"]
        assert asked[-1] == "question 1\n\nquestion 2"
        said = [message.content for message in provider.requests[1].messages if message.role == "assistant"]
        assert said == ["first"]
        first_of_third = next(
            metadata for _, _, metadata in ann.of(ChatEvent.STREAM_TOKEN) if metadata["messageId"] == ids[2]
        )
        assert (first_of_third["count"], first_of_third["offset"]) == (0, 0)


async def test_question_is_kept_when_queue_is_full(tmp_path: Path) -> None:
    """Past the queue's limit a message is stored and its answer refused at once, visibly."""
    gate = asyncio.Event()
    provider = ScriptedProvider([gate, "ok"])
    settings = dataclasses.replace(FAST, queued_generations=1)
    async with (
        chat_server(tmp_path / "h.db", provider, settings=settings) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        for n in range(2):
            await ann.send(f"question {n}")
        refused_id = (await ann.send("too much"))["answerId"]
        received = await ann.got(ChatEvent.RECEIVE_MESSAGE, 6)
        refused = next(message for (message,) in received if message["id"] == refused_id)
        assert refused["metadata"]["status"] == "error"
        assert refused["error"]["type"] == "rate_limit"
        assert await server.chat.store.message("c", refused["parentId"]) is not None
        gate.set()
        await ann.got(ChatEvent.MESSAGE_UPDATED, 2)
        again = await ann.send("now")
        assert (await ann.final(again["answerId"]))["content"] == "ok"


@pytest.mark.parametrize("breaks", ["provider error", "bug", "unknown reason"])
async def test_error_is_shown_with_partial_text_when_provider_fails(
    tmp_path: Path, breaks: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A failed answer keeps its text and says why in one line; the next one is fine; no content is logged."""
    failure = ProviderError(
        "The provider stopped in the middle.",
        type="network_error",
        status_code=502,
        retry_after=3,
        suggestions=("Ask again.",),
    )
    error = {"provider error": failure, "bug": ValueError("secret words"), "unknown reason": None}[breaks]
    last = [error] if error is not None else [Chunk("", "m", "content_filter")]
    provider = ScriptedProvider(["secret", " part", *last], ["fine"])
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        final = await ann.final((await ann.send("secret question"))["answerId"])
        assert final["content"] == "secret part"
        if breaks == "unknown reason":
            assert final["metadata"]["status"] == "complete"
        else:
            assert (final["metadata"]["status"], final["metadata"]["finishReason"]) == ("error", "error")
        if breaks == "provider error":
            assert final["error"] == {
                "type": "network_error",
                "recoverable": True,
                "statusCode": 502,
                "retryAfter": 3.0,
                "suggestions": ["Ask again."],
                "message": "The provider stopped in the middle.",
            }
        if breaks == "bug":
            assert final["error"]["type"] == "server_error"
            assert "error ID" in final["error"]["message"]
            assert "ValueError" in caplog.text
        assert (await ann.final((await ann.send("next"))["answerId"]))["content"] == "fine"
        assert "secret" not in caplog.text


async def test_answer_says_what_to_do_when_there_is_no_model(tmp_path: Path) -> None:
    """With no provider the answer is an error that names the one command."""
    async with chat_server(tmp_path / "h.db", None) as server, server.person("ann") as ann:
        await ann.join()
        final = await ann.final((await ann.send())["answerId"])
        assert final["error"]["type"] == "model_not_found"
        assert "conduit-widget model install" in final["error"]["message"]
        assert final["metadata"]["status"] == "error"


async def test_answer_ends_when_it_reaches_its_limit(tmp_path: Path) -> None:
    """An endless answer is cut at its limit, with finish reason 'length', and the provider is ended."""
    provider = ScriptedProvider(["0123456789"] * 1000)
    settings = dataclasses.replace(FAST, max_answer_bytes=100)
    async with (
        chat_server(tmp_path / "h.db", provider, settings=settings) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        final = await ann.final((await ann.send())["answerId"])
        assert final["content"] == "0123456789" * 10
        assert final["metadata"]["finishReason"] == "length"
        assert provider.closed_early == 1


async def test_unfinished_answer_is_interrupted_when_hub_comes_back_after_crash(tmp_path: Path) -> None:
    """After a crash an answer has the text of its last checkpoint and says that it was interrupted."""
    path = tmp_path / "h.db"
    provider = ScriptedProvider(["kept", " text", asyncio.Event()])
    settings = dataclasses.replace(FAST, checkpoint_interval=0.02)
    async with chat_server(path, provider, settings=settings) as server, server.person("ann") as ann:
        join = await ann.join()
        receipt = await ann.send()

        async def checkpointed() -> bool:
            streams = await server.chat.store.open_streams()
            return [stream.text for stream in streams] == ["kept text"]

        await eventually(checkpointed)
        # What is on disk now is what a killed hub leaves behind.
        with sqlite3.connect(path) as source, sqlite3.connect(tmp_path / "crashed.db") as copy:
            source.backup(copy)
        source.close()
        copy.close()
    async with chat_server(tmp_path / "crashed.db", provider) as server, server.person("ann") as ann:
        resumed = await ann.invoke(ChatMethod.RESUME_CONVERSATION, "c", join["epoch"], 2)
        assert resumed["recovered"]
        [event] = resumed["events"]
        assert (event["seq"], event["target"]) == (3, ChatEvent.MESSAGE_UPDATED)
        message = event["arguments"][0]
        assert message["id"] == receipt["answerId"]
        assert message["content"] == "kept text"
        assert message["metadata"]["status"] == message["metadata"]["finishReason"] == "interrupted"
        assert resumed.get("streams", []) == []
        assert (await ann.send("go on"))["seq"] == 4


async def test_drain_interrupts_with_text_kept_when_hub_stops(tmp_path: Path) -> None:
    """A hub that stops commits and sends every answer's text so far; questions after that are kept."""
    provider = ScriptedProvider(["half", asyncio.Event()])
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        running, waiting = [(await ann.send())["answerId"] for _ in range(2)]
        await eventually(lambda: ann.streamed(running) == "half")
        await server.chat.drain()
        final = await ann.final(running)
        assert (final["content"], final["metadata"]["status"]) == ("half", "interrupted")
        assert (await ann.final(waiting))["metadata"]["status"] == "interrupted"
        late = await ann.send("late")
        assert (await ann.final(late["answerId"]))["metadata"]["status"] == "interrupted"
        assert len(provider.requests) == 1
        assert provider.running == 0
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    assert await store.open_streams() == list[StoredStream]()
    await store.aclose()


async def test_model_answers_only_when_asked_to(tmp_path: Path) -> None:
    """``mention`` answers @assistant, a named model or respond=true; respond=false silences ``always``."""
    provider = ScriptedProvider(["yes"])
    mention = dataclasses.replace(FAST, assistant="mention")
    async with (
        chat_server(tmp_path / "h.db", provider, settings=mention) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        assert "answerId" not in await ann.send("just us")
        assert "answerId" not in await ann.send("mail me: ann@assistant.example")
        for text, metadata in (
            ("@Assistant, hello", {}),
            ("ask @script-1", {}),
            ("hello", {"respond": True}),
            ("hello", {"model": "script-1"}),
        ):
            receipt = await ann.send(text, **metadata)
            await ann.final(receipt["answerId"])
        assert "answerId" not in await ann.send("@assistant", respond=False)
    async with chat_server(tmp_path / "i.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        assert "answerId" not in await ann.send("psst", respond=False)


async def test_options_reach_provider_when_sent(tmp_path: Path) -> None:
    """Model, provider and parameters of a message are the request's."""
    provider = ScriptedProvider(["yes"])
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        parameters = {
            "temperature": 0,
            "topP": 0.5,
            "maxTokens": 7,
            "stop": "END",
            "seed": 3,
            "systemPrompt": "Rhyme.",
        }
        receipt = await ann.send("hi", model="script-1", provider="scripted", parameters=parameters)
        await ann.final(receipt["answerId"])
        assert server.directory.selected[-1] == ("scripted", "script-1")
        [request] = provider.requests
        assert request.model == "script-1"
        chosen = request.parameters
        assert (chosen.temperature, chosen.top_p, chosen.max_tokens, chosen.stop, chosen.seed) == (
            0.0,
            0.5,
            7,
            ["END"],
            3,
        )
        assert [(message.role, message.content) for message in request.messages] == [
            ("system", "Rhyme."),
            ("user", "hi"),
        ]


async def test_prompt_is_of_one_branch_when_a_message_continues_an_older_one(tmp_path: Path) -> None:
    """Who continues an older message gets an answer to that branch: no text of a sibling is in the prompt."""
    provider = ScriptedProvider(["one"], ["two"], ["three"])
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        answers = []
        for text in ("first", "second"):
            answers.append((await ann.send(text))["answerId"])
            await ann.final(answers[-1])
        message = {"id": "again", "role": "user", "content": "instead", "parentId": answers[0]}
        receipt = await ann.invoke(ChatMethod.SEND_MESSAGE, "c", message)
        final = await ann.final(receipt["answerId"])
        assert final["parentId"] == "again"
        said = [message.content for message in provider.requests[-1].messages if message.role != "system"]
        assert said == ["first", "one", "instead"]
        assert await server.chat.store.children("c", answers[0]) == [
            server_message["id"]
            for server_message in (await ann.join())["messages"]
            if server_message["content"] in {"second", "instead"}
        ]
        with pytest.raises(HubException, match="parentId"):
            await ann.invoke(ChatMethod.SEND_MESSAGE, "c", {**message, "id": "lost", "parentId": "nowhere"})


async def test_only_asker_or_owner_stops_when_members_only(tmp_path: Path) -> None:
    """In a members' conversation another member may not stop an answer; who asked and an owner may."""
    provider = ScriptedProvider(["x", asyncio.Event()])
    settings = dataclasses.replace(FAST, visibility="members")
    async with (
        chat_server(tmp_path / "h.db", provider, settings=settings) as server,
        server.person("owner") as owner,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("eve") as eve,
    ):
        await owner.join()
        for user_id in ("ann", "bob"):
            await server.chat.store.set_role("c", user_id, "member")
        await ann.join()
        await bob.join()
        for stopper in (ann, owner):
            answer_id = (await ann.send())["answerId"]
            with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                await bob.invoke(ChatMethod.STOP_GENERATION, answer_id)
            assert await eve.invoke(ChatMethod.STOP_GENERATION, answer_id) is False, "as if it never was"
            assert await stopper.invoke(ChatMethod.STOP_GENERATION, answer_id)
            await ann.final(answer_id)


def thought(text: str) -> Chunk:
    """A chunk of reasoning."""
    return Chunk("", "script-1", reasoning=text)


async def test_reasoning_reaches_everybody_and_no_answer(tmp_path: Path) -> None:
    """It streams with an offset of its own, a late joiner has it, the next prompt does not."""
    gate = asyncio.Event()
    provider = ScriptedProvider([thought("Hm, "), thought("😀"), gate, thought("!"), "Yes."], ["Again."])
    async with (
        chat_server(tmp_path / "h.db", provider) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        answer_id = (await ann.send("Is it?"))["answerId"]
        await eventually(lambda: reasoning_of(ann.of(ChatEvent.STREAM_TOKEN)) == "Hm, 😀")
        [stream] = (await bob.join())["streams"]
        assert (stream["text"], stream["reasoning"]) == ("", "Hm, 😀")
        gate.set()
        final = await ann.final(answer_id)
        assert (final["content"], final["metadata"]["reasoning"]) == ("Yes.", "Hm, 😀!")
        assert final["metadata"]["reasoningTime"] > 0
        assert final["metadata"]["status"] == "complete"
        assert reasoning_of(ann.of(ChatEvent.STREAM_TOKEN)) == "Hm, 😀!"
        texts = [token for _, token, metadata in ann.of(ChatEvent.STREAM_TOKEN) if "kind" not in metadata]
        assert "".join(texts) == "Yes."
        await ann.final((await ann.send("And now?"))["answerId"])
    assert "Hm" not in repr(provider.requests[-1])


async def test_reasoning_is_bounded_and_costs_no_answer(tmp_path: Path) -> None:
    """What is thought past the limit is left out; the answer is whole."""
    settings = dataclasses.replace(FAST, max_answer_bytes=100)
    script: list[Any] = [*[thought("x" * 60)] * 50, "Yes."]
    async with (
        chat_server(tmp_path / "h.db", ScriptedProvider(script), settings=settings) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        final = await ann.final((await ann.send())["answerId"])
    assert final["content"] == "Yes."
    assert 100 <= len(final["metadata"]["reasoning"]) <= 160


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([Chunk("", "script-1", "stop")], "no_text"),
        ([thought("Hm"), Chunk("", "script-1", "length")], "length"),
        ([Chunk("", "script-1", "tool_calls")], "tool_calls"),
        ([" \n", Chunk("", "script-1", "content_filter")], "content_filter"),
    ],
)
async def test_answer_without_text_says_why(tmp_path: Path, script: list[Any], code: str) -> None:
    """Everybody reads one line in place of an answer that is none."""
    async with (
        chat_server(tmp_path / "h.db", OnlyTheScript(script)) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        final = await ann.final((await ann.send())["answerId"])
    assert (final["metadata"]["status"], final["error"]["code"]) == ("error", code)
    assert final["error"]["message"]


async def test_odd_end_is_said_under_the_answer(tmp_path: Path) -> None:
    """The text stays, the provider's word and a sentence stand beside it."""
    async with (
        chat_server(
            tmp_path / "h.db", OnlyTheScript(["Yes", Chunk("", "script-1", "content_filter")])
        ) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        final = await ann.final((await ann.send())["answerId"])
    metadata = final["metadata"]
    assert (final["content"], metadata["status"], metadata["finishReason"]) == ("Yes", "complete", "stop")
    assert metadata["providerFinishReason"] == "content_filter"
    assert "content filter" in metadata["notice"]


def reasoning_of(tokens: list[list[Any]]) -> str:
    """The reasoning of these events; fails where one does not continue the last."""
    text = ""
    for _, token, metadata in tokens:
        if metadata.get("kind") == "reasoning":
            assert metadata["offset"] == len(text)
            text += token
    return text


class OnlyTheScript(ScriptedProvider):
    """Ends with the script's own last chunk."""

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Leave out the end that the script has already."""
        async with contextlib.aclosing(super().generate(request)) as chunks:
            async for chunk in chunks:
                yield chunk
                if chunk.finish_reason is not None:
                    return


async def test_stop_hangs_up_on_a_server_that_loads_its_model(tmp_path: Path) -> None:
    """Nothing has come yet, and may not for minutes: Stop ends the server's work at once."""

    async def loading(request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        await reply.raw(b": loading\n\n")
        await request.closed.wait()

    async with RawHttpServer(loading) as model_server:
        provider = OpenAICompatible("acme", model_server.base_url, model="m")
        async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
            await ann.join()
            answer_id = (await ann.send())["answerId"]
            await eventually(lambda: model_server.requests)
            await ann.invoke(ChatMethod.STOP_GENERATION, answer_id)
            final = await ann.final(answer_id)
            assert final["metadata"]["status"] == "cancelled"
            await asyncio.wait_for(model_server.requests[0].closed.wait(), 30)
        await provider.aclose()
