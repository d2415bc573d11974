"""A replay: what it plays, what it records, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.provider import (
    Chunk,
    GenerationParameters,
    GenerationRequest,
    PromptMessage,
    Usage,
)
from conduit_widget.providers.provider_config import Replay
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.providers.replay import recording
from conduit_widget.providers.replay.player import ReplayProvider
from tests.support.waiting import eventually


class Counting:
    """A model that numbers its answers."""

    name = "house"
    context_tokens: int | None = 2048

    def __init__(self) -> None:
        self.answers = 0
        self.says = "answer"

    async def generate(self, _request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        self.answers += 1
        yield Chunk("", "big-1", reasoning="Hm.")
        for text in (self.says, f" {self.answers}"):
            yield Chunk(text, "big-1")
        yield Chunk("", "big-1", "stop", Usage(3, 2))

    async def models(self) -> list[str]:
        return ["big-1"]

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


@pytest.fixture
def source() -> Counting:
    """Who is recorded."""
    return Counting()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The recording; not there yet."""
    return tmp_path / "new" / "answers.jsonl"


@pytest.fixture
def recorder(file: Path, source: Counting) -> ReplayProvider:
    """A replay that may ask."""
    replay = Replay(file=file, record_from="house", pace="instant")
    return ReplayProvider("tape", replay, source=lambda: source)


def player(file: Path) -> ReplayProvider:
    """A replay that plays only."""
    return ReplayProvider("tape", Replay(file=file, pace="instant"))


def question(text: str, **parameters: float) -> GenerationRequest:
    """One question of somebody."""
    return GenerationRequest(
        messages=[PromptMessage("user", text)],
        parameters=GenerationParameters(**parameters),  # type: ignore[arg-type]
    )


def lines(file: Path) -> list[str]:
    """What the file holds; nothing where there is none."""
    return file.read_text().splitlines() if file.exists() else []


async def ask(provider: ReplayProvider, text: str = "Why?", **parameters: float) -> str:
    """The answer's text."""
    async with aclosing(provider.generate(question(text, **parameters))) as chunks:
        return "".join([chunk.text async for chunk in chunks])


async def test_a_recorded_answer_is_played_and_says_that_it_is_one(
    recorder: ReplayProvider, file: Path
) -> None:
    """Text, reasoning, end and usage are those of the run; the model's name tells whose, and when."""
    assert await ask(recorder) == "answer 1"
    async with aclosing(player(file).generate(question("Why?"))) as playing:
        chunks = [chunk async for chunk in playing]
    assert [(chunk.text, chunk.reasoning) for chunk in chunks] == [
        ("", "Hm."), ("answer", ""), (" 1", ""), ("", ""),
    ]  # fmt: skip
    assert (chunks[-1].finish_reason, chunks[-1].usage) == ("stop", Usage(3, 2))
    recorded = chunks[-1].model
    assert recorded.startswith("big-1 (replay of 20")
    assert await player(file).models() == [recorded]


async def test_what_was_recorded_is_asked_of_nobody(
    recorder: ReplayProvider, source: Counting, file: Path
) -> None:
    """A second run of the same questions goes without the model; a new question alone goes to it."""
    await ask(recorder)
    again = ReplayProvider("tape", Replay(file=file, record_from="house"), source=lambda: source)
    assert await ask(again) == "answer 1"
    assert source.answers == 1
    assert await ask(again, "And now?") == "answer 2"
    assert len(lines(file)) == 3


async def test_a_full_recording_stays_readable(
    recorder: ReplayProvider, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What would make it too large to be read is answered, not written, and said."""
    await ask(recorder)
    monkeypatch.setattr(recording, "MAX_BYTES", len("\n".join(lines(file))) + 10)
    assert await ask(recorder, "And now?") == "answer 2"
    assert "An answer was not recorded: answers.jsonl: It would be larger than" in caplog.text
    assert await ask(player(file)) == "answer 1"


async def test_a_question_asked_twice_has_both_answers(recorder: ReplayProvider, file: Path) -> None:
    """Another answer to one question is recorded beside the first; played in turn, the last one stays."""
    assert [await ask(recorder), await ask(recorder)] == ["answer 1", "answer 2"]
    playing = player(file)
    assert [await ask(playing) for _ in range(3)] == ["answer 1", "answer 2", "answer 2"]


async def test_sampling_settings_are_part_of_the_question(recorder: ReplayProvider, file: Path) -> None:
    """The same words at another temperature are another question."""
    await ask(recorder, temperature=0.0)
    with pytest.raises(ProviderError, match="no answer to this question"):
        await ask(player(file), temperature=1.0)


async def test_an_unknown_question_is_refused_in_a_line_that_says_what_to_do(
    recorder: ReplayProvider, file: Path
) -> None:
    """No other provider is asked instead: the answer would be another one."""
    await ask(recorder)
    with pytest.raises(ProviderError) as refused:
        await ask(player(file), "Something else, secretly?")
    text = str(refused.value)
    assert "tape is a replay" in text
    assert "answers.jsonl" in text
    assert "--record" in text
    assert "secretly" not in text
    assert "\n" not in text
    assert failures.is_requests_fault(refused.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "does not exist"),
        ("", "is no recording"),
        ('{"cells": []}\n', "is no recording"),
        ('{"format": "conduit-replay", "version": 9}\n', "has version 9"),
        ('{"format": "conduit-replay", "version": 1}\n{"asked": 3}\n', "in line 2"),
    ],
)
async def test_a_file_that_cannot_be_played_is_named(tmp_path: Path, content: str | None, why: str) -> None:
    """Missing, foreign, newer or broken."""
    file = tmp_path / "answers.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ProviderError, match=why):
        await player(file).models()


async def test_an_answer_that_holds_a_key_is_not_written_down(
    file: Path, source: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither is a question: the file may be published. Both are passed on, and the log says no more."""
    words = ProviderWords([Secret("sk-abcdef123456")])
    recorder = ReplayProvider("tape", Replay(file=file), source=lambda: source, words=words)
    source.says = "it is sk-abcdef123456,"
    assert "sk-abc" in await ask(recorder)
    source.says = "fine"
    await ask(recorder, "Is sk-abcdef123456 mine?")
    await ask(recorder, "Hello?")
    assert "sk-abc" not in "".join(lines(file)) + caplog.text
    assert len(lines(file)) == 2


async def test_an_answer_left_in_its_middle_is_not_recorded(recorder: ReplayProvider, file: Path) -> None:
    """Only whole answers are worth playing."""
    answer = recorder.generate(question("Why?"))
    await anext(answer)
    await answer.aclose()
    assert not lines(file)


async def test_the_line_beside_the_provider_says_what_it_is(file: Path, source: Counting) -> None:
    """How many answers, whose, of when, and whether new ones are recorded."""
    notes: list[str] = []
    replay = Replay(file=file, record_from="house")
    recorder = ReplayProvider("tape", replay, source=lambda: source, on_note=notes.append)
    await ask(recorder)
    assert notes[-1].startswith("Replays a recorded answer of big-1, 20")
    assert notes[-1].endswith("; records new ones of house.")
    assert recorder.context_tokens == 2048
    playing = player(file)
    await playing.start()
    assert playing.context_tokens == 2048, "prompts are cut where they were"


async def test_answers_that_end_together_are_written_one_after_the_other(
    recorder: ReplayProvider, source: Counting, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file begins once, whatever threads write it."""
    append, all_answered, writing = recording.append, threading.Event(), 0

    def held(path: Path, take: recording.Take) -> None:
        nonlocal writing
        writing += 1
        assert all_answered.wait(30)
        assert writing == 1
        append(path, take)
        writing -= 1

    monkeypatch.setattr(recording, "append", held)
    asking = asyncio.gather(*(ask(recorder, f"Question {number}?") for number in range(8)))
    await eventually(lambda: source.answers == 8 and writing, what="all have answered")
    all_answered.set()
    await asking
    assert len(recording.read(file)) == 8
