"""Turns, batching and endings of generations, with a conversation that records."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import pytest

from conduit_widget.chat.answers.answer_options import AnswerOptions
from conduit_widget.chat.answers.generation_job import GenerationJob
from conduit_widget.chat.answers.generation_queue import GenerationQueue
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import ProviderError
from conduit_widget.providers.outcome import CANCELLED, GenerationOutcome
from conduit_widget.providers.provider import Chunk, Failover, GenerationRequest, Usage
from conduit_widget.types import ChatMessage, HistoryPage, StreamMetadata
from tests.support.providers.scripted_provider import ScriptedDirectory, ScriptedProvider, Step
from tests.support.waiting import eventually

SETTINGS = ChatSettings(checkpoint_interval=0.02, concurrent_generations=2, stop_timeout=0.05)


class RecordingConversation:
    """A conversation that keeps what an answer tells it; ``failure`` is raised by its store."""

    def __init__(self, conversation_id: str = "c", failure: Exception | None = None) -> None:
        self.conversation_id = conversation_id
        self.tokens: list[tuple[float, str, StreamMetadata]] = []
        self.finished: list[ChatMessage] = []
        self.checkpoints: list[StoredStream] = []
        self.turns: asyncio.Queue[bool] | None = None
        self._failure = failure

    @property
    def system_prompt(self) -> str | None:
        """Nothing was set."""
        return None

    @property
    def is_on_several_nodes(self) -> bool:
        """Where there is a list of turns."""
        return self.turns is not None

    def turn(self, _answer_seq: int) -> Coroutine[Any, Any, bool] | None:
        """It is an answer's turn now, unless there is a list of turns."""
        return None if self.turns is None else self._turn()

    async def _turn(self) -> bool:
        assert self.turns is not None
        return await self.turns.get()

    def stream(self, text: str, metadata: StreamMetadata) -> None:
        """Keep a token."""
        self.tokens.append((asyncio.get_running_loop().time(), text, metadata))

    async def ancestors(self, _message_id: str, _limit: int) -> HistoryPage:
        """Return one question."""
        asked = {"id": "q", "role": "user", "content": "?", "metadata": {"seq": 1}}
        return HistoryPage(messages=[asked], has_more=False)

    async def checkpoint(self, stream: StoredStream) -> None:
        """Keep or refuse a checkpoint."""
        if self._failure is not None:
            raise self._failure
        self.checkpoints.append(stream)

    async def finish_answer(self, message: ChatMessage, on_commit: Callable[[], None]) -> None:
        """Keep or refuse the final message."""
        if self._failure is not None:
            raise self._failure
        on_commit()
        self.finished.append(message)


class SlowRoom(RecordingConversation):
    """Its store keeps nothing until it is ``free``."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[str] = []
        self.free = asyncio.Event()

    async def checkpoint(self, stream: StoredStream) -> None:
        """Begin, and wait."""
        self.begun.append(stream.text)
        await self.free.wait()


def job(
    conversation: RecordingConversation,
    answer_id: str = "a",
    status: str = "streaming",
    author_id: str = "ann",
) -> GenerationJob:
    """An answer to write in that conversation."""
    answer = ChatMessage(id=answer_id, role="assistant", content="", metadata={"status": status})
    return GenerationJob(
        conversation=conversation, author_id=author_id, answer=answer, answer_seq=2, options=AnswerOptions()
    )


class Recorder:
    """Keeps what is reported of generations."""

    def __init__(self) -> None:
        self.begun = 0
        self.outcomes: list[GenerationOutcome] = []
        self.failovers: list[Failover] = []
        self.failed: list[GenerationOutcome | None] = []

    def failed_over(self, job: GenerationJob, failover: Failover, failed: GenerationOutcome | None) -> None:
        """Keep it."""
        self.failovers.append(failover)
        self.failed.append(failed)

    def began(self) -> None:
        """Count it."""
        self.begun += 1

    def ended(self, outcome: GenerationOutcome) -> None:
        """Keep it."""
        self.outcomes.append(outcome)


def queue_for(
    provider: Any, settings: ChatSettings = SETTINGS, observer: Recorder | None = None
) -> GenerationQueue:
    """A queue whose answers all come from that provider."""
    return GenerationQueue(ScriptedDirectory(provider), settings, observer or Recorder())


@pytest.mark.parametrize(
    ("script", "settings", "expected"),
    [
        (["a", "b"], {}, ("", "stop", None)),
        (
            ["a", ProviderError("no", type="rate_limit", code="slow_down")],
            {},
            ("rate_limit", None, "slow_down"),
        ),
        (["a", ValueError("bug")], {}, ("unexpected", None, None)),
        (["a" * 20, "b"], {"max_answer_bytes": 10}, ("cancelled", "length", None)),
    ],
)
async def test_generation_is_reported_once_when_its_provider_is_done(
    script: list[Step], settings: dict[str, Any], expected: tuple[str, str | None, str | None]
) -> None:
    """One outcome a generation says who answered, how fast, and how that ended."""
    conversation, seen = RecordingConversation(), Recorder()
    queue = queue_for(ScriptedProvider(script), dataclasses.replace(SETTINGS, **settings), seen)
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.finished)
    [outcome] = seen.outcomes
    assert (outcome.error_type, outcome.finish_reason, outcome.error and outcome.error.code) == expected
    assert (seen.begun, outcome.provider, outcome.attempts) == (1, "scripted", 1)
    assert 0 <= (outcome.time_to_first_token or 0) <= outcome.duration


async def test_provider_that_really_answered_is_named_everywhere() -> None:
    """A provider that stands for several says in its chunks which one it is: metadata and outcome have it."""
    conversation, seen = RecordingConversation(), Recorder()
    script = [Chunk("a", "m1", provider="first"), Chunk("b", "m2", provider="second")]
    queue = queue_for(ScriptedProvider(script, name="either"), observer=seen)
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.finished)
    [message], [outcome] = conversation.finished, seen.outcomes
    assert (message.metadata["provider"], outcome.provider, outcome.attempts) == ("second", "second", 2)
    assert [metadata.provider for _, text, metadata in conversation.tokens if text] == ["first", "second"]


async def test_stopped_generation_is_reported_as_cancelled_and_a_waiting_one_is_not() -> None:
    """Only what a provider was asked for is measured."""
    conversation, seen = RecordingConversation(), Recorder()
    queue = queue_for(ScriptedProvider(["half", asyncio.Event()]), observer=seen)
    queue.enqueue(job(conversation, "a"))
    queue.enqueue(job(conversation, "b"))
    await eventually(lambda: conversation.tokens)
    assert queue.cancel("b")
    assert queue.cancel("a")
    await eventually(lambda: not queue.busy)
    assert [outcome.error_type for outcome in seen.outcomes] == ["cancelled"]


async def test_first_token_is_at_once_and_others_are_batched() -> None:
    """The first token waits for nobody; then there is at most one delta per interval, none lost."""
    conversation = RecordingConversation()
    script = [step for n in range(100) for step in (f"{n} ", 0.001)]
    queue = queue_for(ScriptedProvider(script), dataclasses.replace(SETTINGS, batch_interval=0.03))
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.finished)
    first, *others = conversation.tokens
    assert first[1] == "0 "
    times = [at for at, _, _ in conversation.tokens[:-1]]
    # One may be told a little late, so that the next seems early; over all of them that makes no difference.
    assert len(times) - 1 <= (times[-1] - times[0]) / 0.03 + 1
    assert others
    assert "".join(text for _, text, _ in conversation.tokens) == conversation.finished[0].content
    assert [m.done for _, _, m in conversation.tokens] == [False] * (len(conversation.tokens) - 1) + [True]


async def test_slow_tokens_are_not_held_back() -> None:
    """A token that comes later than one interval after the last goes out at once."""
    conversation = RecordingConversation()
    gate = asyncio.Event()
    settings = dataclasses.replace(SETTINGS, batch_interval=0.02)
    queue = queue_for(ScriptedProvider(["a", 0.05, "b", gate]), settings)
    queue.enqueue(job(conversation))
    await eventually(lambda: len(conversation.tokens) == 2)
    assert [text for _, text, _ in conversation.tokens] == ["a", "b"]
    gate.set()
    await eventually(lambda: conversation.finished)


async def test_metrics_come_once_an_interval_and_with_the_end() -> None:
    """Metrics go with the first token, then at most once an interval, and with ``done``."""
    conversation = RecordingConversation()
    settings = dataclasses.replace(SETTINGS, batch_interval=0.001, metrics_interval=30.0)
    queue = queue_for(ScriptedProvider([step for _ in range(20) for step in ("x", 0.002)]), settings)
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.finished)
    with_metrics = [at for at, (_, _, m) in enumerate(conversation.tokens) if m.metrics is not None]
    assert with_metrics == [0, len(conversation.tokens) - 1]


async def test_text_is_checkpointed_when_tokens_pause() -> None:
    """The text so far is kept soon after it came, also when no more comes."""
    conversation = RecordingConversation()
    gate = asyncio.Event()
    queue = queue_for(ScriptedProvider(["a", 0.01, "b", gate, "c"]))
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.checkpoints and conversation.checkpoints[-1].text == "ab")
    assert conversation.checkpoints[-1].index == 2
    gate.set()
    await eventually(lambda: conversation.finished)


async def test_text_that_came_during_a_slow_checkpoint_is_checkpointed_too() -> None:
    """A store that takes longer than the interval loses nothing of what comes next, though no more comes."""
    conversation, slow, gate = SlowRoom(), asyncio.Event(), asyncio.Event()
    queue = queue_for(ScriptedProvider(["a", slow, "b", gate]))
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.begun == ["a"])
    slow.set()
    await eventually(lambda: len(conversation.tokens) == 2)
    await asyncio.sleep(3 * SETTINGS.checkpoint_interval)  # its turn comes while the store is still busy
    conversation.free.set()
    await eventually(lambda: conversation.begun == ["a", "ab"])
    gate.set()
    await eventually(lambda: conversation.finished)


async def test_conversations_share_a_bounded_number_of_generations() -> None:
    """So many run at a time over all conversations; the rest wait and are answered."""
    gate = asyncio.Event()
    provider = ScriptedProvider([gate, "x"])
    queue = queue_for(provider)
    rooms = [RecordingConversation(f"c{n}") for n in range(5)]
    for n, conversation in enumerate(rooms):
        queue.enqueue(job(conversation, f"a{n}"))
    await eventually(lambda: provider.running == 2)
    with queue.reserve("another", "ann") as place:
        assert place == "queued"
    gate.set()
    await eventually(lambda: all(conversation.finished for conversation in rooms))
    assert provider.most_running == 2
    with queue.reserve("another", "ann") as place:
        assert place == "streaming"


async def test_place_counts_reservations_when_commits_are_under_way() -> None:
    """Of two questions at once the second is queued, though neither is committed."""
    queue = queue_for(ScriptedProvider(["x"]))
    with (
        queue.reserve("c", "ann") as first,
        queue.reserve("c", "ann") as second,
        queue.reserve("d", "ann") as other,
    ):
        assert (first, second, other) == ("streaming", "queued", "streaming")


async def test_waiting_answer_ends_at_once_when_stopped() -> None:
    """Stop does not wait for a free slot, and the provider is never asked."""
    gate = asyncio.Event()
    provider = ScriptedProvider([gate, "x"])
    queue = queue_for(provider)
    idle: list[str] = []
    queue.on_idle = idle.append
    rooms = [RecordingConversation(f"c{n}") for n in range(3)]
    for n, conversation in enumerate(rooms):
        queue.enqueue(job(conversation, f"a{n}", "queued"))
    await eventually(lambda: provider.running == 2)
    waiting = queue.find("a2")
    assert waiting is not None
    queue.stop(waiting, "cancelled")
    await eventually(lambda: rooms[2].finished)
    assert rooms[2].finished[0].metadata["status"] == "cancelled"
    assert idle == ["c2"]
    gate.set()
    await eventually(lambda: rooms[0].finished and rooms[1].finished)
    assert len(provider.requests) == 2
    assert queue.find("a2") is None
    assert not queue.is_busy("c2")


class StubbornProvider(ScriptedProvider):
    """Ignores that it is told to end, until it is ``let_go``."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Say a word, then hold on to the connection for long after the caller has gone."""
        yield Chunk("word", "m")
        try:
            await asyncio.Event().wait()
        finally:
            await self.let_go.wait()


async def test_answer_ends_when_provider_does_not(caplog: pytest.LogCaptureFixture) -> None:
    """A provider that will not let go delays the end of a stopped answer only so long."""
    conversation, provider, recorder = RecordingConversation(), StubbornProvider(), Recorder()
    queue = queue_for(provider, observer=recorder)
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.tokens)
    generation = queue.find("a")
    assert generation is not None
    work = next(task for task in asyncio.all_tasks() if task.get_name() == "generation")
    queue.stop(generation, "cancelled")
    await eventually(lambda: conversation.finished)
    assert conversation.finished[0].content == "word"
    assert "did not end a stopped generation" in caplog.text
    assert not work.done()
    assert [outcome.error_type for outcome in recorder.outcomes] == [CANCELLED], "it counts as over"
    provider.let_go.set()
    await asyncio.wait({work})
    assert (recorder.begun, len(recorder.outcomes)) == (1, 1), "and that once"


async def test_queue_goes_on_when_store_fails(caplog: pytest.LogCaptureFixture) -> None:
    """An answer that cannot be stored is logged, without content, and the next one has its turn."""
    broken, fine = RecordingConversation(failure=OSError("secret on a full disk")), RecordingConversation()
    more = asyncio.Event()
    queue = queue_for(ScriptedProvider(["secret", more]))
    queue.enqueue(job(broken, "a1"))
    queue.enqueue(job(fine, "a2"))
    await eventually(lambda: "checkpoint of an answer failed" in caplog.text)
    more.set()
    await eventually(lambda: fine.finished)
    assert "could not be stored: OSError" in caplog.text
    assert "checkpoint of an answer failed" in caplog.text
    assert "secret" not in caplog.text


async def test_drain_interrupts_everything_and_later_jobs() -> None:
    """After drain nothing runs; what is asked later is interrupted at once."""
    conversation = RecordingConversation()
    provider = ScriptedProvider(["half", asyncio.Event()])
    queue = queue_for(provider)
    for n in range(3):
        queue.enqueue(job(conversation, f"a{n}"))
    await eventually(lambda: conversation.tokens)
    await queue.drain()
    assert [message.content for message in conversation.finished] == ["half", "", ""]
    assert {message.metadata["status"] for message in conversation.finished} == {"interrupted"}
    queue.enqueue(job(conversation, "late"))
    await eventually(lambda: len(conversation.finished) == 4)
    assert provider.closed_early == 1
    assert len(provider.requests) == 1


async def test_answer_waits_for_its_turn_without_a_slot() -> None:
    """An answer that waits for other nodes' answers keeps nobody else from being written."""
    waiting, other = RecordingConversation("waiting"), RecordingConversation("other")
    waiting.turns = asyncio.Queue()
    queue = queue_for(ScriptedProvider(["x"]), dataclasses.replace(SETTINGS, concurrent_generations=1))
    queue.enqueue(job(waiting))
    queue.enqueue(job(other, "b"))
    await eventually(lambda: other.finished)
    assert waiting.tokens == []
    waiting.turns.put_nowait(True)
    await eventually(lambda: waiting.finished)
    assert not queue.busy


async def test_answer_is_skipped_when_another_node_ended_it() -> None:
    """An answer whose turn never comes is not written, and the next one is."""
    conversation = RecordingConversation()
    conversation.turns = asyncio.Queue()
    idle: list[str] = []
    queue = queue_for(ScriptedProvider(["x"]))
    queue.on_idle = idle.append
    for answer_id in ("a", "b"):
        queue.enqueue(job(conversation, answer_id))
    conversation.turns.put_nowait(False)
    conversation.turns.put_nowait(True)
    await eventually(lambda: idle)
    assert [message.id for message in conversation.finished] == ["b"]
    assert {metadata.message_id for _, _, metadata in conversation.tokens} == {"b"}
    assert idle == ["c"]
    assert not queue.busy


@pytest.mark.parametrize("way", ["cancel", "drain"])
async def test_waiting_for_a_turn_ends_at_once(way: str) -> None:
    """A stopped answer, and one of a hub that ends, does not wait for its turn to be committed."""
    conversation = RecordingConversation()
    conversation.turns = asyncio.Queue()
    queue = queue_for(ScriptedProvider(["x"]))
    queue.enqueue(job(conversation))
    await asyncio.sleep(0)
    if way == "drain":
        await asyncio.wait_for(queue.drain(), 30)
    else:
        assert queue.cancel("a") is True
        await eventually(lambda: not queue.busy)
    [message] = conversation.finished
    assert message.metadata["status"] == {"drain": "interrupted", "cancel": "cancelled"}[way]
    assert queue.cancel("a") is False


async def test_superseded_answers_say_and_keep_nothing_more() -> None:
    """An answer that another node has ended stops without a word, running or waiting; the next follows."""
    conversation = RecordingConversation()
    provider = ScriptedProvider(["half", asyncio.Event()], ["next"])
    queue = queue_for(provider)
    for answer_id in ("a", "b", "c"):
        queue.enqueue(job(conversation, answer_id))
    await eventually(lambda: conversation.tokens)
    queue.supersede("b")
    queue.supersede("a")
    assert queue.open_streams("c") == []
    await eventually(lambda: not queue.busy)
    assert provider.closed_early == 1
    assert [message.id for message in conversation.finished] == ["c"]
    assert [text for _, text, metadata in conversation.tokens if metadata.message_id != "c"] == ["half"]
    queue.supersede("a")
    assert not queue.busy


async def test_model_is_what_the_provider_says_it_is() -> None:
    """Nobody writes a name over an answer by asking for it; the provider's own is short and plain."""
    wish = dataclasses.replace(
        job(conversation := RecordingConversation()), options=AnswerOptions(model="Ada (owner)")
    )
    named = Chunk("text", "fine\u202e-model\n" + "m" * 500_000)
    queue = queue_for(ScriptedProvider([ProviderError("no such model")], [named]))
    queue.enqueue(wish)
    await eventually(lambda: len(conversation.finished) == 1)
    assert "model" not in conversation.finished[0].metadata
    assert {metadata.model for _, _, metadata in conversation.tokens} == {""}
    queue.enqueue(dataclasses.replace(wish, answer=ChatMessage(id="b", role="assistant", content="")))
    await eventually(lambda: len(conversation.finished) == 2)
    model = next(metadata.model for _, text, metadata in conversation.tokens if text)
    assert model.startswith("fine-model mmm")
    assert len(model) == 128


async def test_count_that_is_none_is_left_out() -> None:
    """Numbers no hub protocol can write, or below nothing, are not counts of tokens."""
    conversation = RecordingConversation()
    scripts = [[Chunk("x", "m", "stop", Usage(*counts))] for counts in ((2**64, 1), (1, 10**30), (-1, 2))]
    queue = queue_for(ScriptedProvider(*scripts))
    for number in range(3):
        queue.enqueue(job(conversation, f"a{number}"))
    await eventually(lambda: len(conversation.finished) == 3)
    for message in conversation.finished:
        assert {"promptTokens", "tokensUsed"}.isdisjoint(message.metadata)
        assert message.metadata["completionTokens"] == 1


async def test_wait_for_a_limit_is_in_the_readers_clock_and_not_in_the_providers() -> None:
    """Who waited knows for how long; the provider that then began at once is not called slow."""
    conversation, seen = RecordingConversation(), Recorder()
    provider = ScriptedProvider([0.2, Chunk("", "", asked=True), "Hello"])
    queue = queue_for(provider, observer=seen)
    queue.enqueue(job(conversation))
    await eventually(lambda: conversation.finished)
    [outcome] = seen.outcomes
    assert outcome.time_to_first_token is not None
    readers = conversation.finished[0].metadata["timeToFirstToken"] / 1000
    assert readers - outcome.time_to_first_token >= 0.19
    assert outcome.flush_times is not None
    assert sum(outcome.flush_times.counts) == 1
    assert outcome.flush_times.mean is not None
    assert conversation.finished[0].metadata["flushTime"] == round(outcome.flush_times.mean * 1000, 3)


async def test_users_take_turns_in_a_conversation() -> None:
    """Who asks second waits for the answer being written, not for everything the first has asked."""
    conversation, gate = RecordingConversation(), asyncio.Event()
    queue = queue_for(ScriptedProvider([gate, "x"]))
    for number in range(5):
        queue.enqueue(job(conversation, f"ann{number}"))
    for number in range(2):
        queue.enqueue(job(conversation, f"bob{number}", author_id="bob"))
    gate.set()
    await eventually(lambda: len(conversation.finished) == 7)
    order = [message.id for message in conversation.finished]
    assert order == ["ann0", "bob0", "ann1", "bob1", "ann2", "ann3", "ann4"]


async def test_nobody_holds_the_model_from_the_others() -> None:
    """However many conversations one user asks in, another's question has the next slot there is."""
    settings = dataclasses.replace(SETTINGS, concurrent_generations=3, generations_per_user=2)
    gates = {f"a{n}": asyncio.Event() for n in range(10)} | {"b0": asyncio.Event(), "b1": asyncio.Event()}
    scripts: list[list[Step]] = [[gate, "x"] for gate in gates.values()]
    provider = ScriptedProvider(*scripts)
    queue = queue_for(provider, settings)
    rooms = {id_: RecordingConversation(id_) for id_ in gates}
    for id_ in list(gates)[:10]:
        queue.enqueue(job(rooms[id_], id_))
    await eventually(lambda: provider.running == 2)
    with queue.reserve("b0", "bob") as place:
        assert place == "streaming", "there is a slot one user alone does not get"
    with queue.reserve("mine", "ann") as place:
        assert place == "queued"
    for id_ in ("b0", "b1"):
        queue.enqueue(job(rooms[id_], id_, author_id="bob"))
    await eventually(lambda: provider.running == 3)
    for gate in gates.values():
        gate.set()
    await eventually(lambda: all(conversation.finished for conversation in rooms.values()))
    assert provider.most_running == 3


async def test_line_is_bounded_for_a_user_and_open_to_the_others() -> None:
    """One user's questions leave room in the line for everybody else's; a user's are bounded in all, too."""
    gate = asyncio.Event()
    settings = dataclasses.replace(SETTINGS, queued_generations=2, queued_generations_per_user=5)
    queue = queue_for(ScriptedProvider([gate, "x"]), settings)
    conversation, other = RecordingConversation(), RecordingConversation("d")
    for number in range(3):
        queue.enqueue(job(conversation, f"a{number}"))
    with queue.reserve("c", "ann") as mine, queue.reserve("c", "bob") as hers:
        assert (mine, hers) == ("full", "queued")
    for number in range(2):
        queue.enqueue(job(other, f"d{number}"))
    with queue.reserve("e", "ann") as elsewhere, queue.reserve("e", "bob") as hers:
        assert (elsewhere, hers) == ("full", "queued")
    gate.set()
    await eventually(lambda: len(conversation.finished) + len(other.finished) == 5)
    with queue.reserve("e", "ann") as place:
        assert place == "streaming"
