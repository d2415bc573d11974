"""``python -m tests.load long_conversation``: time to the first token along a conversation, local model.

A real hub, the real local model, one person who asks again and again; a line for every tenth question, with
those whose prompt was cut marked. Wall time in ms from the message to the first token at the asker. Goal: the
median of the last fifty questions is within twice that of the tenth to the fifteenth.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, ChatEvent
from conduit_widget.providers.local.server import LocalServer
from conduit_widget.providers.provider import Chunk, GenerationRequest, PromptMessage
from tests.support.chat.server import Person, chat_server
from tests.support.hub.server import token
from tests.support.providers.local_model import installed_model, local_model_at
from tests.support.waiting import eventually

GOAL: Final = 2.0
LONGEST: Final = 7200
QUESTION: Final = (
    "This is question {n} of a long afternoon in which we go through the measurements of last week one by"
    " one, compare them with what we had expected before, and note what is still to be done. What comes next?"
)


class _Watched(LocalServer):
    """The local model; keeps what it was asked last."""

    def __init__(self, model_path: Path) -> None:
        super().__init__(lambda: local_model_at(model_path))
        self.asked: list[PromptMessage] = []

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Note the prompt and answer it."""
        self.asked = request.messages
        async for chunk in super().generate(request):
            yield chunk


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``long_conversation``."""
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--answer-tokens", type=int, default=24)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code tells whether the goal was kept."""
    return asyncio.run(_measure(arguments.questions, arguments.answer_tokens))


def _has_begun(person: Person, answer_id: str) -> bool:
    """Whether the first token of an answer is there, or its end, where the model had nothing to say."""
    ended = any(message["id"] == answer_id for (message,) in person.of(ChatEvent.MESSAGE_UPDATED))
    return ended or bool(person.streamed(answer_id))


async def _measure(questions: int, answer_tokens: int) -> int:
    provider: Any = _Watched(installed_model())
    await provider.start()
    times: list[float] = []
    cut: list[int] = []
    before: list[PromptMessage] = []
    print(f"{'question':>8} {'first token ms':>14} {'prompt messages':>15}  prompt")
    with tempfile.TemporaryDirectory(prefix="conduit-long-") as folder:
        async with chat_server(Path(folder) / "history", provider) as server, AsyncExitStack() as stack:
            url, lasting = server.url + CHAT_HUB_PATH, token("ann", LONGEST)
            ann = Person(HubConnection(url, access_token=lasting, retry=None), "ann")
            await stack.enter_async_context(ann.connection)
            await ann.join()
            for number in range(1, questions + 1):
                began = time.perf_counter()
                parameters = {"maxTokens": answer_tokens, "seed": number}
                receipt = await ann.send(QUESTION.format(n=number), parameters=parameters)
                await eventually(functools.partial(_has_begun, ann, receipt["answerId"]), within=120)
                times.append((time.perf_counter() - began) * 1000)
                await ann.final(receipt["answerId"], within=120)
                is_cut = bool(before) and provider.asked[: len(before)] != before
                if is_cut:
                    cut.append(number)
                before = provider.asked
                ann.events = [event for event in ann.events if event[0] != ChatEvent.STREAM_TOKEN]
                if number % 10 == 0 or is_cut:
                    how = "cut back" if is_cut else "grown"
                    print(f"{number:>8} {times[-1]:>14.0f} {len(before):>15}  {how}", flush=True)
    await provider.aclose()
    early, late = statistics.median(times[9:15]), statistics.median(times[-50:])
    print(
        f"questions 10 to 15: {early:.0f} ms, the last fifty: {late:.0f} ms (median),"
        f" {max(times[-50:]):.0f} ms (most), goal {GOAL * early:.0f} ms;"
        f" the prompt was cut back {len(cut)} times"
    )
    return 0 if late <= GOAL * early else 1
