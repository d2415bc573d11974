"""Two real models side by side: one is killed or stalls in mid-answer, the other ends the sentence."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from conduit_widget.contract import ChatEvent
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.provider_config import LOCAL_KIND, ProviderConfig, Timeouts
from tests.support.chat.server import ChatServer, Person, chat_server
from tests.support.providers.local_model import installed_model, second_model
from tests.support.waiting import eventually

STORY = "Tell me a long story about a dragon, with many chapters."
NAMES = ("near", "far")


class House:
    """A hub with two local models; ``children`` are their processes, by name."""

    def __init__(
        self, chat: ChatServer, directory: ProviderDirectory, children: dict[str, psutil.Process]
    ) -> None:
        self.chat = chat
        self.directory = directory
        self.children = children


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens a house; ``idle`` is how long a model may fall silent."""
    async with AsyncExitStack() as stack:

        async def open_with(idle: float) -> House:
            second = second_model(tmp_path)
            clocks = Timeouts(first_token=120, idle=idle, answer=None)
            configs = [
                ProviderConfig(name=name, kind=LOCAL_KIND, model=str(path), timeouts=clocks)
                for name, path in zip(NAMES, (installed_model(), second), strict=True)
            ]
            settings = ProviderSettings(
                configured=tuple(configs), detect=False, models_dir=installed_model().parent
            )
            directory = ProviderDirectory(settings)
            await directory.start()
            stack.push_async_callback(directory.aclose)
            children: dict[str, psutil.Process] = {}
            for name in NAMES:
                known = {child.pid for child in psutil.Process().children()}
                await directory.select(name).start()
                [children[name]] = [child for child in psutil.Process().children() if child.pid not in known]
            chat = await stack.enter_async_context(chat_server(tmp_path / "h.db", directory=directory))
            return House(chat, directory, children)

        yield open_with


async def begun(ann: Person) -> str:
    """Ask for a story and wait until some of it is there; return the answer's id."""
    await ann.join()
    parameters = {"maxTokens": 120, "temperature": 0.0, "seed": 1}
    answer_id: str = (await ann.send(STORY, parameters=parameters))["answerId"]
    await eventually(lambda: len(ann.streamed(answer_id)) > 60, what="the beginning")
    return answer_id


def check_seam(ann: Person, answer: dict[str, Any], reason: str) -> None:
    """Two parts that follow each other; the second goes on in the middle of the text, and is told of."""
    text, metadata = answer["content"], answer["metadata"]
    assert ann.streamed(answer["id"]) == text
    first, second = metadata["segments"]
    assert (first["provider"], first["outcome"], first["reason"]) == ("near", "failed", reason)
    assert (second["provider"], second["outcome"]) == ("far", "complete")
    assert (first["from"], first["to"], second["to"]) == (0, second["from"], len(text))
    assert first["to"] > 60
    assert second["to"] > second["from"]
    beginning = text[:40]
    assert text.count(beginning) == 1, "it did not begin again"
    ((notice,),) = ann.of(ChatEvent.PROVIDER_FAILOVER)
    assert (notice["from"]["provider"], notice["to"]["provider"]) == ("near", "far")
    assert notice["midStream"]


async def test_killed_model_is_followed_by_the_other_in_the_same_answer(
    open_house: Callable[..., Any],
) -> None:
    """``kill -9`` in the middle: the sentence goes on, and the seam is told where it is."""
    house = await open_house(idle=60.0)
    async with house.chat.person("ann") as ann:
        answer_id = await begun(ann)
        house.children["near"].send_signal(signal.SIGKILL)
        answer = await ann.final(answer_id, within=120)
        check_seam(ann, answer, "truncated")


async def test_stalled_model_is_followed_by_the_other_and_comes_back(open_house: Callable[..., Any]) -> None:
    """SIGSTOP in the middle, past the idle clock; after SIGCONT it answers again."""
    house = await open_house(idle=3.0)
    async with house.chat.person("ann") as ann:
        answer_id = await begun(ann)
        stalled = house.children["near"]
        os.kill(stalled.pid, signal.SIGSTOP)
        try:
            answer = await ann.final(answer_id, within=120)
        finally:
            os.kill(stalled.pid, signal.SIGCONT)
        check_seam(ann, answer, "idle_timeout")
        receipt = await ann.send("Say hello.", provider="near", parameters={"maxTokens": 5})
        again = await ann.final(receipt["answerId"], within=120)
        assert again["metadata"]["provider"] == "near"
        assert again["metadata"]["status"] == "complete"
        status = next(each for each in house.directory.statuses() if each.provider == "near")
        assert (status.state, status.breaker) == ("healthy", "closed")
